import { FILTERED_FROM_ANSWERS, FILTERED_HEADERS, nominatedHeaders } from '#access';

/**
 * Never an agency's business: the hash is made anew, the key and the assertion are the consumer's own affair. What the
 * consumer put there itself is left out even where the agency is to see who acts.
 */
const NOT_FOR_AGENCIES = new Set([
  ...FILTERED_HEADERS,
  'x-road-request-hash',
  'x-road-client',
  'idempotency-key',
  'kerege-end-user',
  'kerege-concealment',
]);
/** The connector says by its own flags which data are disputed. */
const NOT_FROM_AGENCIES = new Set([...FILTERED_FROM_ANSWERS, 'kerege-disputed']);

export interface HeaderText {
  readonly name: string;
  readonly value: string;
}

/**
 * What the agency's system receives, as undici wants it: name, value, name, value. The signed headers less the filtered
 * ones (a gateway should have filtered; it is not trusted to), one `X-Road-Client` that is who signed, and on unsafe
 * calls the exchange id as `Idempotency-Key` (`bus.md` §4.5).
 */
export function requestHeaders(
  signed: readonly HeaderText[],
  call: {
    readonly client: string;
    readonly exchangeId: string;
    readonly unsafe: boolean;
    /** As the connector has judged it; for systems that check by themselves who acts. */
    readonly assertion?: string | undefined;
    /** By which such a system knows the connector; then nothing that the consumer says of itself there reaches it. */
    readonly token?: string | undefined;
  },
): string[] {
  const headers: string[] = [];
  const nominated = nominatedHeaders(signed);
  for (const { name, value } of signed) {
    const isOurs = call.token !== undefined && name.toLowerCase() === 'authorization';
    if (isOurs || nominated.has(name.toLowerCase())) continue;
    if (!NOT_FOR_AGENCIES.has(name.toLowerCase())) headers.push(name, value);
  }
  headers.push('X-Road-Client', call.client.split('/').map(encodeURIComponent).join('/'));
  if (!signed.some(({ name }) => name.toLowerCase() === 'x-road-id')) headers.push('X-Road-Id', call.exchangeId);
  if (!signed.some(({ name }) => name.toLowerCase() === 'x-road-request-id'))
    headers.push('x-road-request-id', call.exchangeId);
  if (call.unsafe) headers.push('Idempotency-Key', call.exchangeId);
  if (call.assertion !== undefined) headers.push('Kerege-End-User', call.assertion);
  if (call.token !== undefined) headers.push('Authorization', `Bearer ${call.token}`);
  return headers;
}

/** An answer's headers in the agency's order and spelling, less the filtered ones. */
export function answerHeaders(raw: readonly (readonly [name: string, value: string])[]): HeaderText[] {
  const headers = raw.map(([name, value]) => ({ name, value }));
  const nominated = nominatedHeaders(headers);
  return headers.filter(({ name }) => !NOT_FROM_AGENCIES.has(name.toLowerCase()) && !nominated.has(name.toLowerCase()));
}

/** Base path + raw service path + raw query; a slash doubled at the join is collapsed (`exchange.md` §2.2). */
export function agencyPath(basePath: string, path: string, query: string | undefined): string {
  const base = basePath.endsWith('/') ? basePath.slice(0, -1) : basePath;
  const joined = path === '' ? basePath : `${base}${path}`;
  const whole = joined === '' ? '/' : joined;
  return query === undefined ? whole : `${whole}?${query}`;
}
