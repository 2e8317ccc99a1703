import type { TopicSpec } from '#contracts';
import type { BatchSubscription, Bus, BusState, EachSubscription, OutgoingRecord, Subscription } from '../bus.js';
import { busErrors } from '../bus.errors.js';
import { silentLogger, type BusLogger } from '../logger.js';
import { KafkaAccess } from './kafka-access.js';
import { KafkaAdmin, type OffsetRange } from './kafka-admin.js';
import { createKafka, ENDURING } from './kafka-client.js';
import type { KafkaPlace } from './kafka-place.js';
import { KafkaPublisher } from './kafka-publisher.js';
import { KafkaSubscription, type SubscriptionSettings } from './kafka-subscription.js';
import { KafkaTls, refusePlaintext } from './kafka-tls.js';
import { epochMs } from './steady-time.js';

export interface KafkaBusOptions extends KafkaPlace, Partial<SubscriptionSettings> {
  readonly clientId: string;
  readonly logger?: BusLogger;
  readonly connectionTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly maxBatchRecords?: number;
  readonly maxBatchBytes?: number;
  readonly maxQueuedCalls?: number;
  readonly maxQueuedBytes?: number;
}

const MEBIBYTE = 1024 * 1024;

/** Every default is a rule of `kafka.md` §2 or a bound that must exist (`design.md` §7). */
const DEFAULTS = {
  connectionTimeoutMs: 3_000,
  requestTimeoutMs: 3_000,
  maxBatchRecords: 1_000,
  maxBatchBytes: MEBIBYTE / 2,
  maxQueuedCalls: 20_000,
  maxQueuedBytes: 64 * MEBIBYTE,
  sessionTimeoutMs: 6_000,
  heartbeatIntervalMs: 500,
  rebalanceTimeoutMs: 6_000,
  fetchMaxWaitMs: 250,
  fetchMaxBytes: 10 * MEBIBYTE,
  fetchMaxBytesPerPartition: MEBIBYTE,
  watchdogMs: 10_000,
  commitIntervalMs: 250,
  startTimeoutMs: 30_000,
  drainTimeoutMs: 10_000,
};

const REACHABLE_FOR_MS = 3_000;
const PING_TIMEOUT_MS = 2_000;

/**
 * Connects to Apache Kafka; rejects with `bus-unavailable` if no broker answers, with `bus-tls-refused` if broker and
 * process do not believe each other, and at once if its own files cannot be used.
 */
export async function connectKafkaBus(options: KafkaBusOptions): Promise<Bus> {
  const bus = new KafkaBus(options);
  try {
    await bus.connect();
  } catch (cause) {
    await bus.close();
    throw cause;
  }
  return bus;
}

class KafkaBus implements Bus {
  /** For consumers. */
  private readonly kafka;
  private readonly settings;
  private readonly logger: BusLogger;
  private readonly admin: KafkaAdmin;
  private readonly publisher: KafkaPublisher;
  private readonly subscriptions = new Set<KafkaSubscription>();
  private closed: Promise<void> | undefined;
  readonly access: KafkaAccess;

  constructor(options: KafkaBusOptions) {
    this.settings = { ...DEFAULTS, ...options };
    this.logger = options.logger ?? silentLogger;
    const { tls: files, brokers, isPlaintextAllowed = false } = options;
    if (files === undefined) refusePlaintext(brokers, isPlaintextAllowed, this.logger);
    const tls = files === undefined ? undefined : new KafkaTls(files, this.logger);
    const client = { ...this.settings, tls, logger: this.logger };
    this.kafka = createKafka(client, ENDURING);
    const kafka = createKafka(client);
    this.admin = new KafkaAdmin(kafka, this.logger);
    this.access = new KafkaAccess(this.admin);
    this.publisher = new KafkaPublisher(kafka, this.admin, this.settings, this.logger);
  }

  connect(): Promise<void> {
    return this.publisher.connect();
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.requireOpen();
    await this.publisher.publish(records);
  }

  async subscribe(options: EachSubscription | BatchSubscription): Promise<Subscription> {
    this.requireOpen();
    const forget = (subscription: KafkaSubscription): boolean => this.subscriptions.delete(subscription);
    const { kafka, admin, settings, logger } = this;
    const subscription = new KafkaSubscription({ kafka, admin, settings, logger, onStopped: forget }, options);
    this.subscriptions.add(subscription);
    return subscription.start();
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    this.requireOpen();
    await this.admin.ensureTopics(topics);
  }

  async endOffset(topic: string, partition: number): Promise<bigint> {
    return (await this.offsets(topic, partition)).end;
  }

  async earliestOffset(topic: string, partition: number): Promise<bigint> {
    return (await this.offsets(topic, partition)).earliest;
  }

  async isReachable(): Promise<boolean> {
    if (this.closed !== undefined) return false;
    const fetches = [...this.subscriptions].map((subscription) => subscription.lastAnswerAtMs());
    const newestMs = Math.max(epochMs(this.publisher.lastAcknowledgedMs), ...fetches);
    return Date.now() - newestMs < REACHABLE_FOR_MS || this.admin.ping(PING_TIMEOUT_MS);
  }

  state(): BusState {
    return { ...this.publisher.backlog, subscriptions: [...this.subscriptions].map((one) => one.state()) };
  }

  close(): Promise<void> {
    this.closed ??= this.shutDown();
    return this.closed;
  }

  /** Handlers first: what they still publish while they end is sent. */
  private async shutDown(): Promise<void> {
    await Promise.all([...this.subscriptions].map((subscription) => subscription.stop()));
    await this.publisher.close();
    await this.admin.close();
  }

  private async offsets(topic: string, partition: number): Promise<OffsetRange> {
    this.requireOpen();
    const range = (await this.admin.offsets(topic)).get(partition);
    if (range === undefined) throw busErrors.error('bus-topic-unknown', { details: { topic, partition } });
    return range;
  }

  private requireOpen(): void {
    if (this.closed !== undefined) throw busErrors.error('bus-closed');
  }
}
