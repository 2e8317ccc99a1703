import type { Bus } from '#bus';
import { ContractChecks } from '#contract-check';
import type { Clock, InstanceId } from '#kernel';
import { noOpenings, type OpeningSealer } from '#openings';
import type { Database } from '#postgres';
import { SealingSessions, type KeyRing, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';
import type { NoteKey } from '#tlog';
import { Limits } from '../limits/limits.service.js';
import { Sweeps } from '../limits/sweeps.service.js';
import { noLinks, type LinkTickets } from '../links/link-tickets.service.js';
import { RefusalTally } from '../refusals/refusal-tally.js';
import { instanceSigner, RefusalsWorker } from '../refusals/refusals.worker.js';
import { ConsumerKeys } from './consumer-keys.js';
import { DatabaseHealth } from './database-health.worker.js';
import { DeliveryService } from './delivery.service.js';
import type { ExchangeEvents } from './exchange-events.js';
import { ExchangeService } from './exchange.service.js';
import { ExchangeStore } from './exchange.store.js';
import { IdempotencyService } from './idempotency.service.js';
import { LogPulse } from './log-pulse.js';
import { LogWatch } from './log-watch.worker.js';
import { OutcomesWorker } from './outcomes.worker.js';
import { PendingExchanges } from './pending-exchanges.js';
import { ReceiptChecker, unguarded, type LogGuard } from './receipts.js';
import { RefusalsService } from './refusals.service.js';
import { ReplyConsumer, type ReplyParts } from './reply.consumer.js';
import { StampsWorker } from './stamps.worker.js';
import { TakeoverService, type LoggedOutcomes } from './takeover.service.js';
import { UnopenedConsumer } from './unopened.consumer.js';

export interface ExchangeDependencies {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly database: Database;
  readonly registry: Omit<ReplyParts['registry'], 'manifestStatement'> & {
    readonly manifestStatement: Statement | undefined;
    onChange(listener: (view: RegistryView) => void): () => void;
  };
  readonly keys: KeyRing;
  /** vkeys of `trust.json`. */
  readonly logs: readonly NoteKey[];
  readonly log: LoggedOutcomes;
  readonly events: ExchangeEvents;
  /** Absent in specs only. */
  readonly guard?: LogGuard;
  /** Absent in specs only. */
  readonly openings?: OpeningSealer;
  /** Absent: what needs a link is not sent. */
  readonly links?: LinkTickets;
  /** Absent: what has a contract is not sent. */
  readonly contracts?: ContractChecks;
}

export interface ExchangeModuleSettings {
  readonly instanceId: InstanceId;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly marginMs: number;
  readonly rowGraceMs: number;
  readonly keepRowsMs: number;
  readonly maxUnreceiptedStamps: number;
  /** Without a receipt for this long, while statements wait for one, nothing is accepted. */
  readonly logSilentMs: number;
  readonly outcomesEveryMs: number;
  readonly outcomesAfterMs: number;
}

const START_RETRY_MS = 500;

/** The exchange feature, wired: one object per part, in the order in which a request meets them. */
export class ExchangeModule {
  readonly pending = new PendingExchanges();
  /** Refusals that are only counted; the edge adds its own. */
  readonly tally = new RefusalTally();
  readonly store: ExchangeStore;
  readonly database: DatabaseHealth;
  readonly keys: ConsumerKeys;
  readonly pulse: LogPulse;
  readonly stamps: StampsWorker;
  readonly logWatch: LogWatch;
  readonly replies: ReplyConsumer;
  readonly takeover: TakeoverService;
  readonly exchanges: ExchangeService;
  readonly sweeps: Sweeps;
  readonly outcomes: OutcomesWorker;
  private readonly refusals: RefusalsWorker;
  private readonly unopened: UnopenedConsumer;
  private stopListening: () => void = () => undefined;
  /** Set while the reply topic is being subscribed to, or is. */
  private hearingStarted = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;

  constructor(
    private readonly deps: ExchangeDependencies,
    private readonly settings: ExchangeModuleSettings,
  ) {
    const { bus, clock, registry, events, logs, log, guard = unguarded, openings = noOpenings, links = noLinks } = deps;
    const { maxInFlight, instanceId } = settings;
    this.store = new ExchangeStore(deps.database, maxInFlight * 2);
    this.database = new DatabaseHealth(this.store, clock);
    this.keys = new ConsumerKeys(deps.keys, instanceId, registry);
    this.pulse = new LogPulse(clock);
    const { pending, store, pulse, database, keys } = this;
    const stampFailed = (cause: unknown) => events.failed('stamp', cause);
    this.stamps = new StampsWorker(bus, pulse, clock, settings.maxUnreceiptedStamps, stampFailed);
    const { stamps } = this;
    this.replies = new ReplyConsumer({
      bus,
      pending,
      stamps,
      pulse,
      registry,
      events,
      clock,
      receipts: new ReceiptChecker(logs, guard),
    });
    const { replies } = this;
    const manifest = () => registry.manifestStatement;
    const hearing = () => replies.hearing();
    this.logWatch = new LogWatch({ pulse, stamps, manifest, hearing, clock }, settings.logSilentMs);
    this.takeover = new TakeoverService(store, log, keys, registry, events, clock);
    this.sweeps = new Sweeps((details) => events.alarm('subject-sweep', details));
    const shared = { registry, keys, database, store, events, clock, limits: new Limits(this.sweeps) };
    const delivery = new DeliveryService({
      ...shared,
      bus,
      sessions: new SealingSessions(),
      openings,
      pending,
      stamps,
      pulse,
      rowGraceMs: settings.rowGraceMs,
    });
    const idempotency = new IdempotencyService(store, database, this.takeover, events, clock);
    const contracts = deps.contracts ?? new ContractChecks('', () => undefined);
    const refusals = new RefusalsService(keys, stamps, events, clock, this.tally);
    this.exchanges = new ExchangeService(
      { ...shared, replies, log: this.logWatch, guard, delivery, idempotency, refusals, links, contracts },
      { ...settings, fingerprintKey: deps.keys.secret(instanceId) },
    );
    this.refusals = new RefusalsWorker(
      { tally: this.tally, stamps, bus, events, clock, hearing: () => replies.hearing() },
      instanceId,
      () => instanceSigner(registry.current(), registry.manifestStatement, deps.keys, instanceId),
    );
    this.unopened = new UnopenedConsumer({ ...shared, bus, openings, instanceId });
    this.outcomes = new OutcomesWorker(store, stamps, hearing, events, clock, {
      everyMs: settings.outcomesEveryMs,
      afterMs: settings.outcomesAfterMs,
      keepRowsMs: settings.keepRowsMs,
    });
  }

  /** Begins to follow the registry; hears replies as soon as a snapshot names this instance's topic. */
  start(): void {
    const { registry } = this.deps;
    this.stopListening = registry.onChange((view) => this.adopt(view));
    const view = registry.current();
    if (view !== undefined) this.adopt(view);
    this.outcomes.start();
    this.refusals.start();
    this.logWatch.start();
  }

  /** No exchange waits any longer: each is failed, its row says so, and the next start brings it to the log. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    this.stopListening();
    await this.unopened.stop();
    await this.outcomes.stop();
    await this.refusals.stop();
    this.logWatch.stop();
    this.stamps.stop();
    this.database.stop();
    await this.replies.stop();
    await this.store.flushed();
  }

  private adopt(view: RegistryView): void {
    const { events, clock } = this.deps;
    for (const { consumer, reason } of this.keys.adopt(view, clock.now())) events.alarm(reason, { consumer });
    this.replies.adopted();
    this.unopened.adopt(view);
    const topic = view.instanceEntry(this.settings.instanceId)?.reply;
    if (topic !== undefined) this.hear(topic);
  }

  private hear(topic: string): void {
    if (this.hearingStarted || this.isClosed) return;
    this.hearingStarted = true;
    this.replies.start(topic).catch((cause: unknown) => {
      this.deps.events.failed('reply-start', cause);
      this.hearingStarted = false;
      this.retry = setTimeout(() => this.hear(topic), START_RETRY_MS);
    });
  }
}
