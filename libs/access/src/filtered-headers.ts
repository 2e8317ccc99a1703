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
