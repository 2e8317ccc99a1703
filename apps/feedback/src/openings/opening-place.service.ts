import { hash } from 'node:crypto';
import type { Bus, ReceivedRecord } from '#bus';
import { fixedTopics } from '#contracts';
import type { InboxStore } from './inbox.store.js';

/** `anew`: it is another topic than the one that was read. `truncated`: it has lost what was not read. */
export interface TopicBreak {
  readonly trouble: 'anew' | 'truncated';
  readonly partition: number;
  /** Where reading was left. */
  readonly left: bigint;
  /** Where it begins now: at the oldest record. */
  readonly begins: bigint;
}

/** The last record that was taken, which has to come again before anything is read behind it. */
interface Mark {
  readonly offset: bigint;
  readonly hash: Buffer;
}

/** Where the partitions ended at that time. */
interface TopicEnd {
  readonly atMs: number;
  readonly ends: ReadonlyMap<number, bigint>;
}

const { name: TOPIC } = fixedTopics.opening;

/**
 * Where this process stands on each partition of the topic of openings, and whether that is still the topic that was read
 * before: offsets of one that was made anew mean nothing, and reading on from them would pass over its first records. It
 * promises an alarm for each break, and that reading begins at the oldest record then. A topic that is made anew and grows
 * as long within one fetch, while it is read, is not told from the one before until reading starts again.
 */
export class OpeningPlaces {
  /** Next offset of each partition; written by `resume` and `settle`. */
  private readonly next = new Map<number, bigint>();
  private readonly marks = new Map<number, Mark>();
  /** What reading comes to next, as far as anybody asked; written by `takenUntil`, as is the next, and by `resume`. */
  private ahead: TopicEnd | undefined;
  private takenUntilMs = -Infinity;

  constructor(
    private readonly bus: Pick<Bus, 'endOffset' | 'earliestOffset'>,
    private readonly inbox: Pick<InboxStore, 'readTo' | 'beginAt'>,
    private readonly broken: (trouble: TopicBreak) => void,
  ) {}

  /** Where to read from: the record before the first that is wanted, to be recognised, or the first. */
  async resume(partition: number): Promise<bigint> {
    const { bus, inbox } = this;
    const [earliest, end] = [await bus.earliestOffset(TOPIC, partition), await bus.endOffset(TOPIC, partition)];
    const { nextOffset, lastHash } = await inbox.readTo(partition);
    this.marks.delete(partition);
    // Of a topic that was made anew the old end means nothing.
    this.ahead = undefined;
    const isNew = lastHash === undefined && nextOffset === 0n;
    const trouble = isNew ? undefined : nextOffset > end ? 'anew' : nextOffset < earliest ? 'truncated' : undefined;
    if (trouble !== undefined) await this.beginAnew(trouble, partition, nextOffset, earliest);
    const from = trouble !== undefined || isNew ? earliest : nextOffset;
    this.next.set(partition, from);
    if (trouble !== undefined || lastHash === undefined || nextOffset <= earliest) return from;
    this.marks.set(partition, { offset: nextOffset - 1n, hash: lastHash });
    return nextOffset - 1n;
  }

  /**
   * Records of one partition without the one that was to be recognised, and where their reader stood before them.
   * Undefined: they do not go on from there, and reading has to be resumed.
   */
  async unbroken(
    partition: number,
    records: readonly ReceivedRecord[],
  ): Promise<{ readonly from: bigint; readonly fresh: readonly ReceivedRecord[] } | undefined> {
    const from = this.next.get(partition);
    if (from === undefined) return undefined;
    const mark = this.marks.get(partition);
    const [first] = records;
    if (mark !== undefined && first?.offset === mark.offset) {
      if (!hashOf(first).equals(mark.hash)) {
        await this.beginAnew('anew', partition, from, await this.bus.earliestOffset(TOPIC, partition));
        return undefined;
      }
      return { from, fresh: records.slice(1) };
    }
    if (first === undefined || first.offset === from) return { from, fresh: records };
    // A gap is a marker of the broker's own, unless the topic begins behind it.
    const isGap = first.offset > from && (await this.bus.earliestOffset(TOPIC, partition)) <= from;
    return isGap ? { from, fresh: records } : undefined;
  }

  /** Everything before that offset is committed. */
  settle(partition: number, next: bigint): void {
    this.next.set(partition, next);
    this.marks.delete(partition);
  }

  /**
   * A time until which all that came into these partitions is committed, as far as asking shows: the time of asking if
   * reading is at the end, else one of before. Under steady traffic it moves with each call, and lags by one.
   */
  async takenUntil(nowMs: number, partitions: readonly number[]): Promise<number> {
    if (this.ahead !== undefined && !this.isTaken(this.ahead)) return this.takenUntilMs;
    this.takenUntilMs = this.ahead?.atMs ?? this.takenUntilMs;
    this.ahead = { atMs: nowMs, ends: await this.endsOf(partitions) };
    if (this.isTaken(this.ahead)) this.takenUntilMs = nowMs;
    return this.takenUntilMs;
  }

  private async endsOf(partitions: readonly number[]): Promise<Map<number, bigint>> {
    const ends = partitions.map(async (partition) => [partition, await this.bus.endOffset(TOPIC, partition)] as const);
    return new Map(await Promise.all(ends));
  }

  private isTaken({ ends }: TopicEnd): boolean {
    return [...ends].every(([partition, end]) => (this.next.get(partition) ?? -1n) >= end);
  }

  private async beginAnew(
    trouble: TopicBreak['trouble'],
    partition: number,
    left: bigint,
    begins: bigint,
  ): Promise<void> {
    // Of processes that meet it at once, one tells.
    if (await this.inbox.beginAt(partition, left, begins)) this.broken({ trouble, partition, left, begins });
  }
}

/** By which a record is known again. */
export function hashOf({ value, timestampMs }: ReceivedRecord): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${timestampMs}\0`), value]), 'buffer');
}
