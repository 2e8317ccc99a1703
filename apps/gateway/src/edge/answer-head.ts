import { encodeIdentifier } from '../consumer-auth/client-identifier.js';
import type { AnsweredExchange, ExchangeRequest, HeaderField } from '../exchange/exchange.js';
import { limitHeaders } from '../limits/limit-headers.js';
import { filterAnswerHeaders } from './header-rules.js';

const HTTP_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const HTTP_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The five headers that X-Road adds to every answer, lower-case as its code emits them (`exchange.md` §2.3). */
export function xRoadHeaders(
  request: Pick<ExchangeRequest, 'consumer' | 'target' | 'xRoadId' | 'xRoadRequestId'>,
  requestHash: string,
): HeaderField[] {
  return [
    { name: 'x-road-id', value: request.xRoadId },
    { name: 'x-road-client', value: encodeIdentifier(request.consumer) },
    { name: 'x-road-service', value: encodeIdentifier(request.target.service) },
    { name: 'x-road-request-id', value: request.xRoadRequestId },
    { name: 'x-road-request-hash', value: requestHash },
  ];
}

/** Where an exchange's evidence is found. */
export function exchangeHeaders(exchangeId: string): HeaderField[] {
  return [
    { name: 'Kerege-Exchange-Id', value: exchangeId },
    { name: 'Link', value: `</v1/exchanges/${exchangeId}/evidence>; rel="evidence"` },
  ];
}

/** The provider's headers, then ours. What HTTP cannot carry is left out rather than breaking the whole answer. */
export function answerHeaders(request: ExchangeRequest, answer: AnsweredExchange): HeaderField[] {
  return [
    ...filterAnswerHeaders(answer.headers).filter(({ name, value }) => HTTP_NAME.test(name) && HTTP_VALUE.test(value)),
    ...xRoadHeaders(request, answer.requestHash),
    ...exchangeHeaders(answer.exchangeId),
    ...limitHeaders(answer.limits),
  ];
}
