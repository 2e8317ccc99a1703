import { setTimeout as delay } from 'node:timers/promises';
import type { BatchSubscription, EachSubscription, StartAt, Subscription, SubscriptionState } from '../bus.js';
import { busErrors } from '../bus.errors.js';
import { Dispatcher } from '../delivery/dispatcher.js';
import { PartitionLane } from '../delivery/partition-lane.js';
import type { ConsumerGroup, GroupMember } from './consumer-group.js';
import type { PartitionLog } from './topic-log.js';

const POSITION_RETRY_MS = 100;
const RECORDS_PER_READ = 500;

type StoredStart = Extract<StartAt, { kind: 'stored' }>;

interface Reading {
  readonly lane: PartitionLane;
  readonly log: PartitionLog;
  readonly unlisten: () => void;
  /** Next offset to read; undefined until `startAt` has been resolved. */
  position: bigint | undefined;
  /** A read is already on its way. */
  scheduled: boolean;
}

/** A subscription on the in-process bus: one reader per partition that its group gives it. */
export class InProcessSubscription implements Subscription, GroupMember {
  private readonly readings = new Map<string, Reading>();
  private readonly dispatcher: Dispatcher;
  private stopped: Promise<void> | undefined;
  /** Positions being looked up; `ready` waits for them. */
  private positioning: Promise<void>[] = [];

  constructor(
    private readonly options: EachSubscription | BatchSubscription,
    private readonly group: ConsumerGroup,
    private readonly logOf: (topic: string, partition: number) => PartitionLog,
    private readonly drainTimeoutMs: number,
  ) {
    this.dispatcher = new Dispatcher(options, (lane) => {
      if (options.startAt.kind === 'committed') this.commit(lane);
      this.schedule(lane);
    });
  }

  get topics(): readonly string[] {
    return this.options.topics;
  }

  /** Joins the group; resolves when every partition given to it has its starting position. */
  async start(): Promise<this> {
    this.group.join(this);
    await Promise.all(this.positioning);
    return this;
  }

  lastFetchAtMs(): number {
    return Date.now();
  }

  lastAnswerAtMs(): number {
    return Date.now();
  }

  isAssigned(): boolean {
    return this.readings.size > 0;
  }

  state(): SubscriptionState {
    const partitions = [...this.readings.values()].map(({ lane, position }) => ({
      topic: lane.topic,
      partition: lane.partition,
      position,
      unsettled: lane.unsettled,
    }));
    return {
      topics: this.options.topics,
      isAssigned: this.isAssigned(),
      lastFetchAtMs: this.lastFetchAtMs(),
      replaced: 0,
      replacedAtMs: undefined,
      partitions,
    };
  }

  stop(): Promise<void> {
    this.stopped ??= this.leave();
    return this.stopped;
  }

  assign(partitions: readonly { topic: string; partition: number }[]): void {
    const wanted = new Set(partitions.map(({ topic, partition }) => `${topic}/${partition}`));
    for (const [id, reading] of this.readings) if (!wanted.has(id)) this.closeReading(id, reading);
    for (const { topic, partition } of partitions) {
      if (!this.readings.has(`${topic}/${partition}`)) this.openReading(topic, partition);
    }
  }

  private async leave(): Promise<void> {
    await this.dispatcher.stop(this.drainTimeoutMs);
    if (this.options.startAt.kind === 'committed') for (const { lane } of this.readings.values()) this.commit(lane);
    this.group.leave(this);
  }

  private openReading(topic: string, partition: number): void {
    const lane = new PartitionLane(topic, partition, this.options.maxInFlight);
    const log = this.logOf(topic, partition);
    const unlisten = log.onAppend(() => this.schedule(lane));
    const reading: Reading = { lane, log, unlisten, position: undefined, scheduled: false };
    this.readings.set(`${topic}/${partition}`, reading);
    this.dispatcher.open(lane);
    this.positioning.push(this.position(reading));
  }

  private closeReading(id: string, reading: Reading): void {
    reading.unlisten();
    this.dispatcher.closeLane(reading.lane);
    this.readings.delete(id);
  }

  /** Until it is known, nothing is read; a stored offset that could not be had is asked for again. */
  private async position(reading: Reading): Promise<void> {
    while (reading.position === undefined && !reading.lane.closed) {
      try {
        reading.position = await this.startOf(reading);
      } catch (cause) {
        this.options.onError(cause, []);
        await delay(POSITION_RETRY_MS);
      }
    }
    this.schedule(reading.lane);
  }

  private startOf({ lane, log }: Reading): bigint | Promise<bigint> {
    const { startAt } = this.options;
    if (startAt.kind === 'latest') return log.endOffset;
    if (startAt.kind === 'earliest') return log.startOffset;
    if (startAt.kind === 'stored') return this.storedStart(lane, log, startAt);
    return this.group.committedOffset(lane.topic, lane.partition) ?? log.startOffset;
  }

  private async storedStart(lane: PartitionLane, log: PartitionLog, startAt: StoredStart): Promise<bigint> {
    const stored = await startAt.nextOffset(lane.topic, lane.partition);
    if (stored <= log.endOffset) return stored;
    const details = { topic: lane.topic, partition: lane.partition, stored: String(stored) };
    throw busErrors.error('bus-offset-beyond-end', { details: { ...details, end: String(log.endOffset) } });
  }

  /** Reading happens in a later task: a publisher is never inside a reader's handler. */
  private schedule(lane: PartitionLane): void {
    const reading = this.readings.get(`${lane.topic}/${lane.partition}`);
    if (reading === undefined || reading.lane !== lane || reading.scheduled || lane.room === 0) return;
    reading.scheduled = true;
    setImmediate(() => {
      reading.scheduled = false;
      this.read(reading);
    });
  }

  private read(reading: Reading): void {
    const { lane, log, position } = reading;
    if (position === undefined || lane.closed) return;
    const records = log.read(position, Math.min(lane.room, RECORDS_PER_READ));
    const last = records.at(-1);
    if (last === undefined) return;
    reading.position = last.offset + 1n;
    this.dispatcher.offer(lane, records);
    this.schedule(lane);
  }

  private commit(lane: PartitionLane): void {
    if (lane.lowWater !== undefined && !lane.closed) this.group.commit(lane.topic, lane.partition, lane.lowWater);
  }
}
