import { formatTraceparent, parseTraceparent } from '#platform';
import type { ExchangeRequest } from './exchange.js';

/** The caller's trace, joined if it is well-formed: nothing else of the request may stand in a Kafka header. */
export function callersTrace({ headers }: ExchangeRequest): string | undefined {
  const value = headers.find(({ name }) => name.toLowerCase() === 'traceparent')?.value;
  const context = parseTraceparent(value);
  // Written anew: versions to come may carry more than ids.
  return context === undefined ? undefined : formatTraceparent(context);
}
