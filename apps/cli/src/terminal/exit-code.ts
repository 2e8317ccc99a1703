import { AppError } from '#kernel';

/** What scripts can rely on. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, unavailable: 3 } as const;

/** Exit code of a command that ended with this. */
export function exitCodeOf(cause: unknown): number {
  if (cause instanceof AppError && cause.kind === 'unavailable') return exitCodes.unavailable;
  return cause instanceof AppError ? exitCodes.refused : exitCodes.unavailable;
}
