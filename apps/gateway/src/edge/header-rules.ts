import { FILTERED_FROM_ANSWERS, FILTERED_HEADERS, nominatedHeaders } from '#access';
import { isAccessTokenField } from '../consumer-auth/access-token.js';
import type { HeaderField } from '../exchange/exchange.js';

/** Ours to make, never the caller's; then native headers that `exchange.md` §1 does not mark →. */
const FROM_REQUESTS = new Set([
  ...FILTERED_HEADERS,
  'x-road-request-id',
  'x-road-request-hash',
  'kerege-end-user',
  'idempotency-key',
  'kerege-concealment',
]);

/** Beyond §2.4's own list: an `X-Road-Error` or exchange id of a provider would pass for ours. */
const FROM_ANSWERS = new Set([...FILTERED_FROM_ANSWERS, 'x-road-error', 'kerege-exchange-id']);

/** Of these only the last counts (§2.3), so only the last goes on: an agency that reads the first sees the same. */
const LAST_WINS = new Set(['x-road-client', 'x-road-id']);

/**
 * What goes on to the provider, in arrival order. `Authorization` is the agency's as it is, but for a token that opens the
 * gateways of the bus: whoever saw it could call as this consumer for as long as it lives.
 */
export function filterRequestHeaders(headers: readonly HeaderField[]): HeaderField[] {
  const nominated = nominatedHeaders(headers);
  return headers.filter((header, index) => {
    const name = header.name.toLowerCase();
    if (FROM_REQUESTS.has(name) || nominated.has(name) || isAccessTokenField(header)) return false;
    if (!LAST_WINS.has(name)) return true;
    return header.value.trim() !== '' && !headers.slice(index + 1).some((later) => later.name.toLowerCase() === name);
  });
}

/** What of a provider's headers a consumer sees; the connector has filtered already, this is our own word on it. */
export function filterAnswerHeaders(headers: readonly HeaderField[]): HeaderField[] {
  const nominated = nominatedHeaders(headers);
  return headers.filter(({ name }) => !FROM_ANSWERS.has(name.toLowerCase()) && !nominated.has(name.toLowerCase()));
}

/** The last value of a header, or undefined if it stands nowhere or is empty. */
export function lastValue(headers: readonly HeaderField[], name: string): string | undefined {
  const value = headers.findLast((header) => header.name.toLowerCase() === name)?.value.trim();
  return value === '' ? undefined : value;
}
