import { LRUCache } from 'lru-cache';
import { transientRefusals } from '#access';
import type { ReceivedRecord } from '#bus';
import { decode, ReceiptsSchema, type Leaf, type Receipts } from '#contracts';
import { exchangeIdFromBytes, toHex } from '#kernel';
import { openNote, verifyInclusion, type Checkpoint, type NoteKey } from '#tlog';
import type { LogWatcher } from '#log-watch';
import type { ReceiptBook } from './receipt-book.js';

/** What a receipt record may do wrong; each is worth an alarm, none stops the next record. */
export type ReceiptAlarm =
  'receipts-malformed' | 'receipts-note' | 'receipts-proof' | 'receipt-conflict' | 'stamp-refused';

/**
 * Reads receipts of the sequencer. A leaf counts only if its path leads to the root of a checkpoint that a log key of
 * `trust.json` signed: the operator of log and broker is not believed.
 */
export class ReceiptConsumer {
  /** A batch shares one note, and re-sent stamps repeat it: each is verified once. */
  private readonly notes = new LRUCache<string, Checkpoint>({ max: 256 });

  constructor(
    private readonly book: ReceiptBook,
    private readonly logs: readonly NoteKey[],
    private readonly alarm: (reason: ReceiptAlarm, details: Readonly<Record<string, unknown>>) => void,
    /** Absent in specs only. */
    private readonly guard?: Pick<LogWatcher, 'seen' | 'distrusts'>,
  ) {}

  take(record: ReceivedRecord): void {
    const receipts = decodeReceipts(record.value);
    if (receipts === undefined) {
      this.alarm('receipts-malformed', { offset: String(record.offset) });
      return;
    }
    const proven = receipts.leaves.filter((leaf) => leaf.refused === '');
    for (const leaf of receipts.leaves) if (leaf.refused !== '') this.takeRefusal(leaf);
    // A log that contradicts itself proves nothing: who waits for a receipt of it goes on waiting (promise 1).
    if (proven.length === 0 || this.guard?.distrusts() === true) return;
    const checkpoint = this.open(receipts.note);
    if (checkpoint === undefined) {
      this.alarm('receipts-note', { offset: String(record.offset) });
      return;
    }
    for (const leaf of proven) this.takeLeaf(checkpoint, leaf);
  }

  private takeLeaf(checkpoint: Checkpoint, leaf: Leaf): void {
    const exchangeId = exchangeIdFromBytes(leaf.exchangeId);
    if (exchangeId === undefined) return;
    if (!verifyInclusion(leaf.leafHash, Number(leaf.index), checkpoint.size, leaf.path, checkpoint.root))
      this.alarm('receipts-proof', { exchangeId });
    else if (this.book.receipt({ exchangeId, slot: leaf.slot, signer: leaf.signer }, toHex(leaf.leafHash)) > 0)
      this.alarm('receipt-conflict', { exchangeId });
  }

  /** Unsigned words: they only ever hold something back. */
  private takeRefusal(leaf: Leaf): void {
    if (transientRefusals.has(leaf.refused)) return;
    this.book.refusal(toHex(leaf.leafHash));
    this.alarm('stamp-refused', {
      exchangeId: exchangeIdFromBytes(leaf.exchangeId),
      reason: leaf.refused.slice(0, 64),
    });
  }

  private open(note: Uint8Array): Checkpoint | undefined {
    const key = Buffer.from(note).toString('latin1');
    const known = this.notes.get(key);
    if (known !== undefined) return known;
    const opened = openNote(note, this.logs);
    if (!opened.ok) return undefined;
    this.guard?.seen(opened.value, note);
    this.notes.set(key, opened.value);
    return opened.value;
  }
}

function decodeReceipts(value: Uint8Array): Receipts | undefined {
  try {
    const receipts = decode(ReceiptsSchema, value);
    // No bytes at all are a message, too, but receipts for nothing are none.
    return receipts.leaves.length > 0 ? receipts : undefined;
  } catch {
    // Bytes that are no Receipts: the caller alarms.
    return undefined;
  }
}
