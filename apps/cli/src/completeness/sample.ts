import { sha256 } from '#kernel';

/**
 * Leaves that nobody could choose (`audit-log.md` §4.3): SHA-256(checkpoint root ‖ auditor's nonce ‖ i) mod size, with i as
 * eight bytes big-endian. The log's operator fixed the root before the nonce was known, and the auditor the nonce before
 * anything was asked. At most `count`, each once, in order.
 */
export function sampleIndices(root: Uint8Array, nonce: Uint8Array, size: number, count: number): number[] {
  if (size === 0) return [];
  const indices = Array.from({ length: count }, (_, i) => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(i));
    const digest = sha256(Buffer.concat([root, nonce, number]));
    return Number(BigInt(`0x${digest.toString('hex')}`) % BigInt(size));
  });
  return [...new Set(indices)].sort((a, b) => a - b);
}
