import { decode, ReceiptsSchema, type Receipts } from '#contracts';
import { bytesEqual } from '#kernel';
import { openNote, verifyInclusion, type NoteKey } from '#tlog';

/**
 * Whether a manifest's receipt proves that a log of `trust.json` holds this very leaf. So whoever has the registry's key,
 * but not the log's, can show nobody a manifest that is not there for everybody to see.
 */
export function isLogged(leafHash: Uint8Array, receipt: Uint8Array, logs: readonly NoteKey[]): boolean {
  const receipts = decodeReceipts(receipt);
  const [leaf] = receipts?.leaves ?? [];
  if (receipts === undefined || leaf === undefined || !bytesEqual(leaf.leafHash, leafHash)) return false;
  const note = openNote(receipts.note, logs);
  return note.ok && verifyInclusion(leafHash, Number(leaf.index), note.value.size, leaf.path, note.value.root);
}

function decodeReceipts(value: Uint8Array): Receipts | undefined {
  try {
    return decode(ReceiptsSchema, value);
  } catch {
    // Not protobuf: it proves nothing.
    return undefined;
  }
}
