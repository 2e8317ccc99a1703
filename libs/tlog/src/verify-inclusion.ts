import { bytesEqual } from '#kernel';
import { HASH_BYTES, nodeHash } from './hashing.js';

/**
 * Whether `path` shows that `leaf` stands at `index` of the tree of `size` leaves with that root (RFC 9162 §2.1.3.2,
 * `audit-log.md` §2.2). Halving is done by division: shifts are 32-bit and would break silently above 2³¹ leaves.
 */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  if (![leaf, root, ...path].every((hash) => hash.length === HASH_BYTES)) return false;
  let node = index;
  let last = size - 1;
  let hash: Uint8Array = leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      // A promoted node has no sibling on these levels, so the path has no entry for them.
      while (node % 2 === 0 && node !== 0) {
        node = node / 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && bytesEqual(hash, root);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
