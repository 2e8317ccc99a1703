export { allowedEndpoints, decide, type AccessQuestion, type AccessReason, type Permit } from './decide.js';
export { isBodyAsDeclared, isJsonType, type DeclaredBody } from './declared-body.js';
export { explain, type AgreementFinding, type Explanation } from './explain.js';
export { matchEndpoint, type EndpointMatch } from './endpoint.js';
export { decideEndUser, type ActingPerson, type EndUserReason } from './end-user.js';
export { FILTERED_FROM_ANSWERS, FILTERED_HEADERS, nominatedHeaders, nominatesNeeded } from './filtered-headers.js';
export {
  findSubject,
  findSubjectInAnswer,
  resolveSubject,
  sameSubject,
  type Subject,
  type SubjectReason,
  type SubjectSources,
} from './subject.js';
export { agreementKey, quotaReasons, quotaPeriods, type QuotaPeriod, type QuotaReason } from './quota.js';
export { knownSubjectTypes } from './subject-code.js';
export { parseTarget, type Target, type TargetReason } from './target.js';
export { hasDuplicateKey } from './json-pointer.js';
export { CONTEXT_HEADERS, decideTerms, subjectKindOf, type CallTerms, type TermsReason } from './terms.js';
export { isUnsafeMethod } from './unsafe-method.js';
export {
  type AccessAgreement,
  type AccessService,
  type AccessView,
  type AgreedHours,
  type AgreedQuota,
  type AgreedRate,
  type AgreedSweep,
  type ContextField,
  type EndUserRule,
  type SubjectRule,
} from './view.js';
export {
  isCountedReason,
  outcomeReasons,
  transientRefusals,
  type CountedReason,
  type OutcomeReason,
  type OutcomeSide,
  type WhyCode,
} from './outcome.js';
