import { fromBase64Url, toBase64Url } from '#kernel';
import { openRecord, sealRecord, type QuestionAnswer } from '#signing';

/** An answer with what its digest in the log was salted with. */
export interface SaltedAnswer {
  readonly answer: QuestionAnswer;
  readonly salt: Uint8Array;
}

const NONCE_BYTES = 24;

/** An answer under the data key of the person who asked: nonce ‖ ciphertext. */
export function keepAnswer(key: Uint8Array, questionId: string, { answer, salt }: SaltedAnswer): Buffer {
  const plain = Buffer.from(JSON.stringify({ ...answer, salt: toBase64Url(salt) }));
  const { nonce, ciphertext } = sealRecord(key, plain, associated(questionId));
  return Buffer.concat([nonce, ciphertext]);
}

/** Undefined if the key, the question or the bytes are not those of its keeping. */
export function openKeptAnswer(key: Uint8Array, questionId: string, kept: Uint8Array): SaltedAnswer | undefined {
  const plain = openRecord(key, kept.subarray(0, NONCE_BYTES), kept.subarray(NONCE_BYTES), associated(questionId));
  if (plain === undefined) return undefined;
  // Whoever could open it wrote it.
  const { salt, ...answer } = JSON.parse(plain.toString('utf8')) as QuestionAnswer & { readonly salt: string };
  return { answer, salt: fromBase64Url(salt) ?? Buffer.alloc(0) };
}

function associated(questionId: string): Buffer {
  return Buffer.from(`kerege/kept-answer/v1\0${questionId}`);
}
