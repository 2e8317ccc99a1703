import { compactVerify, decodeProtectedHeader, importJWK, type CryptoKey } from 'jose';
import { z } from 'zod';
import type { EndUserReason } from '#access';
import { ok, refuse, type Result } from '#kernel';
import type { Issuer } from '#snapshot';

/** Longer than any identity provider's; it travels sealed beside the request. */
export const MAX_ASSERTION_CHARACTERS = 4096;

export type AssertionReason = Exclude<EndUserReason, 'end-user-required' | 'end-user-mismatch'>;

const claims = z.looseObject({
  iss: z.string().min(1).max(255),
  sub: z.string().min(1).max(255),
  aud: z.union([z.string(), z.array(z.string()).min(1).max(20)]).transform((aud) => [aud].flat()),
  azp: z.string().optional(),
  exp: z.number().positive(),
  iat: z.number().positive(),
  nbf: z.number().optional(),
  jti: z.string().min(1).max(255),
});
export type Claims = z.infer<typeof claims>;

/** What an issuer has signed. Says nothing yet of whom it is for, or when. */
export interface Assertion {
  readonly issuer: Issuer;
  readonly claims: Claims;
}

/** ID token or access token (RFC 9068); an issuer signs other things, too, and those are no word on who acts. */
const TYPES: ReadonlySet<string | undefined> = new Set([undefined, 'jwt', 'at+jwt']);

/** The key of an issuer, ready to check with; importing it costs as much as a check, so callers keep it. */
export type KeySource = (issuer: Issuer, kid: string) => Promise<IssuerKey | undefined>;

export interface IssuerKey {
  readonly alg: string;
  readonly key: CryptoKey | Uint8Array;
}

/** Checks form and signature: by the key that the registry names for this issuer and `kid`, and by its algorithm only. */
export async function readAssertion(
  token: string,
  issuers: readonly Issuer[],
  keyOf: KeySource,
): Promise<Result<Assertion, AssertionReason>> {
  const read = readForm(token);
  if (read === undefined) return refuse('end-user-malformed');
  const issuer = issuers.find((known) => known.issuer === read.claims.iss);
  if (issuer === undefined) return refuse('end-user-issuer-unknown');
  const found = read.kid === undefined ? undefined : await keyOf(issuer, read.kid);
  if (found === undefined || found.alg !== read.alg) return refuse('end-user-unverified');
  try {
    await compactVerify(token, found.key, { algorithms: [found.alg] });
  } catch {
    // Wrong signature, or a critical header that nobody here understands: nobody has vouched for it.
    return refuse('end-user-unverified');
  }
  return ok({ issuer, claims: read.claims });
}

/** A key as the snapshot carries it; undefined if there is none of that name. */
export async function importIssuerKey({ keys }: Issuer, kid: string): Promise<IssuerKey | undefined> {
  const jwk = keys.find((key) => key.kid === kid);
  if (jwk === undefined) return undefined;
  const { alg, kty, crv, x, y, n, e } = jwk;
  const parts = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
  try {
    return { alg, key: await importJWK(Object.fromEntries(parts), alg) };
  } catch {
    // The right letters, and no point of the curve: as good as no key.
    return undefined;
  }
}

interface Form {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly claims: Claims;
}

function readForm(token: string): Form | undefined {
  if (token.length > MAX_ASSERTION_CHARACTERS) return undefined;
  const parts = token.split('.');
  if (parts.length !== 3 || parts.some((part) => !/^[A-Za-z0-9_-]*$/.test(part))) return undefined;
  try {
    const { alg, kid, typ } = decodeProtectedHeader(token);
    const payload: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(parts[1] ?? '', 'base64url')),
    );
    const parsed = claims.safeParse(payload);
    if (alg === undefined || !TYPES.has(typ?.toLowerCase().replace(/^application\//, '')) || !parsed.success)
      return undefined;
    return { alg, kid, claims: parsed.data };
  } catch {
    // No JSON where a JWT has JSON.
    return undefined;
  }
}
