import { setTimeout as pause } from 'node:timers/promises';
import { partitionOf, type Bus } from '#bus';
import { exchangeIdBytes, newExchangeId, ok, refuse, type Clock, type ExchangeId, type Result } from '#kernel';
import { openingRecord, type OpeningSealer } from '#openings';
import {
  signIfAvailable,
  type RequestedPayload,
  type SealingSession,
  type SealingSessions,
  type Statement,
} from '#signing';
import type { Admitted } from './admission.js';
import { Awaited, type Verdict } from './awaited.js';
import { callersTrace } from './callers-trace.service.js';
import type { Candidate } from './candidate.js';
import type { ConsumerKeys } from './consumer-keys.js';
import {
  endedElsewhere,
  failedPayload,
  failureAtDeadline,
  failureOf,
  failureOfSend,
  outcomePending,
  rowOutcome,
  told,
  type Failure,
} from './ending.js';
import type { DatabaseHealth } from './database-health.worker.js';
import type { ExchangeEvents, ExchangeWatch } from './exchange-events.js';
import type { ExchangeStore } from './exchange.store.js';
import type { ExchangeOutcome, ExchangeRequest } from './exchange.js';
import { openingsIn, prepare, sealRequest, type Outgoing } from './outgoing.js';
import type { LogPulse, Sending } from './log-pulse.js';
import type { PendingExchanges } from './pending-exchanges.js';
import type { RowOutcome, NewRow } from './row.js';
import { stampRecord, type StampsWorker } from './stamps.worker.js';
import { within } from './within.js';

export interface DeliveryParts {
  readonly bus: Bus;
  readonly store: ExchangeStore;
  readonly database: DatabaseHealth;
  readonly keys: ConsumerKeys;
  readonly sessions: SealingSessions;
  readonly openings: OpeningSealer;
  readonly pending: PendingExchanges;
  readonly stamps: StampsWorker;
  readonly pulse: LogPulse;
  readonly events: ExchangeEvents;
  readonly clock: Clock;
  /** How long after the deadline a row may take before no outcome is claimed. */
  readonly rowGraceMs: number;
}

/** An exchange that is signed and sealed, and has not been sent. */
export interface Prepared {
  readonly row: NewRow;
  readonly outgoing: Outgoing;
  readonly requested: Statement<RequestedPayload>;
  readonly session: SealingSession;
  /** For feedback; undefined where nothing was committed to, or nobody can open it. */
  readonly opening: Uint8Array | undefined;
  readonly admitted: Admitted;
  readonly replyTopic: string;
  readonly watch: ExchangeWatch;
  /** Of this exchange if it is traced, else its caller's. */
  readonly traceparent: string | undefined;
}

/** Why a call that was admitted is not sent. */
export type Unprepared = 'consumer-stopped' | 'signer-unavailable';

type End =
  | Exclude<Verdict, { kind: 'waiting' }>
  | { readonly kind: 'time' }
  | { readonly kind: 'bus'; readonly cause: unknown }
  | { readonly kind: 'closing' }
  | { readonly kind: 'unrecorded' };

const FIRST_RESEND_MS = 250;
/** Doubling from the first to the last makes a minute together. */
const FIRST_END_WAIT_MS = 250;
const LAST_END_WAIT_MS = 32_000;
const SEQUEL_LIFE_MS = 24 * 60 * 60_000;

/**
 * Sends one exchange and ends it (`bus.md` §4.1–2, §4.8). It promises one outcome at most: nothing is released before
 * the row is committed and both leaves are in the log, and no failure is told before the row holds it. It never claims
 * an outcome that it could not write down, and never calls anybody twice.
 */
export class DeliveryService {
  constructor(private readonly parts: DeliveryParts) {}

  /** Signs and seals; refused if the consumer has no usable key, or its token does not sign. Nothing was sent then. */
  async prepare(
    request: ExchangeRequest,
    admitted: Admitted,
    replyTopic: string,
    fingerprint: Buffer,
  ): Promise<Result<Prepared, Unprepared>> {
    const { keys, sessions, openings, clock, events } = this.parts;
    const nowMs = clock.now();
    const signer = keys.signer(admitted.view, request.consumer);
    if (signer === undefined) return refuse('consumer-stopped');
    const id = newExchangeId();
    const { service } = request.target;
    const callers = callersTrace(request);
    const watch = events.watch({ id, service, traceparent: callers });
    const outgoing = prepare(id, request, admitted, nowMs);
    const [requested, session] = await Promise.all([
      signIfAvailable(outgoing.payload, signer),
      sessions.take(request.target.provider, admitted.sealingKey, nowMs),
    ]);
    if (requested === undefined) {
      watch.ended('signer-unavailable', true);
      return refuse('signer-unavailable');
    }
    const opening = await openings.seal(openingsIn(outgoing, requested));
    const row: NewRow = {
      id,
      consumer: request.consumer,
      service,
      fingerprint,
      requested: requested.jws,
      salt: outgoing.salt,
      openings: outgoing.openings,
      requestHead: outgoing.head,
      concealment: request.context.concealment,
      deadlineMs: admitted.deadlineAtMs,
      createdMs: nowMs,
    };
    const traceparent = watch.traceparent ?? callers;
    return ok({ row, outgoing, requested, session, opening, admitted, replyTopic, watch, traceparent });
  }

  /** Sends and waits. `recorded` is the row's commit, perhaps still under way; a keyed one has ended before. */
  async complete(
    prepared: Prepared,
    request: ExchangeRequest,
    recorded: Promise<void>,
    isKeyed: boolean,
  ): Promise<ExchangeOutcome> {
    const outcome = await this.conclude(prepared, request, recorded, isKeyed);
    const code = outcome.kind === 'answered' ? outcome.kind : outcome.code;
    prepared.watch.ended(code, outcome.kind === 'failed');
    return outcome;
  }

  private async conclude(
    prepared: Prepared,
    request: ExchangeRequest,
    recorded: Promise<void>,
    isKeyed: boolean,
  ): Promise<ExchangeOutcome> {
    const { id, salt, requestHash } = prepared.outgoing;
    const awaited = new Awaited({
      exchangeId: id,
      consumer: request.consumer,
      provider: request.target.provider,
      service: request.target.service,
      requested: prepared.requested,
      salt,
      answerKey: prepared.session.answerKey,
    });
    const end = await this.transit(prepared, awaited, recorded);
    const isRecorded = await this.isRecorded(recorded, prepared.row.deadlineMs);
    if (!isRecorded) return this.pending(id);
    if (end.kind !== 'release') return this.fail(prepared, failureFor(end, awaited, request.method));
    const outcome = await this.release(id, end.candidate, requestHash, isKeyed);
    prepared.watch.passed('released');
    return outcome;
  }

  /** The time between sending and the first thing that ends it. */
  private async transit(prepared: Prepared, awaited: Awaited, recorded: Promise<void>): Promise<End> {
    const { pending, bus, clock, events, pulse } = this.parts;
    const { watch } = prepared;
    const { id } = prepared.outgoing;
    const deadlineAtMs = prepared.row.deadlineMs;
    const ended = Promise.withResolvers<End>();
    const decide = (verdict: Verdict) => {
      if (verdict.kind === 'release') watch.passed('receipted');
      if (verdict.kind !== 'waiting') ended.resolve(verdict);
    };
    // Before sending: an answer may be here before `publish` has resolved.
    pending.add(id, { awaited, deadlineAtMs, decide, watch, close: () => ended.resolve({ kind: 'closing' }) });
    const deadline = setTimeout(() => ended.resolve({ kind: 'time' }), Math.max(0, deadlineAtMs - clock.now()));
    const sending = pulse.sent();
    const resending = this.resend(prepared, awaited, sending);
    recorded.catch(() => ended.resolve({ kind: 'unrecorded' }));
    this.sendOpening(prepared);
    bus.publish(this.records(prepared)).then(
      () => {
        sending.isAcknowledged = true;
        watch.passed('sent');
      },
      (cause: unknown) => {
        events.failed('send', cause);
        ended.resolve({ kind: 'bus', cause });
      },
    );
    try {
      return await ended.promise;
    } finally {
      clearTimeout(deadline);
      resending.stop();
      for (const { statement } of pending.remove(id)) {
        const { provider } = awaited.expected;
        events.alarm('answer-rejected', { reason: 'answer-unknown-key', kid: statement.kid, provider, exchangeId: id });
      }
    }
  }

  private records(prepared: Prepared) {
    const { outgoing, requested, session, admitted, replyTopic, row, traceparent } = prepared;
    const { request, receipt } = admitted.topics;
    const idBytes = exchangeIdBytes(outgoing.id);
    return [
      stampRecord(requested.jws, [replyTopic, receipt]),
      {
        topic: request.name,
        partition: partitionOf(idBytes, request.partitions),
        key: idBytes,
        value: sealRequest(outgoing, requested, session, {
          replyTopic,
          deadlineMs: row.deadlineMs,
          snapshot: admitted.view.number,
        }),
        ...(traceparent === undefined ? {} : { headers: { traceparent } }),
      },
    ];
  }

  /** Apart from the exchange, which must not fail with it (`design.md` §7): feedback asks for what it did not get. */
  private sendOpening({ outgoing, opening }: Prepared): void {
    const { bus, events } = this.parts;
    if (opening === undefined) return;
    bus.publish([openingRecord(outgoing.id, opening)]).catch((cause: unknown) => events.failed('opening', cause));
  }

  /**
   * Produce batches are not atomic: what has no receipt is stamped again after 250 ms, then doubling (`bus.md` §4.2).
   * After the first time only while it can help: a log that is silent would have to read every copy when it is back.
   */
  private resend(prepared: Prepared, awaited: Awaited, first: Sending): { stop: () => void } {
    const { pulse } = this.parts;
    let sending = first;
    let timer: ReturnType<typeof setTimeout>;
    const schedule = (waitMs: number) => {
      timer = setTimeout(() => {
        if (sending !== first && !pulse.isWorthRepeating(sending)) {
          schedule(waitMs);
          return;
        }
        sending = this.stampAgain(prepared, awaited.unstamped());
        schedule(waitMs * 2);
      }, waitMs);
    };
    schedule(FIRST_RESEND_MS);
    return { stop: () => clearTimeout(timer) };
  }

  private stampAgain({ replyTopic, admitted }: Prepared, stamps: readonly string[]): Sending {
    const { bus, events, pulse } = this.parts;
    const topics = [replyTopic, admitted.topics.receipt];
    // What nobody asks a receipt for is as good as sent; an answer may come that has to be asked for.
    if (stamps.length === 0) return { sentAtMs: -Infinity, isAcknowledged: true };
    for (let count = 0; count < stamps.length; count += 1) events.counted('stamp-repeated');
    const sending = pulse.sent();
    bus.publish(stamps.map((jws) => stampRecord(jws, topics))).then(
      () => (sending.isAcknowledged = true),
      // The next attempt, or the deadline, answers for it.
      (cause: unknown) => events.failed('stamp-again', cause),
    );
    return sending;
  }

  private async isRecorded(recorded: Promise<void>, deadlineAtMs: number): Promise<boolean> {
    const leftMs = Math.max(0, deadlineAtMs - this.parts.clock.now()) + this.parts.rowGraceMs;
    try {
      await within(recorded, leftMs);
      return true;
    } catch (cause) {
      this.parts.events.failed('row', cause);
      this.parts.database.suspect();
      return false;
    }
  }

  private async release(
    id: ExchangeId,
    candidate: Candidate,
    requestHash: Buffer,
    isKeyed: boolean,
  ): Promise<ExchangeOutcome> {
    const { store, clock } = this.parts;
    const outcome = rowOutcome(candidate, clock.now());
    const ending = store.end(id, outcome);
    if (isKeyed || outcome.kind !== 'answered') return this.whenEnded(id, ending, told(id, candidate, requestHash));
    void this.endReleased(id, outcome, ending);
    return told(id, candidate, requestHash);
  }

  /**
   * Told before it is written: the provider's leaf, not this row, is the record that an answer was disclosed. But the
   * answer's head, which its evidence needs, is here and nowhere else: so the write is tried until a takeover could end
   * the row without it. No more can wait than were under way when the database went: none is admitted without it.
   */
  private async endReleased(id: ExchangeId, outcome: RowOutcome, first: Promise<boolean>): Promise<void> {
    const { store, events, database } = this.parts;
    let ending = first;
    for (let waitMs = FIRST_END_WAIT_MS; ; waitMs *= 2) {
      try {
        await ending;
        return;
      } catch (cause) {
        events.failed('row-end', cause);
        database.suspect();
      }
      if (waitMs > LAST_END_WAIT_MS) break;
      await pause(waitMs, undefined, { ref: false });
      ending = store.end(id, outcome);
    }
    events.counted('row-not-ended');
  }

  /** States `failed`; told when the row holds it, logged when the log takes it. */
  private async fail(prepared: Prepared, failure: Failure): Promise<ExchangeOutcome> {
    const { keys, store, stamps, clock } = this.parts;
    const { id } = prepared.outgoing;
    const nowMs = clock.now();
    const signer = keys.signer(prepared.admitted.view, prepared.row.consumer);
    // A key that ran out meanwhile, or a token that was pulled, signs nothing; then the bus's own sweeper states how this
    // ended.
    const payload = failedPayload(prepared.requested, failure, nowMs);
    const statement = signer === undefined ? undefined : await signIfAvailable(payload, signer);
    const outcome: RowOutcome = {
      kind: 'failed',
      ...failure,
      jws: statement?.jws,
      by: 'gateway',
      endedMs: nowMs,
    };
    const ended = await this.whenEnded(id, store.end(id, outcome), {
      kind: 'failed',
      exchangeId: id,
      ...failure,
      decidedBy: 'gateway',
    });
    if (statement !== undefined && ended.kind === 'failed' && ended.code === failure.code)
      stamps.keep({
        jws: statement.jws,
        leafHash: statement.leafHash,
        replyTopics: [prepared.replyTopic],
        untilMs: nowMs + SEQUEL_LIFE_MS,
        ended: (how) => {
          if (how !== 'expired') this.receipted(id);
        },
      });
    return ended;
  }

  /** A crash, or an error, before this mark means only that the statement is sent once more: a duplicate. */
  private receipted(id: ExchangeId): void {
    const { store, events } = this.parts;
    store.markReceipted(id).catch((cause: unknown) => events.failed('mark-receipted', cause));
  }

  /** What is told once the compare-and-set has committed; another's outcome if that one was there first. */
  private async whenEnded(id: ExchangeId, ending: Promise<boolean>, mine: ExchangeOutcome): Promise<ExchangeOutcome> {
    const { store, events, rowGraceMs, database } = this.parts;
    try {
      if (await within(ending, rowGraceMs)) return mine;
      const standing = await within(store.outcomeOf(id), rowGraceMs);
      return standing === undefined ? this.pending(id) : endedElsewhere(id, standing);
    } catch (cause) {
      events.failed('row-end', cause);
      database.suspect();
      return this.pending(id);
    }
  }

  private pending(id: ExchangeId): ExchangeOutcome {
    this.parts.events.counted('outcome-pending');
    return outcomePending(id);
  }
}

function failureFor(end: Exclude<End, { kind: 'release' }>, awaited: Awaited, method: string): Failure {
  if (end.kind === 'fail') return failureOf(end.reason);
  if (end.kind === 'bus') return failureOfSend(end.cause, method);
  if (end.kind === 'closing') return { code: 'gateway-closing', side: 'bus' };
  return failureAtDeadline(awaited.missing(), awaited.rejection, method);
}
