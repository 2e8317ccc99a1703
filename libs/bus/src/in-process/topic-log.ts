import type { TopicSpec } from '#contracts';
import type { OutgoingRecord, ReceivedRecord } from '../bus.js';

/** One partition of one topic in memory: bounded by the topic's retention, by bytes, and by key where it is compacted. */
export class PartitionLog {
  /** In offset order. Compaction leaves gaps, as on a real broker. */
  private records: ReceivedRecord[] = [];
  private nextOffset = 0n;
  private bytes = 0;
  private readonly newestByKey = new Map<string, ReceivedRecord>();
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly spec: TopicSpec,
    private readonly partition: number,
    private readonly maxBytes: number,
  ) {}

  get endOffset(): bigint {
    return this.nextOffset;
  }

  append(record: OutgoingRecord, nowMs: number): void {
    const stored: ReceivedRecord = {
      topic: this.spec.name,
      partition: this.partition,
      offset: this.nextOffset,
      timestampMs: nowMs,
      // Copies: what a sender does with its buffers afterwards is no reader's concern, as over a network.
      key: record.key === undefined ? null : Buffer.from(record.key),
      value: record.value === null ? Buffer.alloc(0) : Buffer.from(record.value),
      headers: headersOf(record),
    };
    this.nextOffset += 1n;
    this.records.push(stored);
    this.bytes += sizeOf(stored);
    if (this.spec.compacted === true) this.compact(stored);
    else this.trim(nowMs);
    for (const listener of this.listeners) listener();
  }

  /** Up to `max` records from `offset` on; what retention or compaction has taken is passed over. */
  read(offset: bigint, max: number): ReceivedRecord[] {
    const start = this.indexOf(offset);
    return this.records.slice(start, start + max);
  }

  get startOffset(): bigint {
    return this.records[0]?.offset ?? this.nextOffset;
  }

  onAppend(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private compact(newest: ReceivedRecord): void {
    if (newest.key === null) return;
    const key = newest.key.toString('latin1');
    const superseded = this.newestByKey.get(key);
    this.newestByKey.set(key, newest);
    if (superseded === undefined) return;
    this.records.splice(this.indexOf(superseded.offset), 1);
    this.bytes -= sizeOf(superseded);
  }

  private trim(nowMs: number): void {
    const oldestMs = this.spec.retentionMs < 0 ? -Infinity : nowMs - this.spec.retentionMs;
    const maxBytes = Math.min(this.maxBytes, this.spec.retentionBytes ?? Infinity);
    let dropped = 0;
    for (const record of this.records) {
      if (this.bytes <= maxBytes && record.timestampMs >= oldestMs) break;
      this.bytes -= sizeOf(record);
      dropped += 1;
    }
    if (dropped > 0) this.records.splice(0, dropped);
  }

  private indexOf(offset: bigint): number {
    let low = 0;
    let high = this.records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.records[middle]?.offset ?? offset) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function sizeOf(record: ReceivedRecord): number {
  return record.value.length + (record.key?.length ?? 0) + 64;
}

function headersOf(record: OutgoingRecord): Record<string, readonly string[]> {
  const entries = Object.entries(record.headers ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'string' ? [value] : [...value]]));
}
