import type { PublicJwk } from '#signing';

/** A signature to check: the statement, and the key that it must be by. */
export interface SignatureJob {
  readonly jws: string;
  readonly key: PublicJwk;
}
