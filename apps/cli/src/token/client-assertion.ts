import { importJWK, SignJWT } from 'jose';
import { algorithmOf, type PrivateJwk } from '#signing';

export const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const LIFETIME_S = 60;

/** With what a client proves itself to whoever gives tokens (RFC 7523); good once, for a minute. */
export async function clientAssertion(subsystem: string, audience: string, key: PrivateJwk): Promise<string> {
  const { kty, crv, x, y, d } = key;
  const alg = algorithmOf(key) ?? 'EdDSA';
  const issuedAt = Math.floor(Date.now() / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg, kid: key.kid })
    .setIssuer(subsystem)
    .setSubject(subsystem)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFETIME_S)
    .setJti(crypto.randomUUID())
    .sign(await importJWK(y === undefined ? { kty, crv, x, d } : { kty, crv, x, y, d }, alg));
}
