import { sha256 } from '#kernel';

/** The only file that the writing and the verifying half of this library share: `audit-log.md` §2.1 and §2.4. */

export const HASH_BYTES = 32;

/** MTH of no leaves: SHA-256 of the empty string (RFC 6962 §2.1). */
export const EMPTY_ROOT: Buffer = sha256('');

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** What `leafHash` hashes, as long as the longest entry (`audit-log.md` §2.3): one for all calls, which never overlap. */
const leafInput = Buffer.alloc(1 + 65_535, LEAF_PREFIX);

/** `SHA-256(0x00 ‖ data)`: the domain prefix keeps a leaf from ever passing for an inner node. */
export function leafHash(data: Uint8Array): Buffer {
  if (data.length >= leafInput.length) return sha256(Buffer.concat([Buffer.from([LEAF_PREFIX]), data]));
  leafInput.set(data, 1);
  return sha256(leafInput.subarray(0, 1 + data.length));
}

/** What `nodeHash` hashes: one for all calls, which never overlap; a proof takes dozens of them. */
const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES, NODE_PREFIX);

/** `SHA-256(0x01 ‖ left ‖ right)`. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_BYTES);
  return sha256(nodeInput);
}

/** Signature types of C2SP signed-note that we know; ML-DSA (0x06) is not used yet. */
export const ED25519_NOTE = 0x01;
export const ED25519_COSIGNATURE = 0x04;

/** Four bytes that say which key made a note's signature line: `SHA-256(name ‖ LF ‖ type ‖ key)[0:4]`. */
export function noteKeyId(name: string, type: number, publicKey: Uint8Array): Buffer {
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), publicKey])).subarray(0, 4);
}
