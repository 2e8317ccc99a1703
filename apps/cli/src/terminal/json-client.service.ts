import { cliErrors } from '../cli.errors.js';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

const TIMEOUT_MS = 30_000;

/** One HTTP request with a time-out; who does not answer is told by address. */
export async function ask(url: string, init: RequestInit = {}): Promise<HttpAnswer> {
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
    return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
  } catch (cause) {
    throw cliErrors.error('server-unreachable', { cause, extensions: { address: addressOf(url) } });
  }
}

/** What a server says about its own error, in one line. */
export function problemText({ status, body }: HttpAnswer): string {
  const problem = parseJson(body);
  const texts = ['code', 'type', 'detail', 'message', 'next'].flatMap((name) => {
    const value: unknown = typeof problem === 'object' && problem !== null ? Reflect.get(problem, name) : undefined;
    return typeof value === 'string' && !value.startsWith('urn:') ? [value] : [];
  });
  return [`HTTP ${status}`, ...texts].join(' · ');
}

export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // Not JSON: the caller says what it expected.
    return undefined;
  }
}

function addressOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'no address';
}
