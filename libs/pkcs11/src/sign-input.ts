import { sha256 } from '#kernel';
import type { Algorithm } from '#signing';

/** What a token is given to sign: Ed25519 takes the message itself, ECDSA its hash. */
export function signInput(alg: Algorithm, data: Uint8Array): Uint8Array {
  return alg === 'EdDSA' ? data : sha256(data);
}
