import type { EpochTag } from '../key-store/tag.js';

/** Why a person asks. The page has words for them; the recipient gets the code. */
export const QUESTION_CODES = ['WHY_LOOKED_UP', 'NOT_MY_CASE', 'OTHER'] as const;
export type QuestionCode = (typeof QUESTION_CODES)[number];

/** Silence never ends a question: an overdue one is open still. */
export const QUESTION_STATES = ['asked', 'overdue', 'answered'] as const;
export type QuestionState = (typeof QUESTION_STATES)[number];

/** A question as its row has it, without what was asked: nobody here can read that. */
export interface Question extends EpochTag {
  readonly id: string;
  /** Leaf hash of the `exchange.requested` that it is about. */
  readonly exchange: Buffer;
  /** Through which it was asked: `from` of its statement. */
  readonly portal: string;
  /** The consumer of that access: `to` of its statement. */
  readonly recipient: string;
  /** Leaf hash of `question.asked`. */
  readonly asked: Buffer;
  readonly askedMs: number;
  readonly dueMs: number;
  readonly answer: AnswerRow | undefined;
}

export interface AnswerRow {
  /** Leaf hash of `question.answered`. */
  readonly leafHash: Buffer;
  /** When it came here. */
  readonly atMs: number;
  /** Undefined: it came after the person was erased. */
  readonly enc: Buffer | undefined;
}

/** A question as everybody sees it who may see it at all. */
export interface QuestionStanding {
  readonly id: string;
  readonly state: QuestionState;
  readonly askedAt: string;
  readonly dueAt: string;
  readonly answeredAt?: string;
  /** The answer came behind its term. */
  readonly late?: boolean;
}

export function standingOf({ id, askedMs, dueMs, answer }: Question, nowMs: number): QuestionStanding {
  const open = nowMs > dueMs ? 'overdue' : 'asked';
  return {
    id,
    state: answer === undefined ? open : 'answered',
    askedAt: instant(askedMs),
    dueAt: instant(dueMs),
    ...(answer === undefined ? {} : { answeredAt: instant(answer.atMs), late: answer.atMs > dueMs }),
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
