import { createPrivateKey, sign } from 'node:crypto';
import sodium from 'sodium-native';
import { bytesEqual } from '#kernel';
import {
  algorithmOf,
  keyBytes,
  publicJwk,
  thumbprint,
  type Algorithm,
  type PrivateJwk,
  type PublicJwk,
} from './jwk.js';
import { withLowS } from './p256.js';
import { signingErrors } from './signing.errors.js';

/**
 * The one port to a private signing key: a key file here, a token behind PKCS#11 in `#pkcs11`. It never gives the key
 * away. `sign` returns the raw JWS signature (64 bytes for both algorithms); it may be called concurrently and may reject
 * with `signer-unavailable`; signing the same bytes twice is harmless.
 */
export interface Signer {
  readonly kid: string;
  readonly alg: Algorithm;
  sign(data: Uint8Array): Promise<Uint8Array>;
  /** Why it would not sign now, in words for operators; undefined if nothing is known. Absent: it is always there. */
  readonly trouble?: () => string | undefined;
}

/** A key that lies in a token: what a key file says of it. `pkcs11` is its URI (RFC 7512). */
export interface TokenKey extends PublicJwk {
  readonly kid: string;
  readonly pkcs11: string;
  /** When it ends, in seconds; absent: the file does not say. */
  readonly exp?: number | undefined;
}

/** Where keys lie that no process may have. Makes signers at once and without asking the token. */
export interface SigningDevice {
  /** Throws `key-unusable` for a URI that names no key. */
  signer(identifier: string, key: TokenKey): Signer;
}

/** A signer over a private JWK. Throws `key-unusable` if public and private half do not belong together. */
export function jwkSigner(jwk: PrivateJwk): Signer {
  const alg = algorithmOf(jwk);
  const kid = thumbprint(jwk);
  if (alg === undefined || kid !== jwk.kid) throw signingErrors.error('key-unusable', { details: { kid: jwk.kid } });
  return alg === 'EdDSA' ? ed25519Signer(jwk, kid) : p256Signer(jwk, kid);
}

function ed25519Signer(jwk: PrivateJwk, kid: string): Signer {
  const seed = keyBytes(jwk.d);
  const published = keyBytes(jwk.x);
  if (seed === undefined || published === undefined) throw signingErrors.error('key-unusable', { details: { kid } });
  const publicKey = Buffer.alloc(32);
  const secretKey = Buffer.alloc(64);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  // A foreign public half would make Ed25519 leak the private one by two signatures over the same message.
  if (!bytesEqual(publicKey, published)) throw signingErrors.error('key-unusable', { details: { kid } });
  return {
    kid,
    alg: 'EdDSA',
    sign: (data) => {
      const signature = Buffer.allocUnsafeSlow(64);
      sodium.crypto_sign_detached(signature, data, secretKey);
      return Promise.resolve(signature);
    },
  };
}

function p256Signer(jwk: PrivateJwk, kid: string): Signer {
  const { kty, crv, x, y = '' } = publicJwk(jwk);
  const key = createPrivateKey({ key: { kty, crv, x, y, d: jwk.d }, format: 'jwk' });
  return {
    kid,
    alg: 'ES256',
    sign: (data) => Promise.resolve(withLowS(sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }))),
  };
}

/** For whoever only publishes keys: those in tokens are known by their public half, and sign nothing here. */
export const noTokens: SigningDevice = {
  signer(identifier, { kid, pkcs11: _, ...jwk }) {
    const alg = algorithmOf(jwk);
    if (alg === undefined) throw signingErrors.error('key-unusable', { details: { identifier, kid } });
    const missing = () => signingErrors.error('device-missing', { details: { identifier, kid } });
    return { kid, alg, sign: () => Promise.reject(missing()) };
  },
};
