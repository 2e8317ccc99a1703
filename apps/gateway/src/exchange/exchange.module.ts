import type { Bus } from '#bus';
import type { Clock, InstanceId } from '#kernel';
import type { Database } from '#postgres';
import type { KeyRing } from '#signing';
import type { RegistryView } from '#snapshot';
import type { NoteKey } from '#tlog';
import { ConsumerKeys, type ManifestTime } from './consumer-keys.js';
import { DatabaseHealth } from './database-health.worker.js';
import { DeliveryService } from './delivery.service.js';
import type { ExchangeEvents } from './exchange-events.js';
import { ExchangeService } from './exchange.service.js';
import { ExchangeStore } from './exchange.store.js';
import { IdempotencyService } from './idempotency.service.js';
import { OutcomesWorker } from './outcomes.worker.js';
import { PendingExchanges } from './pending-exchanges.js';
import { ReceiptChecker } from './receipts.js';
import { RefusalsService } from './refusals.service.js';
import { ReplyConsumer, type ReplyParts } from './reply.consumer.js';
import { SealingSessions } from './sealing-sessions.js';
import { StampsWorker } from './stamps.worker.js';
import { TakeoverService, type LoggedOutcomes } from './takeover.service.js';

export interface ExchangeDependencies {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly database: Database;
  readonly registry: ReplyParts['registry'] &
    ManifestTime & { onChange(listener: (view: RegistryView) => void): () => void };
  readonly keys: KeyRing;
  /** vkeys of `trust.json`. */
  readonly logs: readonly NoteKey[];
  readonly log: LoggedOutcomes;
  readonly events: ExchangeEvents;
}

export interface ExchangeModuleSettings {
  readonly instanceId: InstanceId;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly marginMs: number;
  readonly rowGraceMs: number;
  readonly keepRowsMs: number;
  readonly maxUnreceiptedStamps: number;
  readonly outcomesEveryMs: number;
  readonly outcomesAfterMs: number;
}

const START_RETRY_MS = 500;

/** The exchange feature, wired: one object per part, in the order in which a request meets them. */
export class ExchangeModule {
  readonly pending = new PendingExchanges();
  readonly store: ExchangeStore;
  readonly database: DatabaseHealth;
  readonly keys: ConsumerKeys;
  readonly stamps: StampsWorker;
  readonly replies: ReplyConsumer;
  readonly takeover: TakeoverService;
  readonly exchanges: ExchangeService;
  readonly outcomes: OutcomesWorker;
  private stopListening: () => void = () => undefined;
  /** Set while the reply topic is being subscribed to, or is. */
  private hearingStarted = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;

  constructor(
    private readonly deps: ExchangeDependencies,
    private readonly settings: ExchangeModuleSettings,
  ) {
    const { bus, clock, registry, events, logs, log } = deps;
    const { maxInFlight, instanceId } = settings;
    this.store = new ExchangeStore(deps.database, maxInFlight * 2);
    this.database = new DatabaseHealth(this.store);
    this.keys = new ConsumerKeys(deps.keys, instanceId, registry);
    this.stamps = new StampsWorker(bus, clock, settings.maxUnreceiptedStamps, (cause) => events.failed('stamp', cause));
    const { pending, store, stamps, database, keys } = this;
    this.replies = new ReplyConsumer({
      bus,
      pending,
      stamps,
      registry,
      events,
      clock,
      receipts: new ReceiptChecker(logs),
    });
    const { replies } = this;
    this.takeover = new TakeoverService(store, log, keys, registry, events, clock);
    const delivery = new DeliveryService({
      bus,
      store,
      database,
      keys,
      sessions: new SealingSessions(),
      pending,
      stamps,
      events,
      clock,
      rowGraceMs: settings.rowGraceMs,
    });
    const idempotency = new IdempotencyService(store, database, this.takeover, events, clock);
    const refusals = new RefusalsService(keys, stamps, events, clock);
    this.exchanges = new ExchangeService(
      { registry, replies, keys, database, store, delivery, idempotency, refusals, events, clock },
      { ...settings, fingerprintKey: deps.keys.secret(instanceId) },
    );
    this.outcomes = new OutcomesWorker(store, stamps, () => replies.hearing(), events, clock, {
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
  }

  /** No exchange waits any longer: each is failed, its row says so, and the next start brings it to the log. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    this.stopListening();
    await this.outcomes.stop();
    this.stamps.stop();
    this.database.stop();
    await this.replies.stop();
    await this.store.flushed();
  }

  private adopt(view: RegistryView): void {
    const { events, clock } = this.deps;
    for (const { consumer, reason } of this.keys.adopt(view, clock.now())) events.alarm(reason, { consumer });
    this.replies.adopted();
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
