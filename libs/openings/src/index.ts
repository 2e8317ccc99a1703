export {
  readOpeningKey,
  signOpeningKey,
  type Announced,
  type OpeningKey,
  type OpeningKeyReason,
} from './opening-key.js';
export {
  openOpening,
  readSealedOpening,
  sealOpening,
  type OpenedOpening,
  type OpeningReason,
  type OpeningsOf,
} from './sealed-opening.js';
export { OpeningSessions, type OpeningKeySource, type SessionReason } from './opening-sessions.js';
export { PatientSubscription } from './patient-subscription.service.js';
export {
  hasFeedback,
  noOpenings,
  openingEvents,
  openingRecord,
  Openings,
  type OpeningEvent,
  type OpeningSealer,
  type OpeningsParts,
  type OpeningsReading,
} from './openings.service.js';
