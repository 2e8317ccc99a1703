import { defineErrors, type AppError } from '#kernel';
import type { CaseRefusal, CaseRefusalCode } from '#corrections';

export const correctionErrors = defineErrors('feedback-corrections', {
  'case-unknown': {
    kind: 'not-found',
    message: 'There is no such case for whoever asks.',
    next: 'Take the id from the answer to the filing, from the list of your cases, or from the delivery.',
  },
  'case-refused': {
    kind: 'conflict',
    message: 'The case does not take this now; "refusal" says why, "hint" what to do.',
    next: 'Read "hint"; docs/corrections.md lists every refusal.',
  },
  'case-forbidden': {
    kind: 'refused',
    message: 'Whoever asks may not do this in this case; "refusal" says why.',
    next: 'Let it be done by who may: docs/corrections.md says who does what.',
  },
  'case-astray': {
    kind: 'conflict',
    message:
      'The log holds a transition of this case that was not made here; nothing goes on until the operator has looked.',
    next: 'Tell the operator of the bus the number of the case.',
  },
  'case-exists': {
    kind: 'conflict',
    message: 'A case with this id was filed, and it is another one.',
    next: 'File with an id of its own.',
  },
  'case-parties': {
    kind: 'invalid',
    message: 'By the registry the data of this request belong to another owner, or to several; "owners" says to whom.',
    next: 'File with the newest snapshot, a part for each owner.',
  },
  'case-outline': {
    kind: 'invalid',
    message: 'What was filed beside the sealed request does not fit together; "problem" says where.',
    next: 'Send outline, items and sealed request as they were made from one content, sealed for a published key of the owner.',
  },
  'step-unsound': {
    kind: 'invalid',
    message: 'The statement is not that of this step; "problem" says why.',
    next: 'Ask without a statement for the payload, sign exactly that with a published key of yours, and send it within five minutes.',
  },
  'notice-past': {
    kind: 'conflict',
    message: 'There is nothing to answer to this: the value is doubted again, or something newer was told of it.',
    next: 'Answer the newest delivery; after "isReopened" wait for the next one.',
  },
  'order-not-this': {
    kind: 'invalid',
    message: 'The order is not signed by whoever gives it, or is another one; "problem" says why.',
    next: 'Ask without a statement for the order, sign exactly that with a published key of yours, and send it within five minutes.',
  },
  'terms-unknown': {
    kind: 'invalid',
    message: 'There is no profile of terms under that name.',
    next: 'Leave "profile" out, or name one of docs/terms.md that this instance has.',
  },
  'evidence-unproven': {
    kind: 'unavailable',
    message: 'The audit service does not prove all of the transitions of this case at the moment.',
    next: 'Ask again in a minute; nothing is handed out as proven that is not.',
  },
  'cases-too-many': {
    kind: 'conflict',
    status: 429,
    message: 'This person has as many open cases as they may have, or this owner as many open mass corrections.',
    next: 'File again when some of them have ended.',
  },
});

const FORBIDDEN: ReadonlySet<CaseRefusalCode> = new Set(['not-entitled', 'not-a-party', 'right-unproved']);

/** A refusal of the state machine as whoever acted is told it. */
export function refusedCase({ code, sentence, next, caseId }: CaseRefusal): AppError {
  const extensions = { refusal: code, sentence, hint: next, ...(caseId === undefined ? {} : { correctionId: caseId }) };
  return correctionErrors.error(FORBIDDEN.has(code) ? 'case-forbidden' : 'case-refused', { extensions });
}
