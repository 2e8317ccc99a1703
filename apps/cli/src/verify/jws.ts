import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { fromBase64Url, sha256, toBase64Url } from '#kernel';
import { asRecord, constant, object, parseJson, text } from './shape.js';

/** Compact JWS (RFC 7515) as Kerege uses it: EdDSA or ES256, a header of exactly alg, kid and typ. */

const header = object({ alg: constant('EdDSA', 'ES256'), kid: text(/^[A-Za-z0-9_-]{43}$/u), typ: text() });

export interface Jws {
  readonly alg: 'EdDSA' | 'ES256';
  readonly kid: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly signedBytes: Buffer;
  readonly signature: Buffer;
}

export interface PublicKey {
  /** RFC 7638 thumbprint, computed here. */
  readonly kid: string;
  readonly alg: 'EdDSA' | 'ES256';
  readonly key: KeyObject;
}

/** Undefined for anything but canonical base64url of JSON that has one reading only. Verifies nothing. */
export function parseJws(jws: string, typ: string): Jws | undefined {
  const parts = jws.split('.');
  const [head, body, signature] = parts.map((part) => fromBase64Url(part));
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) return undefined;
  const fields = header(parseJson(head)?.value);
  const parsed = parseJson(body);
  const payload = asRecord(parsed?.value);
  if (fields?.typ !== typ || payload === undefined || JSON.stringify(payload) !== parsed?.text) return undefined;
  const signedBytes = Buffer.from(jws.slice(0, jws.lastIndexOf('.')), 'latin1');
  return { alg: fields.alg, kid: fields.kid, payload, signedBytes, signature };
}

/** Whether that key, and the algorithm that belongs to it, made the signature. */
export function isSignedBy(jws: Jws, { kid, alg, key }: PublicKey): boolean {
  if (jws.kid !== kid || jws.alg !== alg || jws.signature.length !== 64) return false;
  if (alg === 'EdDSA') return verify(null, jws.signedBytes, key, jws.signature);
  return verify('sha256', jws.signedBytes, { key, dsaEncoding: 'ieee-p1363' }, jws.signature);
}

/** A signing key from a JWK; its `kid` is what the key is, not what somebody wrote beside it. */
export function importKey(jwk: unknown): PublicKey | undefined {
  const fields = asRecord(jwk);
  const { kty, crv, x, y } = fields ?? {};
  if (kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string') return publicKey('EdDSA', { crv, kty, x });
  if (kty === 'EC' && crv === 'P-256' && typeof x === 'string' && typeof y === 'string')
    return publicKey('ES256', { crv, kty, x, y });
  return undefined;
}

/** The members are those of RFC 7638, in its order. */
function publicKey(
  alg: PublicKey['alg'],
  jwk: { crv: string; kty: string; x: string; y?: string },
): PublicKey | undefined {
  if (![jwk.x, jwk.y ?? jwk.x].every((part) => fromBase64Url(part)?.length === 32)) return undefined;
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return { kid: toBase64Url(sha256(JSON.stringify(jwk))), alg, key };
  } catch {
    // A point that is on no curve: no key.
    return undefined;
  }
}
