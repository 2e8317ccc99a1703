export { verifyEvidence, type VerifyOptions } from './verify-evidence.js';
export type { Refusal, RefusalCode, Slot, VerificationReport, VerifiedLeaf, VerifiedPerson } from './report.js';
export { explain } from './report.js';
