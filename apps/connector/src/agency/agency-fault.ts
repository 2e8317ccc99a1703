import type { WhyCode } from '#access';

/** Why a call brought no answer; `sent` is false only if the agency cannot have seen anything of it. */
export interface AgencyFailure {
  readonly why: WhyCode;
  readonly sent: boolean;
}

/** Nothing of the request can have reached the agency. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG',
]);
/** There was an answer, and it is none that can be passed on. */
const NO_HTTP = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);
const TIMED_OUT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** What a failed call means, from the codes of undici, opossum and the operating system. */
export function failureOf(cause: unknown): AgencyFailure {
  const code = property(cause, 'code');
  const name = property(cause, 'name');
  if (code === 'EOPENBREAKER' || code === 'ESHUTDOWN') return { why: 'breaker-open', sent: false };
  if (NOT_SENT.has(code)) return { why: 'agency-unreachable', sent: false };
  if (name === 'TimeoutError' || TIMED_OUT.has(code)) return { why: 'agency-timeout', sent: true };
  if (code.startsWith('HPE_') || NO_HTTP.has(code) || name === 'HTTPParserError')
    return { why: 'agency-invalid-answer', sent: true };
  return { why: 'agency-unreachable', sent: true };
}

/**
 * What is stated of a failed call. Once an unsafe call may have reached the agency, nobody here knows whether it took
 * effect, and saying "unreachable" would invite a second one.
 */
export function statedReason(failure: AgencyFailure, unsafe: boolean): WhyCode {
  const isUnknown = failure.why === 'agency-timeout' || failure.why === 'agency-unreachable';
  return unsafe && failure.sent && isUnknown ? 'outcome-unknown' : failure.why;
}

function property(value: unknown, name: string): string {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'string' ? found : '';
}
