import { compactVerify, decodeProtectedHeader, importJWK, type CryptoKey } from 'jose';
import type { z } from 'zod';
import { ok, refuse, type Result } from '#kernel';
import type { Issuer } from '#snapshot';

/** What an issuer has signed. Says nothing yet of whom it is for, or when. */
export interface SignedToken<Claims> {
  readonly issuer: Issuer;
  readonly claims: Claims;
}

/** How tokens of one kind look; an issuer signs other things, too. */
export interface TokenForm<Claims> {
  readonly claims: z.ZodType<Claims>;
  /** `typ` of the header, in lower case and without `application/`; undefined: a token may leave it out. */
  readonly types: ReadonlySet<string | undefined>;
  readonly maxCharacters: number;
}

/** An issuer's clock may be ahead of ours; behind it may not be: what has expired has expired. */
const AHEAD_S = 30;

/** Whether a token is not good at this time, in seconds. */
export function untimely(
  { exp, iat, nbf }: { readonly exp: number; readonly iat: number; readonly nbf?: number | undefined },
  nowS: number,
): 'expired' | 'not-yet-valid' | undefined {
  if (Math.max(iat, nbf ?? 0) > nowS + AHEAD_S) return 'not-yet-valid';
  return exp <= nowS ? 'expired' : undefined;
}

export type TokenReason = 'malformed' | 'issuer-unknown' | 'unverified';

/** The key of an issuer, ready to check with; importing it costs as much as a check, so callers keep it. */
export type KeySource = (issuer: Issuer, kid: string) => Promise<IssuerKey | undefined>;

export interface IssuerKey {
  readonly alg: string;
  readonly key: CryptoKey | Uint8Array;
}

/** Checks form and signature: by the key that the registry names for this issuer and `kid`, and by its algorithm only. */
export async function readSigned<Claims extends { readonly iss: string }>(
  token: string,
  form: TokenForm<Claims>,
  issuers: readonly Issuer[],
  keyOf: KeySource,
): Promise<Result<SignedToken<Claims>, TokenReason>> {
  const read = readForm(token, form);
  if (read === undefined) return refuse('malformed');
  const issuer = issuers.find((known) => known.issuer === read.claims.iss);
  if (issuer === undefined) return refuse('issuer-unknown');
  const found = read.kid === undefined ? undefined : await keyOf(issuer, read.kid);
  if (found === undefined) return refuse('unverified');
  try {
    await compactVerify(token, found.key, { algorithms: [found.alg] });
  } catch {
    // Another algorithm than the key's, a wrong signature, or a critical header that nobody here understands: nobody has vouched for it.
    return refuse('unverified');
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

function readForm<Claims>(
  token: string,
  form: TokenForm<Claims>,
): { readonly kid: string | undefined; readonly claims: Claims } | undefined {
  if (token.length > form.maxCharacters) return undefined;
  const parts = token.split('.');
  if (parts.length !== 3 || parts.some((part) => !/^[A-Za-z0-9_-]*$/.test(part))) return undefined;
  try {
    const { kid, typ } = decodeProtectedHeader(token);
    const payload: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(parts[1] ?? '', 'base64url')),
    );
    const parsed = form.claims.safeParse(payload);
    if (!form.types.has(typ?.toLowerCase().replace(/^application\//, '')) || !parsed.success) return undefined;
    return { kid, claims: parsed.data };
  } catch {
    // No JSON where a JWT has JSON.
    return undefined;
  }
}
