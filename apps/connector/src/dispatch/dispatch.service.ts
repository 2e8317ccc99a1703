import type { ReceivedRecord } from '#bus';
import type { ContractChecks } from '#contract-check';
import { decode, RequestContentSchema, type RequestContent } from '#contracts';
import type { AssertionMemory, EndUser } from '#end-user';
import { exchangeIdBytes, type Clock, type ExchangeId, type Secret, type SubsystemId } from '#kernel';
import type { OpeningSealer } from '#openings';
import { isSignerUnavailable, openRecord, requestAd, willSign } from '#signing';
import type { QuotaReason, WhyCode } from '#access';
import { requestHeaders } from '../agency/agency-headers.js';
import { statedReason } from '../agency/agency-fault.js';
import { type AgencyService } from '../agency/agency.service.js';
import type { Disputes } from '../disputes/disputes.service.js';
import { type DeliveryService } from '../evidence/delivery.service.js';
import { answeredOutcome, failedOutcome, refusedOutcome, type Outcome } from '../evidence/outcome.js';
import type { ReceiptVerdict } from '../evidence/receipt-book.js';
import type { Quotas } from '../quotas/quotas.service.js';
import { checkContent, checkPersons, checkRight, type Admitted } from './admission.js';
import type { ClockWatch } from './clock-watch.js';
import { type DeadLetters } from './dead-letters.service.js';
import type { DeadReason } from './dispatch.errors.js';
import type { DispatchEvents, DispatchWatch, DropReason } from './dispatch-events.js';
import { isUnsafe, readEnvelope, timeliness, type Envelope } from './envelope.js';
import type { Dispatch, Judged } from './dispatch.js';
import { type Judgement } from './judgement.service.js';
import { type SealingSessions } from './sealing-sessions.js';
import { type DueCall, type UnsafeCalls } from './unsafe-calls.service.js';

export interface DispatchDeps {
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly clockWatch: ClockWatch;
  readonly judgement: Judgement;
  readonly sessions: SealingSessions;
  readonly agencies: AgencyService;
  readonly delivery: DeliveryService;
  readonly unsafe: UnsafeCalls;
  readonly assertions: AssertionMemory;
  /** Whose systems get the assertion of the end user, to check it by themselves. */
  readonly endUserServices: ReadonlySet<string>;
  /** By which they know this connector; undefined: they do not ask. */
  readonly endUserToken: Secret | undefined;
  readonly openings: OpeningSealer;
  readonly quotas: Pick<Quotas, 'spend'>;
  readonly contracts: ContractChecks;
  readonly disputes: Pick<Disputes, 'isKnownFor' | 'marks'>;
  readonly events: DispatchEvents;
}

/**
 * One request from the topic to its outcome, in the order of `bus.md` §4.3. It never calls an agency for a request that it
 * has not verified, opened and decided itself, and lets no answer out before the request's receipt (§4.4). Resolves when
 * the record's offset may be committed.
 */
export class DispatchService {
  /** Requests under way by leaf; a redelivery joins. True: it has an outcome or none is due. Bounded by `maxInFlight`. */
  private readonly inWork = new Map<string, Promise<boolean>>();

  constructor(private readonly deps: DispatchDeps) {}

  async handle(record: ReceivedRecord, provider: SubsystemId): Promise<void> {
    const read = readEnvelope(record.value, provider);
    if (!read.ok) return this.deps.deadLetters.send(record, provider, read.reason);
    const envelope = read.value;
    const { exchangeId, service } = envelope;
    const watch = this.deps.events.watch({ exchangeId, service, traceparent: record.headers['traceparent']?.[0] });
    try {
      await this.carryOut(record, envelope, watch);
    } catch (cause) {
      // The token went while we worked and did not come back in time. Nothing was stated; the journal's worker ends the row
      // of an unsafe call when there is a signer again, and the consumer's gateway has stated that nobody answered.
      if (!isSignerUnavailable(cause)) throw cause;
      this.drop('signer-unavailable', exchangeId);
    } finally {
      watch.ended('unstated', false);
    }
  }

  private async carryOut(record: ReceivedRecord, envelope: Envelope, watch: DispatchWatch): Promise<void> {
    const { leafKey, exchangeId, provider } = envelope;
    const judged = await this.deps.judgement.judge(
      envelope,
      record.timestampMs,
      isUnsafe(envelope) || this.deps.delivery.keptFor(envelope) !== undefined,
    );
    if (!judged.ok) {
      const { kind, reason } = judged.reason;
      if (kind === 'dead') return this.deps.deadLetters.send(record, provider, reason);
      this.drop(reason, exchangeId);
      return;
    }
    this.deps.clockWatch.see(record.timestampMs, envelope.requested.payload.ts);
    // Joined only after its origin was checked. A forgery around the same statement must not take the genuine one down
    // with it: after a dead letter try on.
    for (let work = this.inWork.get(leafKey); work !== undefined; work = this.inWork.get(leafKey)) {
      if (await work.catch(() => false)) return;
    }
    const work = this.work({ ...judged.value, watch }, record);
    this.inWork.set(leafKey, work);
    try {
      await work;
    } finally {
      this.inWork.delete(leafKey);
    }
  }

  /** False if the record went to the dead letters. */
  private async work(dispatch: Dispatch, record: ReceivedRecord): Promise<boolean> {
    const { envelope, route, deadlineMs } = dispatch;
    const { clock, delivery } = this.deps;
    const kept = delivery.keptFor(envelope);
    if (kept !== undefined) {
      const leftMs = deadlineMs - clock.now();
      await delivery.deliver(envelope, kept, route, delivery.awaitRequested(envelope, route, leftMs), leftMs);
      return true;
    }
    const seen = isUnsafe(envelope) ? await this.deps.unsafe.settleSeen(dispatch) : 'unseen';
    if (seen === 'settled') return true;
    if (seen === 'busy') return this.drop('journal-busy', envelope.exchangeId);
    if (seen === 'reused') return this.dead(record, envelope.provider, 'exchange-id-reused');
    const when = timeliness(envelope, deadlineMs, { nowMs: clock.now(), recordMs: record.timestampMs });
    if (when !== 'in-time') return this.drop(when, envelope.exchangeId);
    // Before anybody is called: what cannot be stated is not done. Half of the time is left for the call.
    const untilMs = clock.now() + (deadlineMs - clock.now()) / 2;
    const signs = await willSign(dispatch.signer, untilMs, () => clock.now());
    return signs ? this.decide(dispatch, record, seen) : this.drop('signer-unavailable', envelope.exchangeId);
  }

  private async decide(judged: Dispatch, record: ReceivedRecord, seen: DueCall['seen']): Promise<boolean> {
    const { envelope, view, route, deadlineMs } = judged;
    const { clock, delivery, sessions, openings } = this.deps;
    const right = checkRight(view, envelope, clock.now());
    if (!right.ok) return this.refuse(judged, right.reason);
    const sealed = envelope.request.content;
    const session = sealed === undefined ? undefined : await sessions.open(envelope.provider, sealed.kid, sealed.enc);
    const content = session === undefined ? undefined : openContent(envelope, session.requestKey);
    // Nobody but its sender could have sealed it wrongly, or somebody altered the envelope: not the statement's fault.
    if (session === undefined || content === undefined)
      return this.dead(record, envelope.provider, 'content-unreadable');
    const admitted = checkContent(right.value.service, envelope, content);
    if (!admitted.ok) return this.refuse(judged, admitted.reason);
    const dispatch = { ...judged, opening: await openings.seal(openingsIn(envelope, content)) };
    const by = { view, memory: this.deps.assertions, nowMs: clock.now() };
    const allowed = await checkPersons(right.value, admitted.value, envelope, by);
    if (!allowed.ok) return this.refuse(dispatch, allowed.reason);
    const { endUser, agreement } = allowed.value;
    const { ep } = envelope.requested.payload;
    const contract = await this.deps.contracts.request(admitted.value.service, ep, {
      headers: admitted.value.headers,
      body: content.body,
    });
    if (!contract.ok) return this.refuse(dispatch, contract.reason.code);
    // Last, so that nothing is counted that does not reach the agency.
    const { consumer, service } = envelope;
    const counted = await this.deps.quotas.spend({ consumer, service, agreement });
    if (!counted.ok) return this.turnAway(dispatch, seen === 'unknown' ? 'outcome-unknown' : counted.reason);

    const requested = delivery.awaitRequested(envelope, route, deadlineMs - clock.now());
    const call = () => this.callAgency(dispatch, admitted.value, endUser, session.answerKey);
    return this.carryOn({ dispatch, request: record.value, requested, seen }, record, call);
  }

  /** An unsafe call through the journal, a safe one at once. */
  private async carryOn(due: DueCall, record: ReceivedRecord, call: () => Promise<Outcome>): Promise<boolean> {
    const { envelope } = due.dispatch;
    if (!isUnsafe(envelope)) {
      await this.conclude(due.dispatch, await call(), due.requested);
      return true;
    }
    const outcome = await this.deps.unsafe.call(due, call);
    if (outcome === 'reused') return this.dead(record, envelope.provider, 'exchange-id-reused');
    return outcome === 'busy' ? this.drop('journal-busy', envelope.exchangeId) : true;
  }

  private async callAgency(
    dispatch: Dispatch,
    admitted: Admitted,
    endUser: EndUser | undefined,
    answerKey: Buffer,
  ): Promise<Outcome> {
    const { envelope, signer, view, deadlineMs } = dispatch;
    const { agencies, clock, disputes, openings, endUserServices, endUserToken } = this.deps;
    const { ep: endpoint, pur: purpose } = envelope.requested.payload;
    if (!(await disputes.isKnownFor(view, envelope.service, endpoint, deadlineMs - clock.now())))
      return failedOutcome(envelope, 'journal-unavailable', signer, clock.now());
    const unsafe = isUnsafe(envelope);
    const { exchangeId, consumer } = envelope;
    const isTold = endUser !== undefined && endUserServices.has(envelope.service);
    const shown = isTold ? { assertion: admitted.content.endUserAssertion, token: endUserToken?.reveal() } : {};
    dispatch.watch.passed('called');
    const answer = await agencies.call({
      mayGo: () => this.withdrawn(dispatch) === undefined,
      consumer,
      service: envelope.service,
      method: admitted.content.method,
      path: admitted.target.path,
      query: admitted.target.query,
      headers: requestHeaders(admitted.headers, { client: consumer, exchangeId, unsafe, ...shown }),
      body: admitted.content.body,
      deadlineMs,
      timeoutMs: admitted.service.timeoutMs,
    });
    dispatch.watch.passed('answered');
    const checked = answer.ok ? await this.deps.contracts.answer(admitted.service, endpoint, answer.value) : undefined;
    const nowMs = clock.now();
    const withdrawn = this.withdrawn(dispatch);
    // What an unsafe call has done stands, and whoever asked for it has to learn of it (ADR 0033).
    const isKept = answer.ok ? !unsafe : !answer.reason.sent;
    if (withdrawn !== undefined && isKept)
      return refusedOutcome(envelope, withdrawn.why, withdrawn.snap, signer, nowMs);
    // Whatever kept it from being checked: the agency has done its work, and nobody may be told to try again.
    if (checked?.ok === false) return failedOutcome(envelope, 'answer-contract', signer, nowMs);
    if (!answer.ok) return failedOutcome(envelope, statedReason(answer.reason, unsafe), signer, nowMs);
    return answeredOutcome(envelope, answer.value, {
      signer,
      snap: view.number,
      salt: admitted.content.salt,
      answerKey,
      subjectInAnswer: admitted.subjectInAnswer,
      endUser,
      nowMs,
      marks: (told) =>
        disputes.marks({
          ...{ ...answer.value, view, service: envelope.service, provider: envelope.provider, endpoint, purpose },
          subjects: [...admitted.content.subjects, ...told],
        }),
      sealOpening: (stated) => openings.seal({ ...stated, ...concealmentIn(admitted.content) }),
    });
  }

  /**
   * Why the call would be refused by the snapshot that has come since it was judged: somebody was suspended, or a right
   * was taken, while it waited or was at the agency. Time that has passed meanwhile takes nothing.
   */
  private withdrawn({
    envelope,
    view,
    startedMs,
  }: Judged): { readonly why: WhyCode; readonly snap: number } | undefined {
    const now = this.deps.judgement.standing();
    if (now === undefined || now.number <= view.number) return undefined;
    const right = checkRight(now, envelope, startedMs);
    return right.ok ? undefined : { why: right.reason, snap: now.number };
  }

  private async refuse(dispatch: Dispatch, why: WhyCode): Promise<true> {
    const { envelope, route, signer, view, deadlineMs } = dispatch;
    const { clock, delivery } = this.deps;
    const requested = delivery.awaitRequested(envelope, route, deadlineMs - clock.now());
    await this.conclude(dispatch, await refusedOutcome(envelope, why, view.number, signer, clock.now()), requested);
    return true;
  }

  /**
   * A call that was not counted: one too many is refused; what could not be counted has failed. After a journal that could
   * not be read nobody may say that it was not called: an earlier delivery may have been.
   */
  private async turnAway(dispatch: Dispatch, why: QuotaReason | 'quota-uncounted' | 'outcome-unknown'): Promise<true> {
    if (why !== 'quota-uncounted' && why !== 'outcome-unknown') return this.refuse(dispatch, why);
    const { envelope, route, signer, deadlineMs } = dispatch;
    const { clock, delivery } = this.deps;
    const requested = delivery.awaitRequested(envelope, route, deadlineMs - clock.now());
    await this.conclude(dispatch, await failedOutcome(envelope, why, signer, clock.now()), requested);
    return true;
  }

  private async conclude(dispatch: Dispatch, outcome: Outcome, requested: Promise<ReceiptVerdict>): Promise<void> {
    const { envelope, route, deadlineMs, startedMs } = dispatch;
    const { clock, delivery, events } = this.deps;
    events.stated(outcome.kind, outcome.why, clock.now() - startedMs);
    dispatch.watch.passed('stated');
    const bytes = {
      statement: outcome.statement.jws,
      answer: outcome.answer,
      opening: outcome.opening,
      requestOpening: dispatch.opening,
    };
    await delivery.deliver(envelope, bytes, route, requested, deadlineMs - clock.now());
    dispatch.watch.passed('sent');
    dispatch.watch.ended(outcome.why ?? outcome.kind, outcome.kind === 'failed');
  }

  private drop(reason: DropReason, exchangeId: ExchangeId): true {
    this.deps.events.dropped(reason);
    if (reason === 'clock-apart') this.deps.events.alarm('clock-apart', { exchangeId });
    return true;
  }

  private async dead(record: ReceivedRecord, provider: SubsystemId, reason: DeadReason): Promise<false> {
    await this.deps.deadLetters.send(record, provider, reason);
    return false;
  }
}

/** Of the request's commitments; each was checked. */
function openingsIn({ exchangeId, requested }: Envelope, content: RequestContent) {
  const { subjects, endUser } = content;
  const users = endUser === undefined ? [] : [endUser];
  return { exchangeId, statementHash: requested.leafHash, subjects, users, ...concealmentIn(content) };
}

/** The order that the call names: whatever opens it names that order too, also where only the answer told the subject. */
function concealmentIn({ concealment }: RequestContent): { readonly concealment?: Uint8Array } {
  return concealment.length === 0 ? {} : { concealment };
}

/** Opens only with the very statement, exchange, deadline and listener that it was sealed for (`bus.md` §3). */
function openContent(envelope: Envelope, requestKey: Buffer): RequestContent | undefined {
  const { request, requested, exchangeId, deadlineMs } = envelope;
  if (request.content === undefined) return undefined;
  const ad = requestAd(requested.leafHash, exchangeIdBytes(exchangeId), deadlineMs, request.replyTopic);
  const bytes = openRecord(requestKey, request.content.nonce, request.content.ciphertext, ad);
  if (bytes === undefined) return undefined;
  try {
    return decode(RequestContentSchema, bytes);
  } catch {
    // Sealed, but no RequestContent: dead-lettered like what does not open.
    return undefined;
  }
}
