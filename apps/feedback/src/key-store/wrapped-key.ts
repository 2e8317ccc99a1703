import { openRecord, sealRecord } from '#signing';

const NONCE_BYTES = 24;

/** Names the place of a wrapped key, so that one moved to another place does not open there. */
export type KeyPlace = `epoch ${number}` | `data ${number} ${string}` | `opening ${string}`;

/** A key as it lies in the database: nonce ‖ ciphertext under the key of the key file. */
export function wrapKey(kek: Uint8Array, place: KeyPlace, key: Uint8Array): Buffer {
  const { nonce, ciphertext } = sealRecord(kek, key, associated(place));
  return Buffer.concat([nonce, ciphertext]);
}

/** Undefined: wrapped by another key, for another place, or changed. */
export function unwrapKey(kek: Uint8Array, place: KeyPlace, wrapped: Uint8Array): Buffer | undefined {
  return openRecord(kek, wrapped.subarray(0, NONCE_BYTES), wrapped.subarray(NONCE_BYTES), associated(place));
}

function associated(place: KeyPlace): Buffer {
  return Buffer.from(`kerege/wrapped-key/v1\0${place}`);
}
