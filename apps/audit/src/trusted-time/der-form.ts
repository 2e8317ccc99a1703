const BOOLEAN = 1;
const INTEGER = 2;
const NULL = 5;
const SEQUENCE = 16;
const SET = 17;
const CONSTRUCTED = 0x20;
const TAG = 0x1f;
const CLASS = 0xc0;
const LONG_LENGTH = 0x80;
/** More octets of length than any token has; also what 32-bit arithmetic holds. */
const MAX_LENGTH_OCTETS = 3;
const MAX_DEPTH = 32;

/**
 * Whether these bytes are one value in DER (X.690 §10–11) as far as its spelling goes: definite and shortest lengths,
 * shortest integers, structures and strings each in their one form, nothing behind. Parsers take more than that, and
 * whatever they take beyond it could be changed in a stored token without anybody noticing.
 */
export function isStrictDer(bytes: Uint8Array): boolean {
  return valueEnd(bytes, 0, bytes.length, 0) === bytes.length;
}

/** Where the value at `start` ends, or undefined if it is not strict or does not fit. */
function valueEnd(bytes: Uint8Array, start: number, limit: number, depth: number): number | undefined {
  const tag = bytes[start];
  const body = tag === undefined || depth > MAX_DEPTH ? undefined : bodyOf(bytes, start + 1, limit);
  // A tag of 31 says that the number follows: nothing here has so many alternatives.
  if (tag === undefined || body === undefined || (tag & TAG) === TAG) return undefined;
  const isConstructed = (tag & CONSTRUCTED) !== 0;
  if ((tag & CLASS) === 0 && !isUniversal(tag & TAG, isConstructed, bytes.subarray(body.start, body.end)))
    return undefined;
  if (!isConstructed) return body.end;
  let at: number | undefined = body.start;
  while (at !== undefined && at < body.end) at = valueEnd(bytes, at, body.end, depth + 1);
  return at === body.end ? at : undefined;
}

function bodyOf(bytes: Uint8Array, at: number, limit: number): { start: number; end: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  const count = first < LONG_LENGTH ? 0 : first - LONG_LENGTH;
  const octets = bytes.subarray(at + 1, at + 1 + count);
  if (count > MAX_LENGTH_OCTETS || octets.length < count || (first === LONG_LENGTH && count === 0)) return undefined;
  const length = count === 0 ? first : octets.reduce((sum, octet) => sum * 256 + octet, 0);
  if (count > 0 && (octets[0] === 0 || length < LONG_LENGTH)) return undefined;
  const start = at + 1 + count;
  return start + length <= limit ? { start, end: start + length } : undefined;
}

function isUniversal(number: number, isConstructed: boolean, content: Uint8Array): boolean {
  if (isConstructed !== (number === SEQUENCE || number === SET)) return false;
  if (number === NULL) return content.length === 0;
  if (number === BOOLEAN) return content.length === 1 && (content[0] === 0 || content[0] === 0xff);
  return number !== INTEGER || isShortest(content);
}

function isShortest([first, second]: Uint8Array): boolean {
  if (first === undefined || second === undefined) return first !== undefined;
  return !(first === 0 && second < 0x80) && !(first === 0xff && second >= 0x80);
}
