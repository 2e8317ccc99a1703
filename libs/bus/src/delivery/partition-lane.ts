import type { ReceivedRecord } from '../bus.js';

/** A record in a lane; `record` is let go when it is settled, so that one slow record holds no other's bytes. */
export interface LaneEntry {
  readonly offset: bigint;
  record: ReceivedRecord | undefined;
}

/** Settled entries kept behind one unsettled record, at most; the lane takes nothing more beyond it. */
const MAX_WINDOW = 50_000;
/** Bytes of unsettled records; one fetch (1 MiB of a partition, or one larger record) may lie beyond it. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * What we hold of one partition, in offset order: settled ‖ taken ‖ waiting. Its low-water mark is the only offset that
 * may ever be committed: everything before it is settled, so a crash repeats work and never skips any (`bus.md` §7).
 */
export class PartitionLane {
  private entries: LaneEntry[] = [];
  /** Index of the oldest entry that is not settled; moved by `settle`. */
  private settledTo = 0;
  /** Index of the oldest entry that no handler has; moved by `take`. */
  private takenTo = 0;
  private unsettledCount = 0;
  private unsettledBytes = 0;
  /** Offset to commit; undefined until something is settled. */
  private lowWaterMark: bigint | undefined;
  /** Offset after the last record appended; where reading goes on after a rebalance that left us the partition. */
  nextOffset: bigint | undefined;
  /** Set when the partition goes to another member: what is in flight ends, but counts for nothing here. */
  closed = false;
  /** Set by the adapter while it does not fetch this partition. */
  paused = false;

  constructor(
    readonly topic: string,
    readonly partition: number,
    private readonly capacity: number,
  ) {}

  append(records: readonly ReceivedRecord[]): void {
    for (const record of records) {
      this.entries.push({ offset: record.offset, record });
      this.unsettledBytes += record.value.length;
    }
    this.unsettledCount += records.length;
    const last = records.at(-1);
    if (last !== undefined) this.nextOffset = last.offset + 1n;
  }

  take(max: number): LaneEntry[] {
    const taken = this.entries.slice(this.takenTo, this.takenTo + max);
    this.takenTo += taken.length;
    return taken;
  }

  settle(entry: LaneEntry): void {
    this.unsettledBytes -= entry.record?.value.length ?? 0;
    this.unsettledCount -= 1;
    entry.record = undefined;
    let head = this.entries[this.settledTo];
    while (head !== undefined && head.record === undefined) {
      this.lowWaterMark = head.offset + 1n;
      this.settledTo += 1;
      head = this.entries[this.settledTo];
    }
    if (this.settledTo >= 1024 || this.settledTo === this.entries.length) this.compact();
  }

  /** Appended and not settled. */
  get unsettled(): number {
    return this.unsettledCount;
  }

  get hasWaiting(): boolean {
    return this.takenTo < this.entries.length;
  }

  get isFull(): boolean {
    return this.unsettledCount >= this.capacity || this.unsettledBytes >= MAX_BYTES || this.window >= MAX_WINDOW;
  }

  /** Half empty: reading may start again. Not at the first free place, or pause and resume would alternate per record. */
  get hasRoom(): boolean {
    const isHalfEmpty = this.unsettledCount <= this.capacity / 2 && this.unsettledBytes <= MAX_BYTES / 2;
    return isHalfEmpty && this.window < MAX_WINDOW;
  }

  /** How many records may be appended before the lane is full. */
  get room(): number {
    return Math.max(0, Math.min(this.capacity - this.unsettledCount, MAX_WINDOW - this.window));
  }

  get lowWater(): bigint | undefined {
    return this.lowWaterMark;
  }

  private get window(): number {
    return this.entries.length - this.settledTo;
  }

  private compact(): void {
    this.entries = this.entries.slice(this.settledTo);
    this.takenTo -= this.settledTo;
    this.settledTo = 0;
  }
}
