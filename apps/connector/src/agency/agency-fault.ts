import type { WhyCode } from '#access';

/** Why a call brought no answer; `sent` is false only if the agency cannot have seen anything of it. */
export interface AgencyFailure {
  readonly why: WhyCode;
  readonly sent: boolean;
}

/** Nothing of the request can have reached the agency. */
export const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG',
]);
/**
 * TLS did not come about because one end did not believe the other. With TLS 1.3 a server's refusal of our certificate
 * comes when we have begun to write; it decrypts nothing of that before.
 */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'agency-server-untrusted',
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN',
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR',
  'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED',
]);
/** There was an answer, and it is none that can be passed on. */
const NO_HTTP = new Set(['UND_ERR_HEADERS_OVERFLOW', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);
const TIMED_OUT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** What a failed call means, from the codes of undici, opossum and the operating system. */
export function failureOf(cause: unknown): AgencyFailure {
  const code = codeOf(cause);
  const name = property(cause, 'name');
  if (code === 'EOPENBREAKER' || code === 'ESHUTDOWN') return { why: 'breaker-open', sent: false };
  if (UNTRUSTED.has(code)) return { why: 'agency-untrusted', sent: false };
  if (code === 'agency-handshake-failed') return handshakeFailure(cause);
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

/** Some hung up in the middle of TLS; all else that TLS says of itself is about who believes whom. */
function handshakeFailure(failure: unknown): AgencyFailure {
  const cause: unknown = failure instanceof Error ? failure.cause : undefined;
  const isTls = /^(ERR_SSL|ERR_TLS|EPROTO)/.test(codeOf(cause));
  return { why: isTls ? 'agency-untrusted' : 'agency-unreachable', sent: false };
}

/** The code of an error of the system or a library; empty: none. */
export function codeOf(cause: unknown): string {
  return property(cause, 'code');
}

function property(value: unknown, name: string): string {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'string' ? found : '';
}
