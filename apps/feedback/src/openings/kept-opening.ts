import { decode, encode, message, OpeningSchema } from '#contracts';
import { openRecord, sealRecord, type CommitmentKind, type SubjectOpening } from '#signing';

/** The place of an opening in the log: a kept one that is moved elsewhere does not open there. */
export interface OpeningPlace {
  readonly exchange: Uint8Array;
  readonly index: number;
  readonly kind: CommitmentKind;
  readonly position: number;
}

const NONCE_BYTES = 24;

/** An opening under the data key of its person and epoch: nonce ‖ ciphertext. */
export function keepOpening(key: Uint8Array, place: OpeningPlace, opening: SubjectOpening): Buffer {
  const { r, country, type, code } = opening;
  const plain = encode(OpeningSchema, message(OpeningSchema, { r: new Uint8Array(r), country, type, code }));
  const { nonce, ciphertext } = sealRecord(key, plain, associated(place));
  return Buffer.concat([nonce, ciphertext]);
}

/** Undefined if the key, the place or the bytes are not those of its keeping. */
export function openKept(key: Uint8Array, place: OpeningPlace, kept: Uint8Array): SubjectOpening | undefined {
  const plain = openRecord(key, kept.subarray(0, NONCE_BYTES), kept.subarray(NONCE_BYTES), associated(place));
  if (plain === undefined) return undefined;
  const { r, country, type, code } = decode(OpeningSchema, plain);
  return { r, country, type, code };
}

function associated({ exchange, index, kind, position }: OpeningPlace): Buffer {
  return Buffer.concat([exchange, Buffer.from(`\0${index}\0${kind}\0${position}`)]);
}
