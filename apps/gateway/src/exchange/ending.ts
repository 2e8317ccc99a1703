import { isUnsafeMethod } from '#access';
import { AppError, sha512, toBase64, toBase64Url, type ExchangeId } from '#kernel';
import { sequelOf, type FailedPayload, type RequestedPayload, type Statement } from '#signing';
import type { Missing } from './awaited.js';
import type { Candidate, CandidateReason } from './candidate.js';
import type { ExchangeOutcome, Side, UnansweredExchange } from './exchange.js';
import type { RowOutcome } from './row.js';

/** Why the gateway itself ends an exchange: the `why` and `side` of its `failed` (`bus.md` §4.8). */
export interface Failure {
  readonly code: FailureCode;
  readonly side: Side;
}

export type FailureCode =
  | 'provider-unreachable'
  | 'no-receipt'
  | 'stamp-refused'
  | 'bus-unavailable'
  | 'outcome-unknown'
  | 'gateway-lost'
  | 'gateway-closing'
  | 'receipt-conflict'
  | CandidateReason;

/** What was missing at the deadline, as the client is told it. */
export function failureAtDeadline(missing: Missing, rejection: CandidateReason | undefined, method: string): Failure {
  switch (missing) {
    case 'answer-receipt':
      // The agency has answered, so it was called: whoever repeats a change makes it twice.
      return { code: isUnsafeMethod(method) ? 'outcome-unknown' : 'no-receipt', side: 'bus' };
    case 'request-receipt':
      return { code: 'no-receipt', side: 'bus' };
    case 'request-refused':
      return { code: 'stamp-refused', side: 'bus' };
    case 'receipt-conflict':
      return { code: 'receipt-conflict', side: 'bus' };
    case 'answer':
      return { code: 'provider-unreachable', side: 'provider' };
    case 'valid-answer':
      return { code: rejection ?? 'provider-unreachable', side: 'provider' };
  }
}

/** A record that condemns the exchange, whatever comes later. */
export function failureOf(reason: CandidateReason): Failure {
  return { code: reason, side: 'provider' };
}

/** With these the bus says no before it tries. */
const NEVER_SENT: ReadonlySet<string> = new Set(['bus-overloaded', 'bus-closed']);

/**
 * The bus did not take the exchange. A send that was tried may have stored the request all the same, and then the agency
 * is called: nobody may be told to repeat a call that changes something.
 */
export function failureOfSend(cause: unknown, method: string): Failure {
  const isUntried = cause instanceof AppError && NEVER_SENT.has(cause.code);
  return { code: isUnsafeMethod(method) && !isUntried ? 'outcome-unknown' : 'bus-unavailable', side: 'bus' };
}

/** Payload of the gateway's `failed`, a sequel of that very request. */
export function failedPayload(requested: Statement<RequestedPayload>, failure: Failure, nowMs: number): FailedPayload {
  return { ...sequelOf(requested, nowMs), t: 'exchange.failed', why: failure.code, side: failure.side };
}

/** The outcome that a provider's statement claims, as the row keeps it. */
export function rowOutcome(candidate: Candidate, nowMs: number): RowOutcome {
  const { statement, content } = candidate;
  const { t, why, side } = statement.payload;
  const by = 'provider';
  if (t === 'exchange.answered' && content !== undefined) {
    const headers = content.headers.map(({ name, value }) => [name, value] as const);
    const answerHead = { status: content.status, headers, bodySha512: toBase64Url(sha512(content.body)) };
    return { kind: 'answered', jws: statement.jws, by, answerHead, endedMs: nowMs };
  }
  const kind = t === 'exchange.refused' ? 'refused' : 'failed';
  return { kind, code: why, side: side ?? 'provider', jws: statement.jws, by, endedMs: nowMs };
}

/** What the consumer is told of a released candidate. */
export function told(id: ExchangeId, candidate: Candidate, requestHash: Buffer): ExchangeOutcome {
  const { statement, content } = candidate;
  if (content !== undefined)
    return {
      kind: 'answered',
      exchangeId: id,
      ...content,
      requestHash: toBase64(requestHash),
      answeredAtMs: statement.payload.ts,
    };
  const { t, why = 'unknown', side = 'provider' } = statement.payload;
  return {
    kind: t === 'exchange.refused' ? 'refused' : 'failed',
    exchangeId: id,
    code: why,
    side,
    decidedBy: 'connector',
  };
}

/** How an exchange that another call asks for has ended: 409 with its id and outcome (`bus.md` §4.1). */
export function endedElsewhere(id: ExchangeId, outcome: RowOutcome): UnansweredExchange {
  const detail = outcome.code === undefined ? outcome.kind : `${outcome.kind}: ${outcome.code}`;
  return { kind: 'refused', exchangeId: id, code: 'exchange-ended', side: 'consumer', decidedBy: 'gateway', detail };
}

/** No outcome is claimed, because the row that should hold it could not be written (`bus.md` §4.8). */
export function outcomePending(id: ExchangeId): UnansweredExchange {
  return { kind: 'failed', exchangeId: id, code: 'outcome-pending', side: 'bus', decidedBy: 'gateway', retryAfterS: 5 };
}
