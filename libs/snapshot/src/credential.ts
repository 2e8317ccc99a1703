import { z } from 'zod';
import { algorithmOf, keyBytes, thumbprint } from '#signing';

const instant = z.iso.datetime();

/** A public key for client assertions: Ed25519 or P-256, whole and of the right size. */
export const credentialJwk = z
  .strictObject({
    kty: z.enum(['OKP', 'EC']),
    crv: z.enum(['Ed25519', 'P-256']),
    x: z.string(),
    y: z.string().optional(),
  })
  .refine(
    (jwk) =>
      algorithmOf(jwk) !== undefined &&
      keyBytes(jwk.x) !== undefined &&
      (jwk.kty === 'EC' ? keyBytes(jwk.y) !== undefined : jwk.y === undefined),
    { message: 'is no public key: {kty: OKP, crv: Ed25519, x} or {kty: EC, crv: P-256, x, y}' },
  );

/**
 * With what the information systems of a subsystem prove to a gateway whose they are: a key of their own, apart from
 * those that sign statements, or one certificate. A certificate is pinned whole, by the SHA-256 of its DER form (as
 * `x5t#S256` in RFC 8705): what was registered is what is let in, and a key whose certificate was revoked does not come
 * back in another one. `kid` is the key's RFC 7638 thumbprint.
 */
export const consumerCredential = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('key'),
    kid: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    jwk: credentialJwk,
    from: instant,
    until: instant,
  }),
  z.strictObject({
    kind: z.literal('certificate'),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    from: instant,
    until: instant,
  }),
]);
export type ConsumerCredential = z.infer<typeof consumerCredential>;

/** What a credential is called everywhere: its key's or its certificate's thumbprint. */
export function credentialName(credential: ConsumerCredential): string {
  return credential.kind === 'key' ? credential.kid : credential.sha256;
}

/** Whether the name of every key is its own: one that is not would let a key hide behind another's name. */
export function areCredentialsNamed(credentials: readonly ConsumerCredential[]): boolean {
  return credentials.every((credential) => credential.kind !== 'key' || thumbprint(credential.jwk) === credential.kid);
}

/** Whether a credential counts at that instant. */
export function isCredentialValid({ from, until }: ConsumerCredential, atMs: number): boolean {
  return Date.parse(from) <= atMs && atMs < Date.parse(until);
}
