import { generateKeyPairSync } from 'node:crypto';
import { fromBase64Url, sha256, toBase64Url } from '#kernel';

/** A public key as members publish it (RFC 7517, RFC 8037). Structurally equal to the snapshot's `jwk`. */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string | undefined;
}

/** A private key of a key file; `kid` is the RFC 7638 thumbprint of its public half. */
export interface PrivateJwk extends PublicJwk {
  readonly d: string;
  readonly kid: string;
  readonly use: 'sig' | 'enc';
}

export type Algorithm = 'EdDSA' | 'ES256';

/** RFC 7638: SHA-256 over the required members in lexical order, unpadded base64url. */
export function thumbprint(jwk: PublicJwk): string {
  const { crv, kty, x, y } = jwk;
  return toBase64Url(sha256(JSON.stringify(kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x })));
}

/** The public half, as it is published. */
export function publicJwk(jwk: PublicJwk): PublicJwk {
  const { kty, crv, x, y } = jwk;
  return y === undefined ? { kty, crv, x } : { kty, crv, x, y };
}

/** The one algorithm that a key may be used with, so that a header can never choose (RFC 8725 §3.1). */
export function algorithmOf(jwk: PublicJwk): Algorithm | undefined {
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return 'EdDSA';
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return 'ES256';
  return undefined;
}

/** 32 bytes of a coordinate or a secret in canonical base64url, else undefined. */
export function keyBytes(text: string | undefined): Buffer | undefined {
  const bytes = text === undefined ? undefined : fromBase64Url(text);
  return bytes?.length === 32 ? bytes : undefined;
}

/** A fresh Ed25519 key for statements and documents. */
export function generateSigningKey(): PrivateJwk {
  return privateJwk(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), 'sig');
}

/** A fresh P-256 key for statements and documents, where Ed25519 may not be used. */
export function generateP256Key(): PrivateJwk {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateJwk(privateKey.export({ format: 'jwk' }), 'sig');
}

/** A fresh X25519 key for sealing sessions. */
export function generateSealingKey(): PrivateJwk {
  return privateJwk(generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }), 'enc');
}

type ExportedKey = Partial<Record<'kty' | 'crv' | 'x' | 'y' | 'd', string>>;

function privateJwk({ kty = '', crv = '', x = '', y, d = '' }: ExportedKey, use: 'sig' | 'enc'): PrivateJwk {
  const jwk = publicJwk({ kty, crv, x, y });
  return { ...jwk, d, kid: thumbprint(jwk), use };
}
