export { CLOCKS, type ClockCommand, type ClockKind } from './clock-command.js';
export { applyClocks, extended, refusalDueAt, type ExtensionReason } from './terms/apply-clocks.js';
export { DUE_EVENTS, type Deadline, type DueEventKind } from './terms/deadline.js';
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
export { valueHash } from './content/value-hash.js';
export { readPublicNumber, spellPublicNumber, type PublicNumber } from './public-number.js';
