export {
  algorithmOf,
  generateP256Key,
  generateSealingKey,
  generateSigningKey,
  keyBytes,
  publicJwk,
  thumbprint,
} from './jwk.js';
export type { Algorithm, PrivateJwk, PublicJwk } from './jwk.js';
export { jwkSigner, noTokens, type Signer, type SigningDevice, type TokenKey } from './signer.js';
export { isSignerUnavailable, patientSigner, signIfAvailable, willSign } from './patient-signer.js';
export { isLowS, withLowS } from './p256.js';
export { keyFileName, KeyRing } from './key-ring.js';
export {
  CASE_STATES,
  DECISION_REASONS,
  EXTENSION_REASONS,
  QUESTION_CODES,
  RECIPIENT_ACTIONS,
  RECIPIENT_REASONS,
  REOPENING_REASONS,
  TERM_NAMES,
  TRANSFER_REASONS,
  type CaseState,
  type DecisionReason,
  type ExtensionReason,
  type QuestionCode,
  type RecipientAction,
  type RecipientReason,
  type ReopeningReason,
  type TransferReason,
} from './correction-words.js';
export { payloadProblem } from './statement-payload.js';
export type {
  AnchorPayload,
  AccessAct,
  AccessPayload,
  AnsweredPayload,
  ConflictPayload,
  FailedPayload,
  LogClosedPayload,
  LogOpenedPayload,
  ChangedPayload,
  SuspendedPayload,
  ManifestPayload,
  RefusalsPayload,
  QuestionAskedPayload,
  QuestionAnsweredPayload,
  ErasurePayload,
  ConcealmentPayload,
  CompromisedPayload,
  LinkGrantedPayload,
  LinkRevokedPayload,
  CaseSubmittedPayload,
  CaseStepPayload,
  RecipientAckedPayload,
  RefusedPayload,
  RequestedPayload,
  Side,
  StatementFields,
  StatementPayload,
  StatementType,
  UnwitnessedPayload,
} from './statement-payload.js';
export {
  isSequelOf,
  MAX_STATEMENT_BYTES,
  parseStatement,
  sequelOf,
  signStatement,
  statementLeafHash,
  verifyStatement,
  type Statement,
  type StatementReason,
} from './statement.js';
export { slotFor, type SignerRole, type Slot } from './slot.js';
export { documentKid, signDocument, verifyDocument, type DocumentReason, type DocumentType } from './document.js';
export {
  answerAd,
  forgetUnsealKey,
  openSession,
  requestAd,
  startSession,
  type SealingSession,
  type SessionKeys,
} from './sealing.js';
export { SealingSessions, type RecipientKey } from './sealing-sessions.js';
export { openRecord, sealRecord, type SealedRecord } from './sealed-record.js';
export {
  commit,
  opens,
  parseTypedSubject,
  spelled,
  typedSubject,
  type CommitmentKind,
  type SubjectOpening,
  type TypedSubject,
} from './commitment.js';
export {
  answerDigest,
  answerHash,
  h1,
  hmacSha256,
  requestDigest,
  xroadRequestHash,
  type AnswerHead,
  type HeaderField,
  type RequestHead,
} from './digest.js';
export {
  ANSWER_CODES,
  answerBytes,
  questionAnswerDigest,
  type AnswerCode,
  type QuestionAnswer,
} from './question-answer.js';
export { verifyEd25519, verifySignature } from './verify-signature.js';
export { signingErrors } from './signing.errors.js';
