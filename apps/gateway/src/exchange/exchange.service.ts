import type { ContractChecks } from '#contract-check';
import { AssertionMemory, verifyEndUser, type EndUser, type PresentationReason } from '#end-user';
import { Capacity, ok, refuse, type Claim, type Clock, type ExchangeId, type Result, type SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';
import { spelled } from '#signing';
import type { Limits } from '../limits/limits.service.js';
import type { LinkTickets } from '../links/link-tickets.service.js';
import { admit, limitedCall, notNow, type Admitted, type Gate, type Refusal } from './admission.js';
import { Appointments } from './appointments.js';
import type { ConsumerKeys } from './consumer-keys.js';
import type { DatabaseHealth } from './database-health.worker.js';
import type { DeliveryService } from './delivery.service.js';
import type { ExchangeEvents } from './exchange-events.js';
import type { ExchangeStore } from './exchange.store.js';
import { Exchanges, type ExchangeOutcome, type ExchangeRequest } from './exchange.js';
import { fingerprint } from './fingerprint.js';
import type { IdempotencyService, Unsent } from './idempotency.service.js';
import type { LogWatch } from './log-watch.worker.js';
import type { RefusalsService } from './refusals.service.js';
import type { LogGuard } from './receipts.js';
import type { ReplyConsumer } from './reply.consumer.js';

export interface ExchangeSettings {
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly marginMs: number;
  /** HMAC key of this gateway. */
  readonly fingerprintKey: Buffer;
}

export interface ExchangeParts {
  readonly registry: { current(): RegistryView | undefined };
  readonly replies: Pick<ReplyConsumer, 'hearing' | 'busAnswers'>;
  readonly log: Pick<LogWatch, 'answers'>;
  readonly guard: Pick<LogGuard, 'distrusts'>;
  readonly keys: ConsumerKeys;
  readonly database: DatabaseHealth;
  readonly store: ExchangeStore;
  readonly delivery: DeliveryService;
  readonly idempotency: IdempotencyService;
  readonly refusals: RefusalsService;
  readonly links: LinkTickets;
  readonly limits: Limits;
  readonly contracts: Pick<ContractChecks, 'request'>;
  readonly events: ExchangeEvents;
  readonly clock: Clock;
}

type Begun = (id: ExchangeId) => void;

const LINKS_RETRY_S = 5;
const CONTRACT_RETRY_S = 5;
const UNSENT_RETRY_S = 5;
/** A provider's "not now". Each costs a whole exchange, so a crowd that gets it must not come back at once. */
const CROWDED: ReadonlySet<string> = new Set(['connector-busy', 'breaker-open']);

/**
 * Takes a call of an authenticated consumer through the order of `bus.md` §5: admit, then key, row, seal, send, wait,
 * release. It never sends what it refused, and never holds more exchanges than its limits allow.
 */
export class ExchangeService extends Exchanges {
  /** Exchanges under way, and the bytes of their bodies; places are taken and given back by `attempt` only. */
  private readonly exchanges: Capacity;
  private readonly bytes: Capacity;
  /** Of those who found no place, here or at their provider. */
  private readonly appointments: Appointments;
  private readonly assertions = new AssertionMemory();

  constructor(
    private readonly parts: ExchangeParts,
    private readonly settings: ExchangeSettings,
  ) {
    super();
    this.exchanges = new Capacity(settings.maxInFlight);
    this.bytes = new Capacity(settings.maxInFlightBytes);
    this.appointments = new Appointments(settings.maxInFlight);
  }

  async perform(request: ExchangeRequest, begun: Begun = () => undefined): Promise<ExchangeOutcome> {
    const outcome = this.withAppointment(await this.attempt(request, begun), request.consumer);
    const code = outcome.kind === 'answered' ? 'answered' : outcome.code;
    this.parts.events.ended({ kind: outcome.kind, code, tookMs: this.parts.clock.now() - request.receivedAtMs });
    return outcome;
  }

  get size(): number {
    return this.exchanges.size;
  }

  private withAppointment(outcome: ExchangeOutcome, consumer: SubsystemId): ExchangeOutcome {
    if (outcome.kind === 'answered' || !CROWDED.has(outcome.code)) return outcome;
    return { ...outcome, retryAfterS: this.appointments.next(consumer, this.parts.clock.now()) };
  }

  private async attempt(request: ExchangeRequest, begun: Begun): Promise<ExchangeOutcome> {
    const isActing = request.context.endUser !== undefined;
    const turnedAway = isActing ? this.turnedAway(request) : undefined;
    if (turnedAway !== undefined) return turnedAway;
    const endUser = isActing ? await this.endUser(request) : undefined;
    const replyTopic = this.parts.replies.hearing();
    const admitted = admit(this.gate(replyTopic), request, endUser);
    if (!admitted.ok) return this.parts.refusals.refuse(request, admitted.reason, replyTopic ?? '');
    // No await between admission's look at the places and this: two calls cannot both take the last one.
    const giveBack = this.exchanges.take(claimOf(request));
    const giveBytesBack = this.bytes.take(bytesClaimOf(request));
    try {
      const judged = await this.judged(request, admitted.value);
      if (!judged.ok) return await this.parts.refusals.refuse(request, judged.reason, replyTopic ?? '');
      const outcome = await this.carryOut(request, judged.value, replyTopic ?? '', begun);
      return this.withLimits(request, judged.value, outcome);
    } finally {
      giveBack?.();
      giveBytesBack?.();
    }
  }

  /** The checks for which somebody may have to be asked: the subject's leave, the limits, the service's document. */
  private async judged(request: ExchangeRequest, admitted: Admitted): Promise<Result<Admitted, Refusal>> {
    const linked = await this.linked(request, admitted);
    if (!linked.ok) return linked;
    const within = await this.limited(request, linked.value);
    if (!within.ok) return within;
    const contract = await this.contracted(request, admitted);
    return contract.ok ? linked : contract;
  }

  /** Undefined where there is room; else nobody looks at who acts, which takes signatures. Admission asks once more. */
  private turnedAway(request: ExchangeRequest): Promise<ExchangeOutcome> | undefined {
    const replyTopic = this.parts.replies.hearing();
    const refusal = notNow(this.gate(replyTopic), request);
    return refusal === undefined ? undefined : this.parts.refusals.refuse(request, refusal, replyTopic ?? '');
  }

  /** Tells the caller how the limits stand, and hears of the provider that a quota is spent. */
  private withLimits(request: ExchangeRequest, admitted: Admitted, outcome: ExchangeOutcome): ExchangeOutcome {
    const { agreement } = admitted;
    if (agreement.quota === undefined && agreement.rate === undefined) return outcome;
    const { limits, clock } = this.parts;
    const call = limitedCall(request, admitted);
    const retryAfterS = limits.heard(call, outcome, clock.now());
    const told = { ...outcome, limits: limits.readings(call, clock.now()) };
    return retryAfterS === undefined || told.kind === 'answered' ? told : { ...told, retryAfterS };
  }

  /** What the assertion of a call is worth; undefined while there is no snapshot to judge it, and then nothing is sent. */
  private async endUser(request: ExchangeRequest): Promise<Result<EndUser, PresentationReason> | undefined> {
    const { registry, clock } = this.parts;
    const issuers = registry.current()?.issuers;
    if (issuers === undefined) return undefined;
    const { context, consumer, target } = request;
    const question = { issuers, consumer, service: target.service, nowMs: clock.now(), memory: this.assertions };
    return verifyEndUser(context.endUser ?? '', question);
  }

  /** Whether the call is as the service's document says; nothing was sent yet. */
  private async contracted(
    request: ExchangeRequest,
    { service, permit, view }: Admitted,
  ): Promise<Result<undefined, Refusal>> {
    const { endpoint } = permit;
    const checked = await this.parts.contracts.request(service, endpoint, request);
    if (checked.ok) return checked;
    const { code, problems } = checked.reason;
    const stated = { view, endpoint };
    return refuse(
      code === 'contract-unusable' ? { code, stated, retryAfterS: CONTRACT_RETRY_S } : { code, stated, problems },
    );
  }

  /** With the subject's leave where an agreement asks for it; only then anybody is asked. */
  private async linked(request: ExchangeRequest, admitted: Admitted): Promise<Result<Admitted, Refusal>> {
    const { permit, subject, view } = admitted;
    if (!permit.requiresLink) return ok(admitted);
    const missing: Refusal = { code: 'link-missing', stated: { view, endpoint: permit.endpoint } };
    // Who is named by the answer alone cannot be asked before.
    if (typeof subject !== 'object') return refuse(missing);
    const { consumer, target } = request;
    const signer = this.parts.keys.signer(view, consumer);
    if (signer === undefined) return refuse({ code: 'consumer-stopped' });
    const question = { consumer, subject: spelled(subject), service: target.service, purpose: permit.purpose };
    const asked = await this.parts.links.ticket(question, signer);
    if (asked.ok) return ok({ ...admitted, linkTicket: asked.value });
    return refuse(asked.reason === 'link-missing' ? missing : { code: asked.reason, retryAfterS: LINKS_RETRY_S });
  }

  /**
   * Who has no right takes nothing of an agreement's limits. A repeat makes no exchange, so it is told what became of
   * the first call also where no further one may pass.
   */
  private async limited(request: ExchangeRequest, admitted: Admitted): Promise<Result<undefined, Refusal>> {
    const { limits, idempotency, clock } = this.parts;
    const within = limits.admit(limitedCall(request, admitted), clock.now());
    if (within.ok || (await idempotency.isRepeat(request))) return ok(undefined);
    return within;
  }

  private async carryOut(
    request: ExchangeRequest,
    admitted: Admitted,
    replyTopic: string,
    begun: Begun,
  ): Promise<ExchangeOutcome> {
    const { delivery, idempotency, store, database } = this.parts;
    const { idempotencyKey, concealment } = request.context;
    const print = fingerprint(this.settings.fingerprintKey, request, {
      subject: typeof admitted.subject === 'object' ? admitted.subject : undefined,
      purpose: admitted.permit.purpose,
      legalBasis: admitted.permit.legalBasis,
      endUser: admitted.endUser?.user,
      concealment,
    });
    const prepare = () => delivery.prepare(request, admitted, replyTopic, print);
    if (idempotencyKey !== undefined) {
      const performed = await idempotency.perform({
        request,
        key: idempotencyKey,
        fingerprint: print,
        deadlineAtMs: admitted.deadlineAtMs,
        prepare,
        send: (prepared) => {
          begun(prepared.row.id);
          return delivery.complete(prepared, request, Promise.resolve(), true);
        },
      });
      return performed.ok ? performed.value : this.unsent(request, performed.reason);
    }
    const prepared = await prepare();
    if (!prepared.ok) return this.unsent(request, prepared.reason);
    begun(prepared.value.row.id);
    const recorded = database.watched(store.insert(prepared.value.row));
    return delivery.complete(prepared.value, request, recorded, false);
  }

  /** Nothing was sent, whether the call bears a key or not. */
  private unsent(request: ExchangeRequest, code: Unsent): Promise<ExchangeOutcome> {
    // Keys that disagree wait for a person; all else may be over soon.
    const retry = code === 'consumer-stopped' ? {} : { retryAfterS: UNSENT_RETRY_S };
    return this.parts.refusals.refuse(request, { code, ...retry }, '');
  }

  private gate(replyTopic: string | undefined): Gate {
    const { registry, replies, log, guard, keys, database, clock } = this.parts;
    const { exchanges, bytes, appointments } = this;
    const nowMs = clock.now();
    return {
      view: registry.current(),
      busAnswers: replies.busAnswers(),
      hearsReplies: replyTopic !== undefined,
      logAnswers: log.answers(),
      logIsOne: !guard.distrusts(),
      hasRoom: (request) => exchanges.hasRoom(claimOf(request)) && bytes.hasRoom(bytesClaimOf(request)),
      comeAgainInS: (consumer) => appointments.next(consumer, nowMs),
      databaseAnswers: database.answers(),
      keysAgree: (consumer) => keys.agree(consumer),
      signerAnswers: (view, consumer) => keys.signer(view, consumer)?.trouble?.() === undefined,
      marginMs: this.settings.marginMs,
      nowMs,
    };
  }
}

function claimOf({ consumer, target }: ExchangeRequest): Claim {
  return { consumer, provider: target.provider };
}

function bytesClaimOf(request: ExchangeRequest): Claim {
  return { ...claimOf(request), amount: request.body.length };
}
