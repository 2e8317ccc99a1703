import type { Target } from '#access';
import type { ContractProblem } from '#contract-check';
import type { ExchangeId, SubsystemId } from '#kernel';
import type { TypedSubject } from '#signing';
import type { LimitReading } from '../limits/limit-headers.js';

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** Why a consumer asks, and under which conditions: the native headers of `exchange.md` §1, parsed by the edge. */
export interface ExchangeContext {
  /** `Kerege-Subject`; must agree with the service's own subject rule where there is one. */
  readonly subject?: TypedSubject;
  readonly purpose?: string;
  readonly legalBasis?: string;
  /** `Kerege-End-User`: the assertion as it came, not looked at yet. */
  readonly endUser?: string;
  /** `Kerege-Deadline`: how long the caller will wait, milliseconds. */
  readonly deadlineMs?: number;
  readonly idempotencyKey?: string;
  /** `Kerege-Concealment`: leaf hash, base64url, of the countersigned `access.concealment`. Whether it counts feedback says. */
  readonly concealment?: string;
}

/** A call of an authenticated consumer, parsed and filtered by the edge; nothing in it is decided yet. */
export interface ExchangeRequest {
  readonly consumer: SubsystemId;
  readonly method: string;
  readonly target: Target;
  /** In arrival order, filtered by `exchange.md` §2.4, without native headers that are not marked →. */
  readonly headers: readonly HeaderField[];
  readonly body: Buffer;
  /** The caller's `X-Road-Id`, or the one that the edge generated; it stands in `headers` only if the caller sent it. */
  readonly xRoadId: string;
  readonly generatedXRoadId: boolean;
  /** UUIDv4 made by the edge for this call. */
  readonly xRoadRequestId: string;
  readonly context: ExchangeContext;
  readonly receivedAtMs: number;
}

/** Which side an outcome is laid at (`statements.md` §1, `side`). */
export type Side = 'consumer' | 'bus' | 'provider' | 'provider-system' | 'unknown';

/** The provider's answer, released: both receipts checked, its row committed. */
export interface AnsweredExchange {
  readonly kind: 'answered';
  readonly exchangeId: ExchangeId;
  readonly status: number;
  /** As the connector filtered them; the edge only appends. */
  readonly headers: readonly HeaderField[];
  readonly body: Buffer;
  /** `X-Road-Request-Hash` (`exchange.md` §2.5), standard base64. */
  readonly requestHash: string;
  /** When the provider says that it answered: `ts` of its statement. */
  readonly answeredAtMs: number;
  /** How the agreement's limits stand. */
  readonly limits?: readonly LimitReading[];
}

/**
 * `refused`: somebody with the right to decide said no. `failed`: no answer came of it.
 * `code` is a reason of `libs/access/src/outcome.ts`, of `#access`'s decision or of `exchange.errors.ts`.
 */
export interface UnansweredExchange {
  readonly kind: 'refused' | 'failed';
  /** Absent where nothing was stated and nothing was sent. */
  readonly exchangeId?: ExchangeId;
  readonly code: string;
  readonly side: Side;
  /** Picks X-Road's fault prefix: `clientproxy` for the gateway, `serverproxy` for the connector (`exchange.md` §1). */
  readonly decidedBy: 'gateway' | 'connector';
  readonly retryAfterS?: number;
  /** How the agreement's limits stand, where it is known which agreement it is. */
  readonly limits?: readonly LimitReading[];
  /** For a 422: places and rules of the service's document, never values. */
  readonly problems?: readonly ContractProblem[];
  /** For a 409: how the exchange that the idempotency key names has ended. Never personal data. */
  readonly detail?: string;
}

export type ExchangeOutcome = AnsweredExchange | UnansweredExchange;

/**
 * The seam between the edge (HTTP in, `exchange.md`) and the exchange itself. Never rejects for anything that a caller
 * or a peer did: that is an outcome. Resolves by the exchange's deadline plus one round trip to the database.
 */
export abstract class Exchanges {
  /** `begun` is told the id of an exchange that is about to be sent, for callers that may not wait for its outcome. */
  abstract perform(request: ExchangeRequest, begun?: (id: ExchangeId) => void): Promise<ExchangeOutcome>;
}

/**
 * The headers that `req` covers and `RequestContent` carries, exactly and in this order (`statements.md` §4): the
 * filtered ones as they arrived, then the generated `X-Road-Id` if there was none, then `x-road-request-id`.
 */
export function signedHeaders(request: ExchangeRequest): HeaderField[] {
  const generated = request.generatedXRoadId ? [{ name: 'X-Road-Id', value: request.xRoadId }] : [];
  return [...request.headers, ...generated, { name: 'x-road-request-id', value: request.xRoadRequestId }];
}
