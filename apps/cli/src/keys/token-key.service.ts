import { Tokens, type Pkcs11Settings } from '#pkcs11';
import { signingErrors, thumbprint, type TokenKey } from '#signing';

/** Nobody's statement: what the token signs to show that the private half is there and may be used. */
const PROOF = Buffer.from('\0kerege/key/v1\0');

/**
 * A key of a token as a key file names it, after the token has signed with it: a public half whose private one is missing
 * or may not sign would be found out only when everybody expects its signatures.
 */
export async function tokenKey(identifier: string, uri: string, settings: Pkcs11Settings): Promise<TokenKey> {
  const tokens = Tokens.of(settings);
  if (tokens === undefined) throw signingErrors.error('device-missing', { details: { identifier } });
  try {
    const jwk = await tokens.publicKey(uri);
    const key = { ...jwk, kid: thumbprint(jwk), pkcs11: uri };
    await tokens.signer(identifier, key).sign(PROOF);
    return key;
  } finally {
    tokens.close();
  }
}
