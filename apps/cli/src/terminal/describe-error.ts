import { AppError } from '#kernel';

/** An error as its reader needs it: what, the particulars, what to do next. */
export function describeError(cause: unknown): { headline: string; particulars: string[]; next: string } {
  if (!(cause instanceof AppError))
    return {
      headline: 'unexpected: Something went wrong inside the command.',
      particulars: cause instanceof Error ? [cause.message] : [],
      next: 'Run it again; if it stays, report it with this output.',
    };
  return { headline: `${cause.code}: ${cause.message}`, particulars: particularsOf(cause), next: cause.entry.next };
}

function particularsOf({ extensions }: AppError): string[] {
  return Object.entries(extensions).flatMap(([name, value]) => {
    if (Array.isArray(value)) return value.map(String);
    return [name === 'problem' ? String(value) : `${name}: ${String(value)}`];
  });
}
