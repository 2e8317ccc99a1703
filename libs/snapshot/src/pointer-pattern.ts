/**
 * A place in a JSON document whose exact shape only the answer tells: a JSON pointer (RFC 6901) in which the token `*`
 * stands for every element of an array and for every key of an object. Where a closer place is, that counts.
 */
export const POINTER_PATTERN = /^(?:\/(?:[^~/]|~[01])*)*$/;
export const MAX_POINTER_LENGTH = 1_024;
export const WILDCARD = '*';

/** The tokens of a pointer or pattern, unescaped; undefined if it is none, or too long to be one. */
export function tokensOf(pointer: string): readonly string[] | undefined {
  if (pointer.length > MAX_POINTER_LENGTH || !POINTER_PATTERN.test(pointer)) return undefined;
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function pointerOf(tokens: readonly string[]): string {
  return tokens.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Whether the value at `pointer` is what stands at the pattern, or lies within it. */
export function covers(pattern: readonly string[], pointer: readonly string[]): boolean {
  return (
    pattern.length <= pointer.length && pattern.every((token, index) => token === WILDCARD || token === pointer[index])
  );
}

/**
 * Of two patterns that cover one pointer the closer: the deeper, else the one that names a token where the other does
 * not, from the left. Negative if the first is closer; 0 only for equal patterns.
 */
export function byCloseness(one: readonly string[], other: readonly string[]): number {
  if (one.length !== other.length) return other.length - one.length;
  const index = one.findIndex((token, at) => token !== other[at]);
  return index === -1 ? 0 : one[index] === WILDCARD ? 1 : -1;
}

const INDEX = /^(?:0|[1-9][0-9]*)$/;

/** Whether a document has any value, also `null`, at the pattern. */
export function isAnythingAt(document: unknown, pattern: readonly string[]): boolean {
  const [token, ...deeper] = pattern;
  if (token === undefined) return document !== undefined;
  if (typeof document !== 'object' || document === null) return false;
  if (token === WILDCARD) return Object.values(document).some((inner) => isAnythingAt(inner, deeper));
  if (Array.isArray(document)) return INDEX.test(token) && isAnythingAt(document[Number(token)], deeper);
  return Object.hasOwn(document, token) && isAnythingAt((document as Record<string, unknown>)[token], deeper);
}
