import { randomBytes } from 'node:crypto';
import sodium from 'sodium-native';

const KEY_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;

export interface SealedRecord {
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
}

/** XChaCha20-Poly1305; a random 24-byte nonce cannot repeat within a session's 2^16 records (`bus.md` §3). */
export function sealRecord(key: Uint8Array, plaintext: Uint8Array, ad: Uint8Array): SealedRecord {
  const nonce = randomBytes(NONCE_BYTES);
  const ciphertext = Buffer.alloc(plaintext.length + TAG_BYTES);
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(ciphertext, plaintext, ad, null, nonce, key);
  return { nonce, ciphertext };
}

/** The plaintext, or undefined if key, nonce, ciphertext or associated data are not those of one sealing. */
export function openRecord(
  key: Uint8Array,
  nonce: Uint8Array,
  ciphertext: Uint8Array,
  ad: Uint8Array,
): Buffer | undefined {
  if (key.length !== KEY_BYTES || nonce.length !== NONCE_BYTES || ciphertext.length < TAG_BYTES) return undefined;
  const plaintext = Buffer.alloc(ciphertext.length - TAG_BYTES);
  try {
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plaintext, null, ciphertext, ad, nonce, key);
    return plaintext;
  } catch {
    // The binding throws where the tag is wrong; whoever sent that gets an answer, we get no surprise.
    return undefined;
  }
}
