/**
 * Hop-by-hop and connection headers, removed in both directions: exactly the set of `exchange.md` §2.4, in lower case.
 * Each side adds what is its own matter.
 */
export const FILTERED_HEADERS: readonly string[] = [
  'transfer-encoding',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'connection',
  'user-agent',
  'host',
  'content-length',
  'server',
  'expect',
];

/**
 * What a provider's answer loses: also the headers that the gateway makes for its consumer, which would stand twice or
 * lie. `X-Road-Service` stands in no list of X-Road's code, and therefore twice in its answers.
 */
export const FILTERED_FROM_ANSWERS: readonly string[] = [
  ...FILTERED_HEADERS,
  'x-road-id',
  'x-road-client',
  'x-road-service',
  'x-road-request-id',
  'x-road-request-hash',
];

/** Fields that `Connection` names, in lower case: they are for the next hop alone (RFC 9110 §7.6.1). */
export function nominatedHeaders(headers: readonly { readonly name: string; readonly value: string }[]): Set<string> {
  return new Set(
    headers
      .filter(({ name }) => name.toLowerCase() === 'connection')
      .flatMap(({ value }) => value.split(','))
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== '' && name !== 'close' && name !== 'keep-alive'),
  );
}

const NEEDED = /^(?:x-road-.*|kerege-.*|content-.*|idempotency-key|authorization|accept|cookie|host|date|traceparent)$/;

/**
 * Whether a caller declares something to be for this hop alone by which its call is judged or read. What was judged must be
 * what goes on: such a call is refused and not repaired.
 */
export function nominatesNeeded(headers: readonly { readonly name: string; readonly value: string }[]): boolean {
  return [...nominatedHeaders(headers)].some((name) => NEEDED.test(name) || name === 'transfer-encoding');
}
