import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import type { BatchSubscription, EachSubscription } from '../bus.js';
import type { PartitionLane } from '../delivery/partition-lane.js';
import type { Dispatcher } from '../delivery/dispatcher.js';
import type { BusLogger } from '../logger.js';
import type { KafkaAdmin } from './kafka-admin.js';
import { ENDURING } from './kafka-client.js';
import type { LaneSet, TopicPartition } from './lane-set.js';
import { receivedRecord } from './received-record.js';
import { startingOffset } from './starting-offset.js';
import { steadyMs } from './steady-time.js';
import { withTimeout } from './with-timeout.js';

export interface SessionSettings {
  /** As the broker knows it. */
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  /** How long the broker holds a fetch that has nothing; also what a pause or a stop may take. */
  readonly fetchMaxWaitMs: number;
  readonly fetchMaxBytes: number;
  readonly fetchMaxBytesPerPartition: number;
}

/** What a session borrows from its subscription. */
export interface SessionParts {
  readonly admin: KafkaAdmin;
  readonly lanes: LaneSet;
  readonly dispatcher: Dispatcher;
  readonly logger: BusLogger;
}

const CLOSE_TIMEOUT_MS = 5_000;
const POSITION_RETRY_MS = 200;

/**
 * One kafkajs consumer in one group, from joining to its end. No business work happens in its fetch loop: `eachBatch`
 * hands the records to their lane and returns, and a full lane pauses its partition.
 */
export class GroupSession {
  private readonly consumer: Consumer;
  private readonly admin: KafkaAdmin;
  private readonly lanes: LaneSet;
  private readonly dispatcher: Dispatcher;
  private readonly logger: BusLogger;
  private memberId: string | undefined;
  private assigned = false;
  /** The last join gave us partitions. */
  private hasShare = false;
  /** Counts assignments; a position that was looked up for an older one is dropped. */
  private generation = 0;
  /** All lanes have their position: from the next fetch on nothing is missed. */
  private isPositioned = false;
  /** A fetch that counts for `ready` has started. */
  private isFirstFetchUnderWay = false;
  private readonly readiness = Promise.withResolvers<undefined>();
  private readonly end = Promise.withResolvers<undefined>();
  private readonly committed = new Map<PartitionLane, bigint>();
  private over = false;
  /** When the last fetch loop ended, by the steady clock; kafkajs counts one that met a closed connection, too. */
  lastFetchMs = steadyMs();
  /** When the broker last answered anything, by the steady clock. */
  lastAnswerMs: number | undefined;

  constructor(
    kafka: Kafka,
    { admin, lanes, dispatcher, logger }: SessionParts,
    private readonly options: EachSubscription | BatchSubscription,
    settings: SessionSettings,
  ) {
    this.admin = admin;
    this.lanes = lanes;
    this.dispatcher = dispatcher;
    this.logger = logger;
    this.consumer = kafka.consumer({
      groupId: settings.groupId,
      sessionTimeout: settings.sessionTimeoutMs,
      heartbeatInterval: settings.heartbeatIntervalMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      maxWaitTimeInMs: settings.fetchMaxWaitMs,
      maxBytes: settings.fetchMaxBytes,
      maxBytesPerPartition: settings.fetchMaxBytesPerPartition,
      allowAutoTopicCreation: false,
      // Nobody here uses transactions: one that a stranger leaves open must hide nothing that comes after it.
      readUncommitted: true,
      // A crash ends this consumer; the subscription makes a new one, whatever kafkajs thinks of the error.
      retry: { ...ENDURING, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  /** Resolves after the first fetch that started with every partition in its place. */
  get ready(): Promise<unknown> {
    return this.readiness.promise;
  }

  /** Resolves when the consumer has crashed or was closed. */
  get ended(): Promise<unknown> {
    return this.end.promise;
  }

  hasEnded(): boolean {
    return this.over;
  }

  isAssigned(): boolean {
    return this.assigned && !this.hasEnded();
  }

  async open(): Promise<void> {
    const { events } = this.consumer;
    this.consumer.on(events.GROUP_JOIN, (event) => this.joined(event));
    this.consumer.on(events.REBALANCING, () => this.rebalancing());
    // kafkajs tells of a rebalance also when a broker that has just started is no coordinator yet. If its join fails then,
    // the next heartbeat finds us a member of the same generation, and no join comes.
    this.consumer.on(events.HEARTBEAT, () => (this.assigned = this.hasShare && !this.over));
    this.consumer.on(events.CRASH, () => this.finish());
    this.consumer.on(events.FETCH_START, () => (this.isFirstFetchUnderWay ||= this.isPositioned));
    this.consumer.on(events.FETCH, () => this.fetched());
    this.consumer.on(events.REQUEST, () => (this.lastAnswerMs = steadyMs()));
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 1,
      eachBatch: (payload) => this.take(payload),
    });
  }

  /** Commits the low-water marks that have moved. A failure is no loss: the records come again. */
  async commit(): Promise<void> {
    if (this.options.startAt.kind !== 'committed' || !this.isAssigned()) return;
    const moved = [...this.lanes.all()].flatMap((lane) => {
      const { lowWater } = lane;
      return lowWater === undefined || this.committed.get(lane) === lowWater ? [] : [{ lane, lowWater }];
    });
    if (moved.length === 0) return;
    try {
      await this.consumer.commitOffsets(
        moved.map(({ lane: { topic, partition }, lowWater }) => ({ topic, partition, offset: String(lowWater) })),
      );
      for (const { lane, lowWater } of moved) this.committed.set(lane, lowWater);
    } catch (cause) {
      const error = cause instanceof Error ? cause.name : 'unknown';
      this.logger.warn({ group: this.options.group, error }, 'offsets could not be committed');
    }
  }

  resume(lane: PartitionLane): void {
    if (this.hasEnded()) return;
    lane.paused = false;
    this.consumer.resume([{ topic: lane.topic, partitions: [lane.partition] }]);
  }

  async close(): Promise<void> {
    this.finish();
    await withTimeout(
      this.consumer.disconnect().catch(() => undefined),
      CLOSE_TIMEOUT_MS,
      () => this.logger.warn({ group: this.options.group }, 'consumer did not close in time'),
    );
  }

  private finish(): void {
    this.over = true;
    this.assigned = false;
    this.end.resolve(undefined);
  }

  private fetched(): void {
    this.lastFetchMs = steadyMs();
    if (this.isFirstFetchUnderWay) this.readiness.resolve(undefined);
  }

  /** Sent before we join anew on the same connection, so the partitions' next owners start behind what is settled. */
  private rebalancing(): void {
    void this.commit();
    this.assigned = false;
  }

  /** Runs inside kafkajs' join, before its next fetch: every pause and seek made here holds for that fetch. */
  private joined({ payload: { memberId, memberAssignment } }: ConsumerGroupJoinEvent): void {
    if (this.hasEnded()) return;
    const partitions: TopicPartition[] = Object.entries(memberAssignment).flatMap(([topic, numbers]) =>
      numbers.map((partition) => ({ topic, partition })),
    );
    const { kept, fresh } = this.lanes.assign(partitions, memberId === this.memberId);
    this.memberId = memberId;
    this.generation += 1;
    this.hasShare = partitions.length > 0;
    this.assigned = this.hasShare;
    this.isPositioned = false;
    for (const lane of kept) {
      this.seek(lane, lane.nextOffset ?? 0n);
      if (lane.hasRoom) this.resume(lane);
      else this.pause(lane);
    }
    if (this.options.startAt.kind === 'committed') {
      this.isPositioned = true;
      return;
    }
    for (const lane of fresh) this.pause(lane);
    void this.positionAll(fresh, this.generation);
  }

  private async positionAll(lanes: readonly PartitionLane[], generation: number): Promise<void> {
    for (const lane of lanes) {
      while (generation === this.generation && !this.hasEnded()) {
        try {
          const offset = await startingOffset(lane, this.options.startAt, this.admin, this.logger);
          if (generation !== this.generation || this.hasEnded()) return;
          this.seek(lane, offset);
          // Known from now on: if this consumer dies before the first record, the next one goes on from here.
          lane.nextOffset ??= offset;
          this.resume(lane);
          break;
        } catch (cause) {
          this.options.onError(cause, []);
          await delay(POSITION_RETRY_MS);
        }
      }
    }
    if (generation === this.generation) this.isPositioned = true;
  }

  private seek(lane: PartitionLane, offset: bigint): void {
    this.consumer.seek({ topic: lane.topic, partition: lane.partition, offset: String(offset) });
  }

  private pause(lane: PartitionLane): void {
    lane.paused = true;
    this.consumer.pause([{ topic: lane.topic, partitions: [lane.partition] }]);
  }

  private take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { topic, partition, messages } = batch;
    const lane = this.lanes.get(topic, partition);
    // Not resolved: what nobody took is fetched again.
    if (lane === undefined || this.hasEnded() || payload.isStale()) return Promise.resolve();
    payload.resolveOffset(batch.lastOffset());
    this.dispatcher.offer(
      lane,
      messages.map((message) => receivedRecord(topic, partition, message)),
    );
    if (lane.isFull) this.pause(lane);
    return Promise.resolve();
  }
}
