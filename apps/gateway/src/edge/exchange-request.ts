import { randomUUID } from 'node:crypto';
import type { Target } from '#access';
import type { SubsystemId } from '#kernel';
import type { ExchangeContext, ExchangeRequest, HeaderField } from '../exchange/exchange.js';
import { filterRequestHeaders, lastValue } from './header-rules.js';

/** A call after authentication and parsing, before its body was looked at by anybody. */
export interface ParsedCall {
  readonly consumer: SubsystemId;
  readonly method: string;
  readonly target: Target;
  /** As they arrived, unfiltered. */
  readonly headers: readonly HeaderField[];
  readonly context: ExchangeContext;
  readonly body: Buffer;
  readonly receivedAtMs: number;
}

/** Filters the headers and makes the two ids of a call (`exchange.md` §2.3, §2.4). */
export function exchangeRequestOf(call: ParsedCall): ExchangeRequest {
  const given = lastValue(call.headers, 'x-road-id');
  return {
    consumer: call.consumer,
    method: call.method,
    target: call.target,
    headers: filterRequestHeaders(call.headers),
    body: call.body,
    xRoadId: given ?? `${call.target.instance}-${randomUUID()}`,
    generatedXRoadId: given === undefined,
    xRoadRequestId: randomUUID(),
    context: call.context,
    receivedAtMs: call.receivedAtMs,
  };
}
