import { sha256 } from '#kernel';

/** RFC 6962 §2.1, written again for the verifier: with what writes the log it shares SHA-256 and nothing else. */

export const HASH_BYTES = 32;
export const EMPTY_ROOT: Buffer = sha256('');

/** For all calls, which never overlap. */
const pair = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

export function leafHash(bytes: Uint8Array): Buffer {
  return sha256(Buffer.concat([Buffer.of(0), bytes]));
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return sha256(pair);
}
