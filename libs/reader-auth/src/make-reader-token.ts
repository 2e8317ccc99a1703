import { jwkSigner, signDocument, type PrivateJwk, type Signer } from '#signing';
import { READER_TOKEN_TYPE } from './reader-token.js';

const LIFETIME_S = 300;

export interface ReaderTokenClaims {
  /** Who asks. */
  readonly subsystem: string;
  /** URL of the service that is asked, as its operator publishes it. */
  readonly audience: string;
  readonly nowMs: number;
}

export interface ReaderTokenParts extends ReaderTokenClaims {
  readonly key: PrivateJwk;
}

/** A token for one request to the read API of audit, to feedback or to a connector; good for five minutes at most. */
export function makeReaderToken({ key, ...claims }: ReaderTokenParts): Promise<string> {
  return signReaderToken(claims, jwkSigner(key));
}

/** The same by whoever can only sign; good for `lifetimeS`. */
export function signReaderToken(
  { subsystem, audience, nowMs }: ReaderTokenClaims,
  signer: Signer,
  lifetimeS = LIFETIME_S,
): Promise<string> {
  const iat = Math.floor(nowMs / 1000);
  const claims = { iss: subsystem, sub: subsystem, aud: audience, iat, exp: iat + lifetimeS };
  return signDocument(READER_TOKEN_TYPE, { ...claims, jti: crypto.randomUUID() }, signer);
}
