import { isUnsafeMethod } from '#access';
import { decode, RequestSchema, type Request } from '#contracts';
import {
  exchangeIdFromBytes,
  ok,
  parseServiceId,
  parseSubsystemId,
  refuse,
  toHex,
  type ExchangeId,
  type Result,
  type ServiceId,
  type SubsystemId,
} from '#kernel';
import { parseStatement, verifyStatement, type RequestedPayload, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';
import type { DeadReason } from './dispatch.errors.js';

/** A request as it lies on the topic: outside consistent, nothing verified or opened yet. */
export interface Envelope {
  readonly exchangeId: ExchangeId;
  readonly requested: Statement<RequestedPayload>;
  /** Hex of the requested leaf; the identity under which work on it is joined and kept. */
  readonly leafKey: string;
  readonly consumer: SubsystemId;
  readonly provider: SubsystemId;
  readonly service: ServiceId;
  readonly request: Request;
  readonly deadlineMs: number;
}

/** First step of `bus.md` §4.3: decode, and what stands outside equals what was signed. */
export function readEnvelope(value: Uint8Array, provider: SubsystemId): Result<Envelope, DeadReason> {
  const request = decodeRequest(value);
  if (request === undefined) return refuse('request-malformed');
  const exchangeId = exchangeIdFromBytes(request.exchangeId);
  if (exchangeId === undefined) return refuse('request-malformed');
  const parsed = parseStatement(request.statement);
  if (!parsed.ok) return refuse('statement-invalid');
  const { payload } = parsed.value;
  if (payload.t !== 'exchange.requested') return refuse('statement-invalid');
  const requested: Statement<RequestedPayload> = { ...parsed.value, payload };
  const consumer = parseSubsystemId(payload.from);
  const service = parseServiceId(payload.svc);
  if (!consumer.ok || !service.ok) return refuse('statement-invalid');
  if (payload.id !== exchangeId || BigInt(payload.snap) !== request.snapshot || payload.to !== provider)
    return refuse('envelope-mismatch');
  return ok({
    exchangeId,
    requested,
    leafKey: toHex(requested.leafHash),
    consumer: consumer.value,
    provider,
    service: service.value,
    request,
    deadlineMs: Number(request.deadlineMs),
  });
}

/** Whether this snapshot is new enough to judge the envelope: its number, and the key that the statement names. */
export function canJudge(view: RegistryView, envelope: Envelope): boolean {
  return (
    view.number >= envelope.requested.payload.snap &&
    view.keyOf(envelope.consumer, envelope.requested.kid) !== undefined
  );
}

/** Signature by a key that is the consumer's own and valid at `atMs`. */
export function checkSignature(view: RegistryView, envelope: Envelope, atMs: number): Result<true, DeadReason> {
  const { consumer, requested } = envelope;
  const key = view.keyOf(consumer, requested.kid);
  if (key?.use !== 'sign' || atMs < key.fromMs || atMs >= key.untilMs) return refuse('signer-unknown');
  return verifyStatement(requested, key.jwk) ? ok(true) : refuse('signature-wrong');
}

/** A listener that is a gateway serving that consumer: otherwise anybody could have answers sent where they like. */
export function checkListener(view: RegistryView, { consumer, request }: Envelope): Result<true, DeadReason> {
  const gateway = view.gatewayOfReplyTopic(request.replyTopic);
  return gateway?.serves.includes(consumer) === true ? ok(true) : refuse('reply-topic-foreign');
}

/** POST, PUT, PATCH, DELETE change things: they go through the journal (`bus.md` §4.5). Read from the signed endpoint. */
export function isUnsafe(envelope: Envelope): boolean {
  return isUnsafeMethod(envelope.requested.payload.ep.split(' ', 1)[0] ?? '');
}

const MAX_CLOCK_DISTANCE_MS = 5 * 60_000;
/** For a service that the registry copy does not know: long enough to refuse. */
const UNKNOWN_SERVICE_MS = 10_000;

/** min(deadline, `ts` + the service's time-out): a consumer cannot stretch its deadline beyond the service's own. */
export function effectiveDeadlineMs(view: RegistryView | undefined, envelope: Envelope): number {
  const timeoutMs = view?.service(envelope.service)?.timeoutMs ?? UNKNOWN_SERVICE_MS;
  return Math.min(envelope.deadlineMs, envelope.requested.payload.ts + timeoutMs);
}

/** When a request met us and the broker. */
export interface Meeting {
  readonly nowMs: number;
  /** The broker's time of the record (`LogAppendTime`). */
  readonly recordMs: number;
}

/**
 * A request that is far from our clock is late if it was new to the broker: then it waited on the topic. One that was old
 * to the broker too was made by a wrong clock or is sent again, and one from our future says that a clock is wrong, its
 * consumer's or ours (ADR 0011).
 */
export function timeliness(
  envelope: Envelope,
  deadlineMs: number,
  { nowMs, recordMs }: Meeting,
): 'in-time' | 'expired' | 'clock-apart' {
  const { ts } = envelope.requested.payload;
  const isOldToAll = nowMs - ts > MAX_CLOCK_DISTANCE_MS && Math.abs(recordMs - ts) > MAX_CLOCK_DISTANCE_MS;
  if (isOldToAll || ts - nowMs > MAX_CLOCK_DISTANCE_MS) return 'clock-apart';
  return nowMs >= deadlineMs ? 'expired' : 'in-time';
}

function decodeRequest(value: Uint8Array): Request | undefined {
  try {
    const request = decode(RequestSchema, value);
    const isDeadline = request.deadlineMs >= 0n && request.deadlineMs <= BigInt(Number.MAX_SAFE_INTEGER);
    return isDeadline && request.content !== undefined ? request : undefined;
  } catch {
    // Bytes that are no Request: the caller dead-letters them.
    return undefined;
  }
}
