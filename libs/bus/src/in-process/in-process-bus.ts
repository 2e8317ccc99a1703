import { systemClock, type Clock } from '#kernel';
import type { TopicSpec } from '#contracts';
import type { BatchSubscription, Bus, BusState, EachSubscription, OutgoingRecord, Subscription } from '../bus.js';
import { busErrors } from '../bus.errors.js';
import { ConsumerGroup } from './consumer-group.js';
import { InProcessSubscription } from './in-process-subscription.js';
import { PartitionLog } from './topic-log.js';

export interface InProcessBusOptions {
  /** What one partition keeps at most; the oldest records go first. Compacted topics are bounded by their keys. */
  readonly maxPartitionBytes?: number;
  /** What `stop` of a subscription waits for its handlers at most. */
  readonly drainTimeoutMs?: number;
  readonly clock?: Clock;
}

/**
 * The bus inside one process: for unit tests and for the sandbox without Java. It behaves as Kafka does (one contract
 * spec for both), but nothing of it outlives the process: no durability, and no protection against the process itself.
 */
export function createInProcessBus(options: InProcessBusOptions = {}): Bus {
  return new InProcessBus({
    clock: systemClock,
    maxPartitionBytes: 64 * 1024 * 1024,
    drainTimeoutMs: 10_000,
    ...options,
  });
}

class InProcessBus implements Bus {
  private readonly topics = new Map<string, PartitionLog[]>();
  private readonly groups = new Map<string, ConsumerGroup>();
  private readonly subscriptions = new Set<InProcessSubscription>();
  private closed = false;

  constructor(private readonly options: Required<InProcessBusOptions>) {}

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.requireOpen();
    // All or nothing: the whole call is looked up before the first record is stored.
    const targets = records.map((record) => ({ record, log: this.logOf(record.topic, record.partition) }));
    await Promise.resolve();
    const nowMs = this.options.clock.now();
    for (const { record, log } of targets) log.append(record, nowMs);
  }

  async subscribe(options: EachSubscription | BatchSubscription): Promise<Subscription> {
    this.requireOpen();
    for (const topic of options.topics) this.logOf(topic, 0);
    const subscription = new InProcessSubscription(
      options,
      this.groupOf(options.group),
      (topic, partition) => this.logOf(topic, partition),
      this.options.drainTimeoutMs,
    );
    this.subscriptions.add(subscription);
    return subscription.start();
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    this.requireOpen();
    for (const spec of topics) {
      if (this.topics.has(spec.name)) continue;
      const partitions = Array.from({ length: spec.partitions }, (_, partition) => partition);
      this.topics.set(
        spec.name,
        partitions.map((partition) => new PartitionLog(spec, partition, this.options.maxPartitionBytes)),
      );
    }
    return Promise.resolve();
  }

  async endOffset(topic: string, partition: number): Promise<bigint> {
    this.requireOpen();
    return Promise.resolve(this.logOf(topic, partition).endOffset);
  }

  async earliestOffset(topic: string, partition: number): Promise<bigint> {
    this.requireOpen();
    return Promise.resolve(this.logOf(topic, partition).startOffset);
  }

  isReachable(): Promise<boolean> {
    return Promise.resolve(!this.closed);
  }

  state(): BusState {
    return { queuedCalls: 0, queuedBytes: 0, subscriptions: [...this.subscriptions].map((one) => one.state()) };
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.subscriptions].map((subscription) => subscription.stop()));
  }

  private groupOf(name: string): ConsumerGroup {
    const known = this.groups.get(name);
    if (known !== undefined) return known;
    const group = new ConsumerGroup((topic) => this.topics.get(topic)?.length ?? 0);
    this.groups.set(name, group);
    return group;
  }

  private logOf(topic: string, partition: number): PartitionLog {
    const log = this.topics.get(topic)?.[partition];
    if (log === undefined) throw busErrors.error('bus-topic-unknown', { details: { topic, partition } });
    return log;
  }

  private requireOpen(): void {
    if (this.closed) throw busErrors.error('bus-closed');
  }
}
