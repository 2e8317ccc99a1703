import { Partitioners, type Kafka, type Message, type Producer, type TopicMessages } from 'kafkajs';
import { Coalescer, type AppError } from '#kernel';
import type { OutgoingRecord } from '../bus.js';
import { busErrors } from '../bus.errors.js';
import type { BusLogger } from '../logger.js';
import type { KafkaAdmin } from './kafka-admin.js';
import { IMPATIENT } from './kafka-client.js';
import { classify, toBusError } from './kafka-failure.js';
import { steadyMs } from './steady-time.js';

export interface PublisherLimits {
  /** One produce request at most: records and bytes (`kafka.md` §2). One larger record alone is let through. */
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
  /** What waits for its turn at most, in calls and bytes; beyond it `publish` rejects with `bus-overloaded`. */
  readonly maxQueuedCalls: number;
  readonly maxQueuedBytes: number;
}

interface Call {
  readonly records: readonly OutgoingRecord[];
  readonly bytes: number;
}
type CallOutcome = AppError | undefined;

/** Kafka's own bytes around a record, generously. */
const RECORD_OVERHEAD = 80;

/**
 * Sends coalesced produce requests, one in flight. `idempotent: false` on purpose: kafkajs' idempotent producer loses
 * acknowledged messages when one acknowledgement is lost (`kafka.md` §2); duplicates are our readers' daily bread.
 */
export class KafkaPublisher {
  private readonly queue: Coalescer<Call, CallOutcome>;
  private queuedBytes = 0;
  private connected: Promise<Producer> | undefined;
  /** When the last request was acknowledged, by the steady clock. */
  lastAcknowledgedMs = -Infinity;

  constructor(
    private readonly kafka: Kafka,
    private readonly admin: KafkaAdmin,
    private readonly limits: PublisherLimits,
    private readonly logger: BusLogger,
  ) {
    this.queue = new Coalescer((calls) => this.send(calls), {
      maxItems: limits.maxBatchRecords,
      maxWeight: 1,
      // A share of the larger of the two limits: sums stay below both.
      weigh: ({ records, bytes }) => Math.max(records.length / limits.maxBatchRecords, bytes / limits.maxBatchBytes),
      maxQueued: limits.maxQueuedCalls,
      overflow: () => busErrors.error('bus-overloaded', { details: { reason: 'too many calls' } }),
    });
  }

  async connect(): Promise<void> {
    await this.producer().catch((cause: unknown) => {
      throw toBusError(cause);
    });
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    // Before the queue, so that a topic nobody knows can neither reject nor delay anybody else's records.
    for (const { topic, partition } of records) {
      const partitions = this.admin.knownPartitions(topic) ?? (await this.admin.partitionsOf(topic));
      // kafkajs drops records of a partition that it does not know without a word.
      if (partitions === undefined || partition >= partitions || partition < 0) throw unknownTopic(topic, partition);
    }
    const call = { records, bytes: sizeOf(records) };
    if (this.queuedBytes > 0 && this.queuedBytes + call.bytes > this.limits.maxQueuedBytes) {
      throw busErrors.error('bus-overloaded', { details: { reason: 'too many bytes' } });
    }
    this.queuedBytes += call.bytes;
    const failure = await this.queue.add(call).finally(() => (this.queuedBytes -= call.bytes));
    if (failure !== undefined) throw failure;
  }

  /** What waits for the request under way, and the bytes of both. */
  get backlog(): { readonly queuedCalls: number; readonly queuedBytes: number } {
    return { queuedCalls: this.queue.queued, queuedBytes: this.queuedBytes };
  }

  /** Resolves when everything that was accepted has been sent or refused, and the connection is closed. */
  async close(): Promise<void> {
    await this.queue.idle();
    const connected = this.connected;
    this.connected = undefined;
    await connected?.then((producer) => producer.disconnect()).catch(() => undefined);
  }

  private async send(calls: readonly Call[]): Promise<CallOutcome[]> {
    try {
      const producer = await this.producer();
      await producer.sendBatch({ acks: -1, topicMessages: topicMessagesOf(calls) });
      this.lastAcknowledgedMs = steadyMs();
      return calls.map(() => undefined);
    } catch (cause) {
      return this.recover(calls, cause);
    }
  }

  private async recover(calls: readonly Call[], cause: unknown): Promise<CallOutcome[]> {
    const failure = classify(cause);
    this.logger.warn({ reason: failure.reason, calls: calls.length }, 'produce request failed');
    if (failure.isClientStale) this.dropProducer();
    if (failure.kind === 'unavailable' || failure.kind === 'tls') return calls.map(() => toBusError(cause));
    if (failure.kind === 'unknown-topic') return this.withoutUnknownTopics(calls, cause);
    // One bad record rejects the whole request: halve it until the bad one stands alone. The halves go one after the
    // other, so the order within a partition holds; what the first try stored is stored twice, as after a lost answer.
    if (calls.length === 1) {
      // Asked for anew before the next record for it, instead of halving again.
      if (failure.kind === 'denied') for (const topic of topicsOf(calls)) this.admin.forget(topic);
      return [toBusError(cause)];
    }
    const middle = calls.length >>> 1;
    const first = await this.send(calls.slice(0, middle));
    return [...first, ...(await this.send(calls.slice(middle)))];
  }

  /** A topic was deleted under us: only those who name it are told so. */
  private async withoutUnknownTopics(calls: readonly Call[], cause: unknown): Promise<CallOutcome[]> {
    const topics = topicsOf(calls);
    for (const topic of topics) this.admin.forget(topic);
    const gone = new Set<string>();
    for (const topic of topics) {
      const partitions = await this.admin.partitionsOf(topic).catch(() => 0);
      if (partitions === undefined) gone.add(topic);
    }
    const isSound = ({ records }: Call): boolean => records.every(({ topic }) => !gone.has(topic));
    const sound = calls.filter(isSound);
    if (sound.length === calls.length) return calls.map(() => toBusError(cause));
    const outcomes = sound.length === 0 ? [] : await this.send(sound);
    return calls.map((call) => (isSound(call) ? outcomes[sound.indexOf(call)] : toBusError(cause)));
  }

  private producer(): Promise<Producer> {
    this.connected ??= this.open().catch((cause: unknown) => {
      this.connected = undefined;
      throw cause;
    });
    return this.connected;
  }

  private async open(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: false,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: IMPATIENT,
    });
    await producer.connect();
    return producer;
  }

  private dropProducer(): void {
    const stale = this.connected;
    this.connected = undefined;
    void stale?.then((producer) => producer.disconnect()).catch(() => undefined);
  }
}

function topicsOf(calls: readonly Call[]): string[] {
  return [...new Set(calls.flatMap(({ records }) => records.map(({ topic }) => topic)))];
}

function topicMessagesOf(calls: readonly Call[]): TopicMessages[] {
  const byTopic = new Map<string, Message[]>();
  for (const { records } of calls) {
    for (const record of records) {
      const messages = byTopic.get(record.topic);
      if (messages === undefined) byTopic.set(record.topic, [messageOf(record)]);
      else messages.push(messageOf(record));
    }
  }
  return [...byTopic].map(([topic, messages]) => ({ topic, messages }));
}

function messageOf({ partition, key, value, headers }: OutgoingRecord): Message {
  const message: Message = { partition, value: value === null ? null : asBuffer(value) };
  if (key !== undefined) message.key = typeof key === 'string' ? key : asBuffer(key);
  if (headers !== undefined) {
    const entries = Object.entries(headers);
    message.headers = Object.fromEntries(entries.map(([n, v]) => [n, typeof v === 'string' ? v : [...v]]));
  }
  return message;
}

/** A view, not a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function sizeOf(records: readonly OutgoingRecord[]): number {
  let bytes = 0;
  for (const { key, value, headers } of records) {
    bytes += RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
    for (const entry of Object.values(headers ?? {})) {
      bytes += typeof entry === 'string' ? entry.length : entry.reduce((sum, text) => sum + text.length, 0);
    }
  }
  return bytes;
}

function unknownTopic(topic: string, partition: number): AppError {
  return busErrors.error('bus-topic-unknown', { details: { topic, partition } });
}
