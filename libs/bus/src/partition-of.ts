const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The partition of a key: 32-bit FNV-1a over the key's bytes, finished with murmur3's `fmix32`, modulo the partition
 * count. Our own hash, fixed for ever: every process and release must send the same key to the same partition, or the
 * order of a key is lost. FNV-1a alone leaves its low bits poorly mixed for keys that differ in few bytes.
 */
export function partitionOf(key: Uint8Array, partitions: number): number {
  let hash = FNV_OFFSET;
  for (const byte of key) hash = Math.imul(hash ^ byte, FNV_PRIME);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return (hash >>> 0) % partitions;
}
