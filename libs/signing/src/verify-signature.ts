import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import sodium from 'sodium-native';
import { isLowS } from './p256.js';
import { algorithmOf, keyBytes, thumbprint, type Algorithm, type PublicJwk } from './jwk.js';

interface VerificationKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly raw: Buffer | undefined;
  readonly object: KeyObject | undefined;
}

/** Imported keys by their own coordinates, never by a `kid` that somebody claims: one import per key. */
const imported = new LRUCache<string, VerificationKey>({ max: 4096 });

/**
 * True if `signature` over `data` is by `jwk`, and `kid` and `alg` of the header are that key's own.
 * Ed25519 by libsodium, which also refuses small-order keys and non-canonical S; ES256 by OpenSSL, and only the one of
 * its two spellings (`p256.ts`).
 */
export function verifySignature(
  jwk: PublicJwk,
  header: { readonly kid: string; readonly alg: Algorithm },
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = importKey(jwk);
  if (key === undefined || key.kid !== header.kid || key.alg !== header.alg || signature.length !== 64) return false;
  if (key.raw !== undefined) return sodium.crypto_sign_verify_detached(signature, data, key.raw);
  if (key.object === undefined || !isLowS(signature)) return false;
  return verify('sha256', data, { key: key.object, dsaEncoding: 'ieee-p1363' }, signature);
}

/** A raw Ed25519 signature by libsodium: two thirds of OpenSSL's time. For `parseVkey` of the log's library. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false;
  return sodium.crypto_sign_verify_detached(signature, message, publicKey);
}

function importKey(jwk: PublicJwk): VerificationKey | undefined {
  const cacheKey = `${jwk.crv} ${jwk.x} ${jwk.y ?? ''}`;
  const known = imported.get(cacheKey);
  if (known !== undefined) return known;
  const alg = algorithmOf(jwk);
  const raw = keyBytes(jwk.x);
  if (alg === undefined || raw === undefined) return undefined;
  const object = alg === 'ES256' ? p256Key(jwk) : undefined;
  if (alg === 'ES256' && object === undefined) return undefined;
  const key: VerificationKey = { kid: thumbprint(jwk), alg, raw: alg === 'EdDSA' ? raw : undefined, object };
  imported.set(cacheKey, key);
  return key;
}

function p256Key(jwk: PublicJwk): KeyObject | undefined {
  const { kty, crv, x, y } = jwk;
  if (keyBytes(y) === undefined || y === undefined) return undefined;
  try {
    return createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
  } catch {
    // A point that is not on the curve: an answer about somebody's key, not a surprise of ours.
    return undefined;
  }
}
