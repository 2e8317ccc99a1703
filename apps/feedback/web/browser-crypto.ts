import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { Buffer } from './browser-buffer.js';

/**
 * What the verifying half of our libraries takes from `node:crypto`. Hashes are synchronous there, and WebCrypto's are
 * not; signatures are left to WebCrypto (`prove-row.ts`). Whatever signs or seals has no business in a browser.
 */
export function hash(algorithm: string, data: Uint8Array | string, form: 'buffer' | 'binary'): Buffer | string {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  const digest = algorithm === 'sha512' ? sha512(bytes) : sha256(bytes);
  return form === 'binary' ? String.fromCharCode(...digest) : Buffer.from(digest);
}

export function randomBytes(size: number): Buffer {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(size)));
}

/** Nothing that a browser compares here is a secret. */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export const createPublicKey = absent;
export const createPrivateKey = absent;
export const generateKeyPairSync = absent;
export const sign = absent;
export const verify = absent;

function absent(): never {
  throw new TypeError('not in a browser');
}
