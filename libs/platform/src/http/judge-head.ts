/** Why a request is refused before anybody has asked what it wants. */
export type WireReason =
  /** Two readers may find another end, host or sender in it, or it is no HTTP. */
  'malformed' | 'method-unknown' | 'headers-too-large' | 'url-too-long' | 'too-large' | 'expectation-unknown' | 'late';

/** The head of a request as it stood on the wire. */
export interface WireHead {
  readonly url?: string | undefined;
  readonly httpVersion: string;
  /** Name, value, name, value. */
  readonly rawHeaders: readonly string[];
}

/** Which of two counts is for each reader to choose, so they stand once. */
const SINGLE = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'authorization',
  'expect',
  'x-forwarded-host',
]);
/** A name, an IPv4 address or a bracketed IPv6 one, and a port. No user, path, space or percent sign. */
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const LENGTH = /^\d{1,15}$/;

/**
 * Judges what Node's parser lets through and what servers and proxies read differently: framing, host, doubled fields,
 * and the bounds. `isLenient`: targets in other forms, and
 * several `Authorization`s (one for a gateway, one for an agency), are for the app to judge.
 */
export function judgeHead(
  head: WireHead,
  limits: { readonly httpMaxHeaders: number; readonly httpMaxUrlBytes: number },
  isLenient = false,
): WireReason | undefined {
  const { url = '' } = head;
  if (url.length > limits.httpMaxUrlBytes) return 'url-too-long';
  if (head.rawHeaders.length / 2 > limits.httpMaxHeaders) return 'headers-too-large';
  if (!isLenient && !url.startsWith('/')) return 'malformed';
  return isAmbiguous(head, isLenient) ? 'malformed' : undefined;
}

function isAmbiguous({ rawHeaders, httpVersion }: WireHead, isLenient: boolean): boolean {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return true;
  const singles = singleFields(rawHeaders, isLenient);
  if (singles === undefined) return true;
  const host = singles.get('host');
  if (host === undefined ? httpVersion === '1.1' : !HOST.test(host)) return true;
  const [coding, length] = [singles.get('transfer-encoding'), singles.get('content-length')];
  if (length !== undefined && !LENGTH.test(length)) return true;
  if (coding === undefined) return false;
  // A coding that a proxy in between does not know, or one of HTTP/1.0, is where requests get smuggled.
  return length !== undefined || coding.toLowerCase() !== 'chunked' || httpVersion !== '1.1';
}

/** The fields that may stand once; undefined if one stands twice. */
function singleFields(rawHeaders: readonly string[], isLenient: boolean): Map<string, string> | undefined {
  const found = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!SINGLE.has(name) || (isLenient && name === 'authorization')) continue;
    if (found.has(name)) return undefined;
    found.set(name, rawHeaders[index + 1] ?? '');
  }
  return found;
}
