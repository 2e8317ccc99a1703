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
