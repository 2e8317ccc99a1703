import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import sodium from 'sodium-native';

/**
 * Checks signatures in a thread of its own. It imports nothing of ours, so that Node can run this file as it stands,
 * from the sources as well as built. That `kid` and algorithm belong to the key was checked before.
 */
export interface SignatureTask {
  readonly keys: readonly { readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string }[];
  readonly items: readonly { readonly jws: string; readonly key: number }[];
}

/** Of the two spellings of an ES256 signature only the one with the smaller s is taken, see `p256.ts` of `#signing`. */
const HALF_ORDER = Buffer.from('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8', 'hex');

/** One byte per item: 1 if its signature is by its key. */
export default function checkSignatures({ keys, items }: SignatureTask): Uint8Array {
  const imported = keys.map(importKey);
  return Uint8Array.from(items, ({ jws, key }) => {
    const handle = imported[key];
    const end = jws.lastIndexOf('.');
    const signature = Buffer.from(jws.slice(end + 1), 'base64url');
    if (handle === undefined || signature.length !== 64) return 0;
    const signed = Buffer.from(jws.slice(0, end), 'latin1');
    if (Buffer.isBuffer(handle)) return sodium.crypto_sign_verify_detached(signature, signed, handle) ? 1 : 0;
    if (Buffer.compare(signature.subarray(32), HALF_ORDER) > 0) return 0;
    return verify('sha256', signed, { key: handle, dsaEncoding: 'ieee-p1363' }, signature) ? 1 : 0;
  });
}

/** Raw bytes for Ed25519, a key object for P-256; undefined for a key that is none. */
function importKey(jwk: SignatureTask['keys'][number]): Buffer | KeyObject | undefined {
  if (jwk.crv === 'Ed25519') {
    const raw = Buffer.from(jwk.x, 'base64url');
    return raw.length === 32 ? raw : undefined;
  }
  try {
    return createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y ?? '' }, format: 'jwk' });
  } catch {
    // A point that is not on the curve: no signature is by it.
    return undefined;
  }
}
