import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, ITopicConfig, Kafka } from 'kafkajs';
import type { TopicSpec } from '#contracts';
import type { AppError } from '#kernel';
import { busErrors } from '../bus.errors.js';
import type { BusLogger } from '../logger.js';
import { IMPATIENT } from './kafka-client.js';
import { classify, toBusError } from './kafka-failure.js';
import { steadyMs } from './steady-time.js';
import { withTimeout } from './with-timeout.js';

const CALL_TIMEOUT_MS = 10_000;
const MAX_ATTEMPTS = 3;
const RETRY_MS = 50;
const LEADER_TIMEOUT_MS = 10_000;
const LEADER_POLL_MS = 25;
const TOPICS_PER_CALL = 50;
/** A topic that is unknown or not ours is asked for again after this time: a stream of bad records is none of calls. */
const UNKNOWN_FOR_MS = 250;
const MAX_UNKNOWN = 1_000;

/** A look-up that found nothing: there is no such topic, or the broker does not let us know. */
interface Vain {
  /** By the steady clock. */
  readonly atMs: number;
  readonly denied: AppError | undefined;
}

export interface OffsetRange {
  readonly earliest: bigint;
  readonly end: bigint;
}

/**
 * Topics, partitions and offsets, asked of the broker. The connection is made at first use and made anew after an error:
 * kafkajs' client keeps asking for a topic that has been deleted, and then fails at everything else, too.
 */
export class KafkaAdmin {
  private connected: Promise<Admin> | undefined;
  private readonly partitionCounts = new Map<string, number>();
  private readonly vain = new Map<string, Vain>();
  private readonly lookups = new Map<string, Promise<number | undefined>>();

  constructor(
    private readonly kafka: Kafka,
    private readonly logger: BusLogger,
  ) {}

  /** Partition count, if it is known without asking. */
  knownPartitions(topic: string): number | undefined {
    return this.partitionCounts.get(topic);
  }

  /** Partition count, or undefined if there is no such topic. Rejects when the broker does not answer. */
  partitionsOf(topic: string): Promise<number | undefined> {
    const known = this.partitionCounts.get(topic);
    if (known !== undefined) return Promise.resolve(known);
    const vain = this.vain.get(topic);
    if (vain !== undefined && steadyMs() - vain.atMs < UNKNOWN_FOR_MS)
      return vain.denied === undefined ? Promise.resolve(undefined) : Promise.reject(vain.denied);
    const running = this.lookups.get(topic);
    if (running !== undefined) return running;
    const lookup = this.lookUp(topic).finally(() => this.lookups.delete(topic));
    this.lookups.set(topic, lookup);
    return lookup;
  }

  /** The topic may have gone: the next use asks again. */
  forget(topic: string): void {
    this.partitionCounts.delete(topic);
  }

  async offsets(topic: string): Promise<ReadonlyMap<number, OffsetRange>> {
    const found = await this.call((admin) => admin.fetchTopicOffsets(topic));
    return new Map(
      found.map(({ partition, low, high }) => [partition, { earliest: BigInt(low), end: BigInt(high) }] as const),
    );
  }

  async ping(timeoutMs: number): Promise<boolean> {
    const answered = this.callOnce((admin) => admin.describeCluster()).then(
      () => true,
      () => false,
    );
    return withTimeout(answered, timeoutMs, () => false);
  }

  /** Creates what is missing, then waits until every partition has a leader: before that it answers "unknown topic". */
  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    const existing = new Set(await this.call((admin) => admin.listTopics()));
    const missing = specs.filter(({ name }) => !existing.has(name));
    for (let start = 0; start < missing.length; start += TOPICS_PER_CALL) {
      await this.create(missing.slice(start, start + TOPICS_PER_CALL));
    }
    const deadlineMs = steadyMs() + LEADER_TIMEOUT_MS;
    for (const spec of missing) await this.waitForLeaders(spec, deadlineMs);
  }

  async close(): Promise<void> {
    const connected = this.connected;
    this.connected = undefined;
    await connected?.then((admin) => admin.disconnect()).catch(() => undefined);
  }

  private async create(specs: readonly TopicSpec[]): Promise<void> {
    try {
      await this.call((admin) => admin.createTopics({ topics: specs.map(topicConfig), waitForLeaders: false }));
    } catch (cause) {
      const { reason, kind } = classify(cause);
      if (kind === 'denied') throw toBusError(cause);
      throw busErrors.error('bus-topic-not-created', { cause, details: { reason, first: specs[0]?.name } });
    }
    this.logger.info({ topics: specs.length }, 'topics created');
  }

  private async waitForLeaders(spec: TopicSpec, deadlineMs: number): Promise<void> {
    while (steadyMs() < deadlineMs) {
      this.vain.delete(spec.name);
      // A broker that has not heard of the topic yet may also answer with an error that is none.
      const partitions = await this.partitionsOf(spec.name).catch(() => undefined);
      if (partitions !== undefined && partitions >= spec.partitions && (await this.answersFor(spec.name))) return;
      this.forget(spec.name);
      await delay(LEADER_POLL_MS);
    }
    throw busErrors.error('bus-topic-not-created', { details: { reason: 'no leader', first: spec.name } });
  }

  /** The metadata names a leader before its partitions take records: asking for their offsets asks the leader itself. */
  private answersFor(topic: string): Promise<boolean> {
    return this.offsets(topic).then(
      () => true,
      () => false,
    );
  }

  private async lookUp(topic: string): Promise<number | undefined> {
    try {
      const { topics } = await this.call((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
      const partitions = topics.find(({ name }) => name === topic)?.partitions ?? [];
      if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) {
        this.partitionCounts.set(topic, partitions.length);
        this.vain.delete(topic);
        return partitions.length;
      }
    } catch (cause) {
      const failure = classify(cause);
      const isBadName = failure.reason === 'INVALID_TOPIC_EXCEPTION';
      if (failure.kind === 'denied') this.remember(topic, toBusError(cause));
      if (failure.kind !== 'unknown-topic' && !isBadName) throw cause;
    }
    this.remember(topic, undefined);
    return undefined;
  }

  private remember(topic: string, denied: AppError | undefined): void {
    if (this.vain.size >= MAX_UNKNOWN) this.vain.clear();
    this.vain.set(topic, { atMs: steadyMs(), denied });
  }

  /** Everything asked here may be asked twice; so an answer that got lost costs a retry, not the caller's work. */
  async call<Value>(ask: (admin: Admin) => Promise<Value>): Promise<Value> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.callOnce(ask);
      } catch (cause) {
        if (attempt === MAX_ATTEMPTS || classify(cause).kind !== 'unavailable') throw cause;
        await delay(RETRY_MS);
      }
    }
  }

  private async callOnce<Value>(ask: (admin: Admin) => Promise<Value>): Promise<Value> {
    const connected = (this.connected ??= this.connect());
    try {
      return await withTimeout(connected.then(ask), CALL_TIMEOUT_MS, () => {
        throw busErrors.error('bus-unavailable', { details: { reason: 'admin call timed out' } });
      });
    } catch (cause) {
      if (this.connected === connected) {
        this.connected = undefined;
        void connected.then((admin) => admin.disconnect()).catch(() => undefined);
      }
      throw toBusError(cause);
    }
  }

  private async connect(): Promise<Admin> {
    const admin = this.kafka.admin({ retry: IMPATIENT });
    await admin.connect();
    return admin;
  }
}

function topicConfig(spec: TopicSpec): ITopicConfig {
  const entries: Record<string, string> = {
    'retention.ms': String(spec.retentionMs),
    'cleanup.policy': spec.compacted === true ? 'compact' : 'delete',
    // The broker unpacks what a producer packed and measures it then: kafkajs inflates gzip without any bound, and
    // crashes again and again at a batch packed otherwise, so one such batch would stop a reader for ever.
    'compression.type': 'uncompressed',
  };
  if (spec.retentionBytes !== undefined) entries['retention.bytes'] = String(spec.retentionBytes);
  if (spec.brokerTime === true) entries['message.timestamp.type'] = 'LogAppendTime';
  if (spec.maxMessageBytes !== undefined) entries['max.message.bytes'] = String(spec.maxMessageBytes);
  return {
    topic: spec.name,
    numPartitions: spec.partitions,
    configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
  };
}
