import { z } from 'zod';
import { openRecord, sealRecord, type TypedSubject } from '#signing';

/** Whom a case is about, and what opens the commitment of its first leaf. */
export interface KeptSubject extends TypedSubject {
  /** base64url, 32 bytes. */
  readonly r: string;
}

const NONCE_BYTES = 24;
const schema = z.strictObject({ country: z.string(), type: z.string(), code: z.string(), r: z.string() });

/** Under the person's data key, bound to the case: nonce ‖ ciphertext. */
export function keepSubject(key: Uint8Array, caseId: string, subject: KeptSubject): Buffer {
  const { nonce, ciphertext } = sealRecord(key, Buffer.from(JSON.stringify(subject)), associated(caseId));
  return Buffer.concat([nonce, ciphertext]);
}

/** Undefined if the key, the case or the bytes are not those of its keeping. */
export function openSubject(key: Uint8Array, caseId: string, kept: Uint8Array): KeptSubject | undefined {
  const plain = openRecord(key, kept.subarray(0, NONCE_BYTES), kept.subarray(NONCE_BYTES), associated(caseId));
  return plain === undefined ? undefined : schema.parse(JSON.parse(Buffer.from(plain).toString('utf8')));
}

function associated(caseId: string): Buffer {
  return Buffer.from(`kerege/kept-subject/v1\0${caseId}`);
}
