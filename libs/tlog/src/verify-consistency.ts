import { bytesEqual } from '#kernel';
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hashing.js';

/** A tree as a checkpoint names it. */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * Whether `proof` shows that the tree `to` has the tree `from` as its beginning (RFC 9162 §2.1.4.2, `audit-log.md`
 * §2.2). From the empty tree the proof is empty, as C2SP witnesses have it; equal sizes need equal roots.
 */
export function verifyConsistency(from: TreeHead, to: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (!isHead(from) || !isHead(to) || from.size > to.size) return false;
  if (!proof.every((hash) => hash.length === HASH_BYTES)) return false;
  if (from.size === to.size) return proof.length === 0 && bytesEqual(from.root, to.root);
  if (from.size === 0) return proof.length === 0;
  // A perfect older tree is itself a node of the newer one; its root is known and left out of the proof.
  const hashes = isPowerOfTwo(from.size) ? [from.root, ...proof] : proof;
  return walk(from, to, hashes);
}

function walk(from: TreeHead, to: TreeHead, hashes: readonly Uint8Array[]): boolean {
  let node = from.size - 1;
  let last = to.size - 1;
  while (node % 2 === 1) {
    node = half(node);
    last = half(last);
  }
  const [first, ...rest] = hashes;
  if (first === undefined) return false;
  let older = first;
  let newer = first;
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      older = nodeHash(hash, older);
      newer = nodeHash(hash, newer);
      while (node % 2 === 0 && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      newer = nodeHash(newer, hash);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && bytesEqual(older, from.root) && bytesEqual(newer, to.root);
}

function isHead(head: TreeHead): boolean {
  if (!Number.isSafeInteger(head.size) || head.size < 0 || head.root.length !== HASH_BYTES) return false;
  return head.size > 0 || bytesEqual(head.root, EMPTY_ROOT);
}

function isPowerOfTwo(size: number): boolean {
  let rest = size;
  while (rest % 2 === 0) rest /= 2;
  return rest === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}
