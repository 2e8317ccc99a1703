const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const HALF_ORDER = bytesOf(ORDER >> 1n);

/**
 * Of each ECDSA signature (r, s) anybody can make a second one that is as good, (r, n−s), without the key: another leaf
 * with the same payload, which would look like a second story. So only the smaller s is made here, and only it is taken.
 */
export function isLowS(signature: Uint8Array): boolean {
  return Buffer.compare(signature.subarray(32), HALF_ORDER) <= 0;
}

/** The one of the two signatures (r ‖ s, 64 bytes) that is taken. */
export function withLowS(signature: Uint8Array): Buffer {
  const bytes = Buffer.from(signature);
  if (isLowS(bytes)) return bytes;
  const s = ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  return Buffer.concat([bytes.subarray(0, 32), bytesOf(s)]);
}

function bytesOf(scalar: bigint): Buffer {
  return Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
}
