export {
  CLOCK_STEPS,
  CLOCKS,
  stepsOf,
  type ClockCommand,
  type ClockInstants,
  type ClockKind,
  type ClockStep,
} from './clock-command.js';
export { applyClocks, extended, refusalDueAt, type ExtensionReason } from './terms/apply-clocks.js';
export { runningInstants, type Deadline } from './terms/deadline.js';
export { describeProfile } from './terms/describe-profile.js';
export { dueEvents, nextDueEventAt, withTold, type DueEvent } from './terms/due-events.js';
export { parseTermsProfile, type ProfileProblem } from './terms/parse-profile.js';
export { termsProfile, type TermsProfile } from './terms/profile-schema.js';
export { readTermsProfiles, type Terms } from './terms/terms-profiles.store.js';
export { termsErrors } from './terms/terms.errors.js';
export { WorkingCalendar } from './terms/working-calendar.js';
export {
  isOutlineOf,
  outlineOf,
  type ContentOutline,
  type EvidenceOutline,
  type ItemOutline,
} from './content/content-outline.js';
export {
  MEDIA_TYPES,
  MOST_CONTENT_BYTES,
  readContent,
  type Attachment,
  type ContentFlaw,
  type ContentItem,
  type CorrectionContent,
} from './content/correction-content.js';
export { isHashable } from './content/is-hashable.js';
export { valueHash } from './content/value-hash.js';
export { readPublicNumber, spellPublicNumber, type PublicNumber } from './public-number.js';
export { advance, standing, type Advanced } from './case/advance.js';
export type { CaseActor, CaseEvent, CaseEventOf, CaseEventType, FilingFacts, MassAnswer } from './case/event.js';
export { REMINDED, TOLD, type Audience, type CaseNotice, type CaseSignal } from './case/notice.js';
export {
  draftCase,
  type CaseCorrection,
  type CaseDecision,
  type CaseDraft,
  type CaseItem,
  type CaseKind,
  type CaseOutcome,
  type CasePart,
  type CaseRecipient,
  type CaseRecord,
} from './case/record.js';
export { CASE_REFUSALS, type CaseRefusal, type CaseRefusalCode } from './case/refusal.js';
export { CASE_STATES, hasEnded, type CaseRole, type CaseState } from './case/state.js';
export { DUE_CLOCK, type CaseStatement } from './case/statement.js';
export { isWithin } from './case/effect.js';
export { massSubject } from './case/mass.js';
export { withSuccessor } from './case/successor.js';
export {
  cellOf,
  TRANSITIONS,
  type CaseTransition,
  type TransitionCell,
  type TransitionRule,
} from './case/transition.js';
export { routeItems, type RoutedCase, type RoutedItem, type RoutedPart, type RoutingRule } from './case/route-items.js';
export {
  closeList,
  isRevealed,
  isWhole,
  MAX_RECIPIENTS,
  reveal,
  type RecipientsList,
  type RevealedRecipient,
  type SaltedRecipient,
} from './recipients/recipients-root.js';
export { actDoc, ownerAct, type OwnerAct, type OwnerActName } from './act/owner-act.js';
export { ownWords, wordsHash } from './act/own-words.js';
export { AUDIT_QUESTIONS, type AuditQuestion } from './audit-questions.js';
