import type { Leaf } from '#contracts';
import { exchangeIdFromBytes, toHex, type ExchangeId } from '#kernel';
import { openNote, verifyInclusion, type Checkpoint, type NoteKey, type NoteReason } from '#tlog';

/** A leaf whose place in a log that we trust was checked: signed note and inclusion path. */
export interface CheckedReceipt {
  readonly slot: string;
  readonly signer: string;
  readonly leafHash: Buffer;
  readonly index: number;
}

/** Intake says that it will not log this statement (`statements.md` §2): its sender alarms. */
export interface StampRefusal {
  readonly leafHash: Buffer;
  readonly refused: string;
}

/** Watches that the log which signs our receipts is the one that everybody is shown (`audit-log.md` §3.9). */
export interface LogGuard {
  /** A checkpoint whose note was verified just now. */
  seen(checkpoint: Checkpoint, note: Uint8Array): void;
  /** True while the log contradicts what is remembered of it: no receipt of it counts. */
  distrusts(): boolean;
}

/** For specs of other things. */
export const unguarded: LogGuard = { seen: () => undefined, distrusts: () => false };

/** The id that a leaf of a receipts record names, or undefined for what is no exchange of anybody. */
export function leafExchangeId(leaf: Leaf): ExchangeId | undefined {
  return exchangeIdFromBytes(leaf.exchangeId);
}

/**
 * Checks receipts against the log keys of `trust.json`; nothing inside a record is believed before. A batch shares one
 * note, and a note often comes twice (re-sent stamps): each is verified once.
 */
export class ReceiptChecker {
  private static readonly REMEMBERED = 128;
  /** Checkpoints of notes that were good, by their bytes, oldest first; written by `open`. */
  private readonly opened = new Map<string, Checkpoint>();

  constructor(
    private readonly logs: readonly NoteKey[],
    private readonly guard: LogGuard = unguarded,
  ) {}

  open(note: Uint8Array): Checkpoint | NoteReason | 'log-distrusted' {
    if (this.guard.distrusts()) return 'log-distrusted';
    const bytes = Buffer.from(note.buffer, note.byteOffset, note.byteLength).toString('latin1');
    const known = this.opened.get(bytes);
    if (known !== undefined) return known;
    const checkpoint = openNote(note, this.logs);
    if (!checkpoint.ok) return checkpoint.reason;
    this.guard.seen(checkpoint.value, note);
    this.opened.set(bytes, checkpoint.value);
    for (const oldest of this.opened.keys()) {
      if (this.opened.size <= ReceiptChecker.REMEMBERED) break;
      this.opened.delete(oldest);
    }
    return checkpoint.value;
  }
}

/** The leaf as a checked receipt, or undefined if its path does not lead to the checkpoint's root. */
export function checkLeaf(checkpoint: Checkpoint, leaf: Leaf): CheckedReceipt | undefined {
  const index = Number(leaf.index);
  const isIn = verifyInclusion(leaf.leafHash, index, checkpoint.size, leaf.path, checkpoint.root);
  return isIn ? { slot: leaf.slot, signer: leaf.signer, leafHash: Buffer.from(leaf.leafHash), index } : undefined;
}

/** A leaf's identity in maps. */
export function leafKey(leafHash: Uint8Array): string {
  return toHex(leafHash);
}
