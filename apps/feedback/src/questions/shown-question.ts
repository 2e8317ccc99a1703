import type { LeafPlace } from '../access-history/outcome.js';
import type { ProvenLeaf } from '../access-history/proven-leaves.service.js';
import type { QuestionStanding } from './question.js';

/** An answer in the reader's language. */
export interface ShownAnswer {
  readonly code: string;
  /** Absent for a code that this version does not know. */
  readonly title?: string;
  readonly text?: string;
}

/** A question beside the access that it is about, as a citizen's portal gets it. */
export interface ShownQuestion extends QuestionStanding {
  readonly answer?: ShownAnswer;
  /** With proofs, as soon as the log shows its leaf. */
  readonly evidence?: QuestionEvidence;
}

export interface QuestionEvidence {
  readonly asked: ProvenLeaf;
  /** `salt`, base64url: with it the answer has the digest that the statement names. */
  readonly answered?: ProvenLeaf & { readonly salt: string };
}

/** What there is to show of a question, before the log was asked for proofs. */
export interface RowQuestion {
  readonly standing: QuestionStanding;
  readonly answer: (ShownAnswer & { readonly salt: string }) | undefined;
  /** Undefined while the leaf is not known to stand in the log. */
  readonly asked: LeafPlace | undefined;
  readonly answered: LeafPlace | undefined;
}

/** `proven` finds a leaf's bytes and proof; undefined: without evidence. */
export function shownQuestion(
  { standing, answer, asked, answered }: RowQuestion,
  proven: ((place: LeafPlace) => ProvenLeaf | undefined) | undefined,
): ShownQuestion {
  const question = asked && proven?.(asked);
  const reply = answered && proven?.(answered);
  const { salt, ...shown } = answer ?? { salt: '' };
  return {
    ...standing,
    ...(answer === undefined ? {} : { answer: shown as ShownAnswer }),
    ...(question === undefined
      ? {}
      : {
          evidence: {
            asked: question,
            ...(reply === undefined || answer === undefined ? {} : { answered: { ...reply, salt } }),
          },
        }),
  };
}

/** Every leaf that the evidence of a question wants. */
export function questionPlaces(question: RowQuestion | undefined): LeafPlace[] {
  return [question?.asked, question?.answered].filter((place) => place !== undefined);
}
