/**
 * The words that a statement of a correction may use, as states and as reasons: closed lists, so that no free text gets
 * into the log and each can be said in five languages (E71). Own words of a case worker travel sealed, beside the code.
 */

/** States of a case (`corrections.md` §5). `EXPIRED` is absent on purpose: silence never ends a case, it escalates. */
export const CASE_STATES = [
  'DRAFT',
  'SUBMITTED',
  'TRANSFERRED',
  'ROUTED',
  'RECEIVED',
  'REOPENED',
  'IN_REVIEW',
  'NEEDS_INFO',
  'ACCEPTED',
  'PARTIALLY_ACCEPTED',
  'REJECTED',
  'CORRECTED',
  'PROPAGATING',
  'CLOSED',
  'WITHDRAWN',
] as const;
export type CaseState = (typeof CASE_STATES)[number];

export const RECIPIENT_ACTIONS = ['APPLIED', 'NOT_HELD', 'REFUSED'] as const;
export type RecipientAction = (typeof RECIPIENT_ACTIONS)[number];

export const TRANSFER_REASONS = ['not-our-element', 'copy-stale', 'competence-moved', 'operator-assigned'] as const;
export type TransferReason = (typeof TRANSFER_REASONS)[number];

export const QUESTION_CODES = ['document-needed', 'value-unclear', 'period-unclear', 'identity-unclear'] as const;
export type QuestionCode = (typeof QUESTION_CODES)[number];

export const EXTENSION_REASONS = ['data-of-others-needed', 'study-needed', 'expert-needed', 'records-abroad'] as const;
export type ExtensionReason = (typeof EXTENSION_REASONS)[number];

export const DECISION_REASONS = [
  'error-confirmed',
  'record-outdated',
  'record-missing',
  'record-not-theirs',
  'mass-correction',
  'data-correct',
  'evidence-missing',
  'evidence-insufficient',
  'law-forbids',
  'other-procedure',
  'repeated-request',
] as const;
export type DecisionReason = (typeof DECISION_REASONS)[number];

export const REOPENING_REASONS = ['appeal', 'supervisor-order', 'old-value-seen', 'part-reopened'] as const;
export type ReopeningReason = (typeof REOPENING_REASONS)[number];

export const RECIPIENT_REASONS = ['law-forbids', 'record-frozen', 'subject-unknown', 'own-decision'] as const;
export type RecipientReason = (typeof RECIPIENT_REASONS)[number];

/** Terms whose steps are told (`corrections.md` §1); what they are under each law is no matter of statements. */
export const TERM_NAMES = [
  'acknowledge',
  'forward',
  'take-up',
  'decide',
  'reply',
  'correct',
  'propagate',
  'recipient',
  'appeal',
] as const;
