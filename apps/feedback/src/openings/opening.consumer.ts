import { setTimeout as delay } from 'node:timers/promises';
import { deadLetterRecord, type Bus, type ReceivedRecord, type Subscription } from '#bus';
import type { Clock } from '#kernel';
import { fixedTopics } from '#contracts';
import { readSealedOpening } from '#openings';
import { openingErrors } from './openings.errors.js';
import type { ArrivedOpening, InboxStore } from './inbox.store.js';
import type { OpeningFlaw } from './opening-flaw.js';
import { hashOf, OpeningPlaces, type TopicBreak } from './opening-place.service.js';

export interface OpeningConsumerParts {
  readonly bus: Bus;
  readonly inbox: InboxStore;
  readonly clock: Clock;
  readonly processId: string;
  /** Openings that may wait; beyond it those go whose leaf should have come, and the topic keeps the others. */
  readonly maxWaiting: number;
  /** Lets go of the oldest openings whose leaf is late although the log was read; how many they were. */
  readonly letGo: (limit: number) => Promise<number>;
  readonly arrived: (openings: number) => void;
  readonly flawed: (flaw: OpeningFlaw, openings: number) => void;
  readonly topicBroken: (trouble: TopicBreak) => void;
  readonly failed: (cause: unknown) => void;
}

const MAX_BATCH = 1_000;
const RETRY_MS = 500;
/** Of a full inbox this share is let go at once, so that it is not counted for each batch. */
const SPARE = 1 / 100;

/** Takes openings off the bus into the inbox, unopened; a batch is settled when it is committed there. */
export class OpeningConsumer {
  private subscription: Subscription | undefined;
  private joining: Promise<void> = Promise.resolve();
  private isStopped = false;
  private isResuming = false;
  private readonly places: OpeningPlaces;
  /** Rows of the inbox, counted now and then and guessed in between; written by `take`. */
  private waiting = 0;
  private sinceCount = Infinity;

  constructor(private readonly parts: OpeningConsumerParts) {
    this.places = new OpeningPlaces(parts.bus, parts.inbox, parts.topicBroken);
  }

  /** Reads as soon as there is something to read: the registry makes the topic. */
  start(): void {
    this.joining = this.join();
  }

  /** For `/ready`. */
  get isAssigned(): boolean {
    return this.subscription?.isAssigned() === true;
  }

  /** A time until which all openings that came to the topic are in the inbox; -Infinity: nobody knows. */
  async takenUntilMs(): Promise<number> {
    const state = this.subscription?.state();
    const partitions = state?.isAssigned === true ? state.partitions.map(({ partition }) => partition) : [];
    return partitions.length === 0 ? -Infinity : this.places.takenUntil(this.parts.clock.now(), partitions);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.joining;
    await this.subscription?.stop();
  }

  private async join(): Promise<void> {
    const { bus, processId, failed } = this.parts;
    while (!this.isStopped && this.subscription === undefined) {
      try {
        this.subscription = await bus.subscribe({
          topics: [fixedTopics.opening.name],
          group: `feedback.opening.${processId}`,
          startAt: { kind: 'stored', nextOffset: (_topic, partition) => this.places.resume(partition) },
          maxInFlight: MAX_BATCH * 2,
          maxBatch: MAX_BATCH,
          onError: failed,
          batch: (records) => this.take(records),
        });
      } catch (cause) {
        failed(cause);
        await delay(RETRY_MS);
      }
    }
  }

  private async take(records: readonly ReceivedRecord[]): Promise<void> {
    await this.makeRoom(records.length);
    for (const [partition, own] of Map.groupBy(records, (record) => record.partition)) {
      if (await this.takeOf(partition, own)) continue;
      this.resume();
      throw openingErrors.error('opening-topic-broken', { details: { partition } });
    }
  }

  /** False: these do not go on where reading was left. */
  private async takeOf(partition: number, records: readonly ReceivedRecord[]): Promise<boolean> {
    const { clock, inbox, arrived } = this.parts;
    const unbroken = await this.places.unbroken(partition, records);
    if (unbroken === undefined) return false;
    const { from, fresh } = unbroken;
    const last = fresh.at(-1);
    if (last !== undefined) {
      // Our clock and not the record's: its sender chose that.
      const nowMs = clock.now();
      const openings = fresh.flatMap((record) => arrivedOpening(record, nowMs) ?? []);
      const taken = new Set(openings.map(({ offset }) => offset));
      await this.putAway(fresh.filter(({ offset }) => !taken.has(offset)));
      const stretch = { partition, from, lastOffset: last.offset, lastHash: hashOf(last) };
      if (!(await inbox.take(stretch, openings))) return false;
      arrived(openings.length);
    }
    this.places.settle(partition, last === undefined ? from : last.offset + 1n);
    return true;
  }

  /** Asks again where to read from; apart from the batch that met the break, which ends with its subscription. */
  private resume(): void {
    if (this.isResuming) return;
    this.isResuming = true;
    const last = this.subscription;
    this.subscription = undefined;
    this.joining = Promise.resolve(last?.stop())
      .catch(this.parts.failed)
      .then(() => {
        this.isResuming = false;
        return this.join();
      });
  }

  /**
   * Who may write to the topic could fill the database with openings of leaves that never come. These are the first to
   * go when it is full: the leaf of a good one comes within seconds, so that it passes.
   */
  private async makeRoom(arriving: number): Promise<void> {
    const { inbox, maxWaiting } = this.parts;
    this.sinceCount += arriving;
    if (this.sinceCount > maxWaiting / 10 || this.waiting + this.sinceCount > maxWaiting) {
      this.waiting = await inbox.size();
      this.sinceCount = arriving;
    }
    if (this.waiting + arriving <= maxWaiting) return;
    await this.letGo(this.waiting + arriving - maxWaiting + maxWaiting * SPARE);
    if (this.waiting + arriving > maxWaiting)
      throw openingErrors.error('opening-inbox-full', { details: { waiting: this.waiting } });
  }

  private async letGo(wanted: number): Promise<void> {
    for (let gone = 0; gone < wanted;) {
      const batch = await this.parts.letGo(MAX_BATCH);
      this.waiting -= batch;
      gone += batch;
      if (batch < MAX_BATCH) return;
    }
  }

  /** Before its offset is stored: a crash in between puts it away twice. */
  private async putAway(records: readonly ReceivedRecord[]): Promise<void> {
    if (records.length === 0) return;
    const topic = fixedTopics.deadFeedback.name;
    await this.parts.bus.publish(records.map((record) => deadLetterRecord(topic, record, 'opening-malformed')));
    this.parts.flawed('opening-malformed', records.length);
  }
}

function arrivedOpening({ value, offset }: ReceivedRecord, nowMs: number): ArrivedOpening | undefined {
  const read = readSealedOpening(value);
  if (!read.ok) return undefined;
  return { statement: read.value.statementHash, kid: read.value.kid, value, offset, atMs: nowMs };
}
