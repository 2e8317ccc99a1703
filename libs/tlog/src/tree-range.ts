import { nodeHash } from './hashing.js';

/** Which subtrees make up a proof (RFC 6962 §2.1.1–2.1.2, `audit-log.md` §2.2). Arithmetic only: nothing is read here. */

/** The leaves `[lo, hi)`; a proof entry is the `MTH` of such a range. */
export interface TreeRange {
  readonly lo: number;
  readonly hi: number;
}

/** A perfect subtree: 2^height leaves from `index · 2^height`. */
export interface Block {
  readonly height: number;
  readonly index: number;
}

/** Ranges of `PATH(index, D[0:size])`, leaf's sibling first. The caller keeps `index < size`. */
export function inclusionRanges(index: number, size: number): TreeRange[] {
  const ranges: TreeRange[] = [];
  let lo = 0;
  let hi = size;
  while (hi - lo > 1) {
    const middle = lo + powerBelow(hi - lo);
    if (index < middle) {
      ranges.push({ lo: middle, hi });
      hi = middle;
    } else {
      ranges.push({ lo, hi: middle });
      lo = middle;
    }
  }
  return ranges.reverse();
}

/** Ranges of the consistency proof from one size to another; the caller keeps `0 ≤ from ≤ to`. */
export function consistencyRanges(from: number, to: number): TreeRange[] {
  if (from === 0 || from === to) return [];
  const ranges: TreeRange[] = [];
  let lo = 0;
  let hi = to;
  while (hi !== from) {
    const middle = lo + powerBelow(hi - lo);
    if (from <= middle) {
      ranges.push({ lo: middle, hi });
      hi = middle;
    } else {
      ranges.push({ lo, hi: middle });
      lo = middle;
    }
  }
  // The older tree itself is known to whoever asks; only a part of it has to be named.
  if (lo > 0) ranges.push({ lo, hi });
  return ranges.reverse();
}

/** The maximal aligned blocks of a range that starts aligned, left to right: the set bits of its length. */
export function blocksOf({ lo, hi }: TreeRange): Block[] {
  const blocks: Block[] = [];
  let at = lo;
  for (let left = hi - lo; left > 0;) {
    const height = log2Floor(left);
    const leaves = 2 ** height;
    blocks.push({ height, index: at / leaves });
    at += leaves;
    left -= leaves;
  }
  return blocks;
}

/** `MTH` of a range from the hashes of its blocks. The caller has at least one. */
export function foldBlocks(hashes: readonly Buffer[]): Buffer {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** Exponent of the largest power of two that is not above `value`. */
export function log2Floor(value: number): number {
  let height = 0;
  for (let power = 2; power <= value; power *= 2) height += 1;
  return height;
}

/** Largest power of two strictly less than `length` (> 1). */
function powerBelow(length: number): number {
  const power = 2 ** log2Floor(length);
  return power === length ? power / 2 : power;
}
