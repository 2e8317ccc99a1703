import { AppError, type ErrorKind } from '#kernel';

const CODE = /^[a-z][a-z0-9-]{0,63}$/;
const MOST_TEXT = 1_000;
const MOST_LISTED = 50;
/** Members of feedback's problem documents that say more than the code. */
const PASSED = ['refusal', 'sentence', 'hint', 'correctionId', 'owners', 'problem', 'problems', 'profile'] as const;
const KINDS: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  401: 'refused',
  403: 'refused',
  404: 'not-found',
  409: 'conflict',
  413: 'invalid',
  429: 'unavailable',
  503: 'unavailable',
};

/**
 * Feedback's "no" as whoever asked through this gateway is told it: with feedback's own code, status, reason and hint.
 * Undefined where the answer is none of its problem documents, or says that feedback itself is broken.
 */
export function refusalOf(status: number, body: unknown): AppError | undefined {
  const kind = KINDS[status];
  if (kind === undefined || typeof body !== 'object' || body === null) return undefined;
  const { code, detail, next, ...rest } = body as Readonly<Record<string, unknown>>;
  if (typeof code !== 'string' || !CODE.test(code) || !isText(detail) || !isText(next)) return undefined;
  const extensions = Object.fromEntries(
    PASSED.filter((name) => isPlain(rest[name])).map((name) => [name, rest[name]] as const),
  );
  return new AppError(code, { kind, message: detail, next, status }, { extensions });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_TEXT;
}

function isPlain(value: unknown): boolean {
  return isText(value) || (Array.isArray(value) && value.length <= MOST_LISTED && value.every(isText));
}
