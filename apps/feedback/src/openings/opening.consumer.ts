import { deadLetterRecord, type Bus, type ReceivedRecord, type Subscription } from '#bus';
import { fixedTopics } from '#contracts';
import { openingErrors } from './openings.errors.js';
import type { ArrivedOpening, InboxStore } from './inbox.store.js';
import { parseSealedOpening, type OpeningFlaw } from './sealed-opening.js';

export interface OpeningConsumerParts {
  readonly bus: Bus;
  readonly inbox: InboxStore;
  readonly processId: string;
  /** Openings that may wait; beyond it the topic keeps them. */
  readonly maxWaiting: number;
  readonly arrived: (openings: number) => void;
  readonly flawed: (flaw: OpeningFlaw) => void;
  readonly failed: (cause: unknown) => void;
}

const MAX_BATCH = 1_000;

/** Takes openings off the bus into the inbox, unopened; a batch is settled when it is committed there. */
export class OpeningConsumer {
  private subscription: Subscription | undefined;
  /** Rows of the inbox, counted now and then and guessed in between; written by `take`. */
  private waiting = 0;
  private sinceCount = Infinity;

  constructor(private readonly parts: OpeningConsumerParts) {}

  async start(): Promise<void> {
    const { bus, inbox, processId, failed } = this.parts;
    this.subscription = await bus.subscribe({
      topics: [fixedTopics.opening.name],
      group: `feedback.opening.${processId}`,
      startAt: { kind: 'stored', nextOffset: (_topic, partition) => inbox.nextOffset(partition) },
      maxInFlight: MAX_BATCH * 2,
      maxBatch: MAX_BATCH,
      onError: failed,
      batch: (records) => this.take(records),
    });
  }

  /** For `/ready`. */
  get isAssigned(): boolean {
    return this.subscription?.isAssigned() === true;
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  private async take(records: readonly ReceivedRecord[]): Promise<void> {
    await this.makeRoom(records.length);
    for (const [partition, own] of Map.groupBy(records, (record) => record.partition)) {
      const last = own.at(-1);
      if (last === undefined) continue;
      const openings = own.flatMap((record) => arrivedOpening(record) ?? []);
      const taken = new Set(openings.map(({ offset }) => offset));
      await this.putAway(own.filter(({ offset }) => !taken.has(offset)));
      await this.parts.inbox.take(partition, openings, { offset: last.offset + 1n, atMs: last.timestampMs });
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
    for (const _ of records) this.parts.flawed('opening-malformed');
  }
}

function arrivedOpening({ value, offset, timestampMs }: ReceivedRecord): ArrivedOpening | undefined {
  const parsed = parseSealedOpening(value);
  if (parsed?.content === undefined) return undefined;
  return { statement: parsed.statementHash, kid: parsed.content.kid, value, offset, atMs: timestampMs };
}
