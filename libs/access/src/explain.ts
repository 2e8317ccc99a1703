import { isWithinHours } from './agreed-hours.js';
import { decide, type AccessQuestion, type AccessReason } from './decide.js';
import { decideTerms, isKindAgreed, missingContext, type CallTerms, type TermsReason } from './terms.js';
import type { AccessAgreement, AccessView } from './view.js';

/** Why one agreement lets a call through or not; the first that does not hold. */
export type AgreementFinding =
  | 'allows'
  | 'not-begun'
  | 'ended'
  | 'stopped'
  | 'other-endpoints'
  | 'other-purposes'
  | 'outside-hours'
  | 'other-subjects'
  | 'context-missing';

export interface Explanation {
  /** `allowed`, or the reason that the call would be refused with: what `decide`, then `decideTerms`, say. */
  readonly verdict: 'allowed' | AccessReason | TermsReason;
  readonly purpose?: string;
  readonly legalBasis?: string;
  /** Every agreement between the two, in the provider's order. */
  readonly agreements: readonly { readonly agreement: AccessAgreement; readonly finding: AgreementFinding }[];
}

/** Whether a call would pass, and which rule decides (`GET /v1/explain`). Decides nothing itself: it asks who does. */
export function explain(view: AccessView, question: AccessQuestion, call: CallTerms): Explanation {
  const permit = decide(view, question);
  const terms = permit.ok ? decideTerms(permit.value, call) : permit;
  const stated = permit.ok ? { purpose: permit.value.purpose, legalBasis: permit.value.legalBasis } : {};
  const purpose = permit.ok ? permit.value.purpose : question.purpose;
  return {
    verdict: terms.ok ? 'allowed' : terms.reason,
    ...stated,
    agreements: view
      .agreements(question.consumer, question.service)
      .map((agreement) => ({ agreement, finding: findingOf(agreement, { ...question, purpose }, call) })),
  };
}

/** In the order in which `decide` and `decideTerms` look. */
function findingOf(agreement: AccessAgreement, question: AccessQuestion, call: CallTerms): AgreementFinding {
  const { endpoint, purpose, atMs } = question;
  const term = termFinding(agreement, atMs);
  if (term !== undefined) return term;
  if (endpoint === undefined || !agreement.endpoints.includes(endpoint)) return 'other-endpoints';
  if (purpose !== undefined && !agreement.purposes.includes(purpose)) return 'other-purposes';
  if (agreement.hours !== undefined && !isWithinHours(agreement.hours, atMs)) return 'outside-hours';
  if (!isKindAgreed(agreement, call.subjectKind)) return 'other-subjects';
  return missingContext(agreement, call).length === 0 ? 'allows' : 'context-missing';
}

function termFinding({ from, until, stopped }: AccessAgreement, atMs: number): AgreementFinding | undefined {
  const begun = from === undefined || Date.parse(from) <= atMs;
  if (!begun) return 'not-begun';
  if (!(atMs < Date.parse(until))) return 'ended';
  return stopped === undefined ? undefined : 'stopped';
}
