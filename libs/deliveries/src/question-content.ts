import { z } from 'zod';

/** `kind` of a delivery that brings a question. */
export const QUESTION_KIND = 'question';

/** What the recipient of a question reads, and nobody else. */
const questionContent = z.object({
  questionId: z.string(),
  exchangeId: z.string(),
  /** Leaf hash of the `exchange.requested` that it is about, base64url. */
  request: z.string(),
  /** `COUNTRY/TYPE/CODE`. */
  subject: z.string(),
  /** What the person was in that access: the one looked at, or the one who looked. */
  role: z.enum(['subject', 'user']),
  code: z.string(),
  text: z.string().optional(),
  /** In which the person reads: az, ky, kk, ru, en. */
  language: z.string(),
  /** ISO instant. */
  dueAt: z.string(),
  /** `question.asked`, a compact JWS: `prev` of the answer is its leaf hash. */
  statement: z.string(),
});
export type QuestionContent = z.infer<typeof questionContent>;

/** What was opened; undefined if it is no question. */
export function readQuestion(content: unknown): QuestionContent | undefined {
  return questionContent.safeParse(content).data;
}
