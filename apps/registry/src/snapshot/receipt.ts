import { decode, encode, message, ReceiptsSchema, type Leaf, type Receipts } from '#contracts';
import { bytesEqual } from '#kernel';
import { openNote, verifyInclusion, type NoteKey } from '#tlog';

/** What may be wrong with a record on our reply topic; neither stops the next. */
export const RECEIPT_ALARMS = ['malformed', 'unproven'] as const;
export type ReceiptAlarm = (typeof RECEIPT_ALARMS)[number];

/** What a record on our reply topic says about one of our leaves. */
export type ReceiptOutcome =
  /** `receipt`: for whoever has to see it, too. */
  | { readonly kind: 'logged'; readonly leafHash: Uint8Array; readonly index: number; readonly receipt: Uint8Array }
  | { readonly kind: 'refused'; readonly leafHash: Uint8Array; readonly reason: string }
  /** Claims what it cannot prove: an alarm, and nothing follows from it. */
  | { readonly kind: 'unproven'; readonly leafHash: Uint8Array };

/**
 * Reads receipts and believes only what it has checked: the note by the log keys of `trust.json`, the leaf by its
 * inclusion proof. Undefined for bytes that are no receipts.
 */
export function readReceipts(value: Uint8Array, logKeys: readonly NoteKey[]): ReceiptOutcome[] | undefined {
  const receipts = decodeReceipts(value);
  if (receipts === undefined) return undefined;
  const note = openNote(receipts.note, logKeys);
  return receipts.leaves.map((leaf): ReceiptOutcome => {
    const { leafHash } = leaf;
    if (leaf.refused !== '') return { kind: 'refused', leafHash, reason: leaf.refused };
    const proven = note.ok && isIncluded(leaf, note.value.size, note.value.root);
    if (!proven) return { kind: 'unproven', leafHash };
    const receipt = encode(ReceiptsSchema, message(ReceiptsSchema, { ...receipts, leaves: [leaf] }));
    return { kind: 'logged', leafHash, index: Number(leaf.index), receipt };
  });
}

function isIncluded(leaf: Leaf, size: number, root: Buffer): boolean {
  return verifyInclusion(leaf.leafHash, Number(leaf.index), size, leaf.path, root);
}

/** The outcome about this very leaf: a receipt stands only for the leaf hash that it names (`statements.md` §2). */
export function outcomeFor(leafHash: Uint8Array, outcomes: readonly ReceiptOutcome[]): ReceiptOutcome | undefined {
  return outcomes.find((outcome) => bytesEqual(outcome.leafHash, leafHash));
}

function decodeReceipts(value: Uint8Array): Receipts | undefined {
  try {
    const receipts = decode(ReceiptsSchema, value);
    // No bytes at all are a message, too, but receipts for nothing are none.
    return receipts.leaves.length > 0 ? receipts : undefined;
  } catch {
    // Not protobuf: the caller alarms.
    return undefined;
  }
}
