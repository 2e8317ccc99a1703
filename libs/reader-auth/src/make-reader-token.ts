import { importJWK, SignJWT } from 'jose';
import { algorithmOf, type PrivateJwk } from '#signing';

const LIFETIME_S = 300;

export interface ReaderTokenParts {
  /** Who reads. */
  readonly subsystem: string;
  /** URL of the log, as its operator publishes it. */
  readonly audience: string;
  readonly key: PrivateJwk;
  readonly nowMs: number;
}

/** A token for one request to the read API of audit; good for five minutes at most. */
export async function makeReaderToken({ subsystem, audience, key, nowMs }: ReaderTokenParts): Promise<string> {
  const { kty, crv, x, y, d } = key;
  const alg = algorithmOf(key) ?? 'EdDSA';
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg, kid: key.kid, typ: 'kerege-reader+jwt' })
    .setIssuer(subsystem)
    .setSubject(subsystem)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFETIME_S)
    .setJti(crypto.randomUUID())
    .sign(await importJWK(y === undefined ? { kty, crv, x, d } : { kty, crv, x, y, d }, alg));
}
