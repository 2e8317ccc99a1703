import { encode, joinReceipts, LeafSchema, message } from '#contracts';
import { xidOf } from '../intake/decide.js';
import type { Verdict } from '../intake/verdict.js';

/** A record of receipts for one topic. */
export interface ReceiptRecord {
  readonly topic: string;
  readonly value: Uint8Array;
}

/** Topics have a limit of 1 MiB per record; a leaf of a log of 2^31 leaves is about 1.3 kB. */
const LEAVES_PER_RECORD = 500;

/** Path of a leaf in the tree of the note, or undefined if it cannot be had now: then its sender asks again. */
export type PathOf = (index: number) => readonly Buffer[] | undefined;

/**
 * Receipts of a batch, one record per topic (more only where it would grow too large). A leaf's receipt names the leaf
 * that stands: for other bytes in a taken slot that is another leaf than the one that was sent (`statements.md` §2).
 */
export function receiptRecords(
  verdicts: readonly Verdict[],
  tree: { readonly note: string; readonly size: number; readonly pathOf: PathOf },
): ReceiptRecord[] {
  const byTopic = new Map<string, Verdict[]>();
  for (const verdict of verdicts)
    for (const topic of verdict.replies) {
      const known = byTopic.get(topic);
      if (known === undefined) byTopic.set(topic, [verdict]);
      else known.push(verdict);
    }
  const head = { note: Buffer.from(tree.note), size: BigInt(tree.size) };
  const encoded = new Map<Verdict, Uint8Array | undefined>();
  for (const verdict of verdicts) if (verdict.replies.length > 0) encoded.set(verdict, leafOf(verdict, tree.pathOf));
  return [...byTopic].flatMap(([topic, wanted]) => {
    const leaves = wanted.map((verdict) => encoded.get(verdict)).filter((leaf) => leaf !== undefined);
    const records: ReceiptRecord[] = [];
    for (let at = 0; at < leaves.length; at += LEAVES_PER_RECORD)
      records.push({ topic, value: joinReceipts(head, leaves.slice(at, at + LEAVES_PER_RECORD)) });
    return records;
  });
}

function leafOf(verdict: Verdict, pathOf: PathOf): Uint8Array | undefined {
  if (verdict.kind === 'refused') {
    const { stamp, reason, slot, signer } = verdict;
    const exchangeId = stamp.parsed.ok ? xidOf(stamp.parsed.value) : Buffer.alloc(0);
    return encode(
      LeafSchema,
      message(LeafSchema, { exchangeId, slot, signer, leafHash: stamp.leafHash, refused: reason }),
    );
  }
  const { xid, slot, signer, leafHash, index } = verdict.leaf;
  const path = pathOf(index);
  if (path === undefined) return undefined;
  const leaf = { exchangeId: xid, slot, signer, leafHash, index: BigInt(index), path: [...path] };
  return encode(LeafSchema, message(LeafSchema, leaf));
}
