import { setTimeout as delay } from 'node:timers/promises';
import { deadLetterRecord, type Bus, type ReceivedRecord, type Subscription } from '#bus';
import type { Clock } from '#kernel';
import { fixedTopics } from '#contracts';
import { readSealedOpening } from '#openings';
import { openingErrors } from './openings.errors.js';
import type { ArrivedOpening, InboxStore } from './inbox.store.js';
import type { OpeningFlaw } from './opening-flaw.js';

export interface OpeningConsumerParts {
  readonly bus: Bus;
  readonly inbox: InboxStore;
  readonly clock: Clock;
  readonly processId: string;
  /** Openings that may wait; beyond it the topic keeps them. */
  readonly maxWaiting: number;
  readonly arrived: (openings: number) => void;
  readonly flawed: (flaw: OpeningFlaw, openings: number) => void;
  readonly failed: (cause: unknown) => void;
}

const MAX_BATCH = 1_000;
const RETRY_MS = 500;

/** Takes openings off the bus into the inbox, unopened; a batch is settled when it is committed there. */
export class OpeningConsumer {
  private subscription: Subscription | undefined;
  private joining: Promise<void> = Promise.resolve();
  private isStopped = false;
  /** Rows of the inbox, counted now and then and guessed in between; written by `take`. */
  private waiting = 0;
  private sinceCount = Infinity;

  constructor(private readonly parts: OpeningConsumerParts) {}

  /** Reads as soon as there is something to read: the registry makes the topic. */
  start(): void {
    this.joining = this.join();
  }

  /** For `/ready`. */
  get isAssigned(): boolean {
    return this.subscription?.isAssigned() === true;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.joining;
    await this.subscription?.stop();
  }

  private async join(): Promise<void> {
    const { bus, inbox, processId, failed } = this.parts;
    while (!this.isStopped && this.subscription === undefined) {
      try {
        this.subscription = await bus.subscribe({
          topics: [fixedTopics.opening.name],
          group: `feedback.opening.${processId}`,
          startAt: { kind: 'stored', nextOffset: (_topic, partition) => inbox.nextOffset(partition) },
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
    // Our clock and not the record's: its sender chose that.
    const nowMs = this.parts.clock.now();
    for (const [partition, own] of Map.groupBy(records, (record) => record.partition)) {
      const last = own.at(-1);
      if (last === undefined) continue;
      const openings = own.flatMap((record) => arrivedOpening(record, nowMs) ?? []);
      const taken = new Set(openings.map(({ offset }) => offset));
      await this.putAway(own.filter(({ offset }) => !taken.has(offset)));
      await this.parts.inbox.take(partition, openings, last.offset + 1n);
      this.parts.arrived(openings.length);
    }
  }

  /** Who may write to the topic could fill the database with openings of leaves that never come. */
  private async makeRoom(arriving: number): Promise<void> {
    const { inbox, maxWaiting } = this.parts;
    this.sinceCount += arriving;
    if (this.sinceCount > maxWaiting / 10 || this.waiting + this.sinceCount > maxWaiting) {
      this.waiting = await inbox.size();
      this.sinceCount = arriving;
    }
    if (this.waiting + arriving > maxWaiting)
      throw openingErrors.error('opening-inbox-full', { details: { waiting: this.waiting } });
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
