import { hash, timingSafeEqual } from 'node:crypto';

export function sha256(data: Uint8Array | string): Buffer {
  return bytesOf(hash('sha256', data, 'binary'));
}

export function sha512(data: Uint8Array | string): Buffer {
  return bytesOf(hash('sha512', data, 'binary'));
}

/**
 * Of a digest as one-byte characters: so it costs half of what OpenSSL's own Buffer does, which is memory outside of the
 * heap. A Buffer of its own, because one from Node's pool would keep all of the pool's page for as long as it lives.
 */
function bytesOf(digest: string): Buffer {
  const bytes = Buffer.alloc(digest.length);
  for (let at = 0; at < digest.length; at += 1) bytes[at] = digest.charCodeAt(at);
  return bytes;
}

export function toBase64Url(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64url');
}

/** Strict: unpadded base64url in canonical form only, or undefined. `Buffer.from` alone accepts garbage. */
export function fromBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

export function toBase64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64');
}

/** Strict: padded standard base64 in canonical form only, or undefined. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export function toHex(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('hex');
}

/** Strict: lower-case hex of an even length, or undefined. */
export function fromHex(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'hex');
  return bytes.toString('hex') === text ? bytes : undefined;
}

/** Constant in time for equal lengths; different lengths are unequal. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
