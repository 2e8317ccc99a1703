import { h1 } from './digest.js';

/** How a question may be answered: a code first, so that a person reads it in their language; own words beside it. */
export const ANSWER_CODES = ['LEGAL_DUTY', 'YOUR_APPLICATION', 'SERVICE_TO_YOU', 'ERROR', 'OTHER'] as const;
export type AnswerCode = (typeof ANSWER_CODES)[number];

/** What a member answers to a citizen's question: why it looked at their data. */
export interface QuestionAnswer {
  /** One of `ANSWER_CODES`; what it is called in five languages feedback knows. */
  readonly code: string;
  readonly text?: string | undefined;
}

/** The bytes of an answer that are digested: RFC 8785, whose order and escapes for these two texts are JavaScript's own. */
export function answerBytes({ code, text }: QuestionAnswer): Buffer {
  return Buffer.from(JSON.stringify(text === undefined ? { code } : { code, text }));
}

/** `doc` of `question.answered`: opaque to everybody who was not given the salt, however few codes there are. */
export function questionAnswerDigest(salt: Uint8Array, answer: QuestionAnswer): string {
  return h1(salt, answerBytes(answer));
}
