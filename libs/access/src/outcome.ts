import type { AccessReason } from './decide.js';
import type { EndUserReason } from './end-user.js';
import type { SubjectReason } from './subject.js';
import type { TermsReason } from './terms.js';

/** At whose door an outcome is laid (`statements.md` §1, `side`). */
export type OutcomeSide = 'consumer' | 'bus' | 'provider' | 'provider-system' | 'unknown';

/** What a reason code of a statement means to those who are told it. */
export interface OutcomeReason {
  readonly side: OutcomeSide;
  /** Native status (RFC 9457 face, `exchange.md` §1). */
  readonly status: number;
  /** X-Road's fault code in 7.8 spelling, without its side prefix. */
  readonly fault: string;
  /** The prefix where the table of `exchange.md` §1 fixes it; else the side that decided gives it. */
  readonly proxy?: 'clientproxy' | 'serverproxy';
}

/** Reasons that are no matter of right or subject: what went wrong on the way, at the agency, or in the log. */
type WayReason =
  // What the connector refuses beside right and subject.
  | 'content-mismatch'
  | 'endpoint-mismatch'
  | 'commitment-mismatch'
  // Either end, where the person has to allow it.
  | 'link-missing'
  | 'link-stale'
  // The answer holds a datum that is disputed, and that may not be used for this purpose meanwhile.
  | 'disputed-blocked'
  // How the agency's system failed.
  | 'agency-unreachable'
  | 'agency-untrusted'
  | 'agency-timeout'
  | 'agency-invalid-answer'
  | 'agency-missing'
  | 'answer-too-large'
  | 'answer-subject-missing'
  // What is not as the service's OpenAPI document says, or that document cannot be had or used.
  | 'request-contract'
  | 'answer-contract'
  | 'contract-unusable'
  | 'breaker-open'
  // The agreement's calls of the day or the month are spent; or it could not be found out whether they are.
  | 'quota-day-spent'
  | 'quota-month-spent'
  | 'quota-uncounted'
  // What the connector could not do.
  | 'connector-busy'
  | 'journal-unavailable'
  | 'outcome-unknown'
  // What the gateway states of its own.
  | 'provider-unreachable'
  | 'stamp-refused'
  | 'receipt-conflict'
  | 'answer-malformed'
  | 'answer-not-a-sequel'
  | 'answer-unknown-key'
  | 'answer-bad-signature'
  | 'answer-unreadable'
  | 'answer-digest'
  | 'answer-rejected'
  | 'gateway-lost'
  | 'gateway-closing'
  | 'bus-unavailable'
  // The log.
  | 'no-receipt'
  | 'no-outcome';

/** The closed list of `why` codes of exchanges, and of refusals that are answered without a statement. */
export type WhyCode = AccessReason | TermsReason | SubjectReason | EndUserReason | WayReason;

const denied: OutcomeReason = { side: 'consumer', status: 403, fault: 'access_denied' };
const spent: OutcomeReason = { side: 'consumer', status: 429, fault: 'internal_error' };
const context: OutcomeReason = { side: 'consumer', status: 400, fault: 'invalid_request' };
const inconsistent: OutcomeReason = { side: 'provider', status: 502, fault: 'inconsistent_response' };
const unreachable: OutcomeReason = {
  side: 'provider-system',
  status: 503,
  fault: 'network_error',
  proxy: 'serverproxy',
};
const rubbish: OutcomeReason = { side: 'provider-system', status: 502, fault: 'service_failed', proxy: 'serverproxy' };
const unlogged: OutcomeReason = { side: 'bus', status: 503, fault: 'logging_failed', proxy: 'clientproxy' };

/** Words of intake's refusals that say "not now": who stamped sends the stamp again, and its exchange goes on waiting. */
export const transientRefusals: ReadonlySet<string> = new Set(['rate-limited']);

/** One place for reason → side, native status, X-Road fault (`exchange.md` §1): both edges and the docs read it. */
export const outcomeReasons: Readonly<Record<WhyCode, OutcomeReason>> = {
  'unknown-consumer': { side: 'consumer', status: 404, fault: 'unknown_member' },
  'consumer-suspended': denied,
  'unknown-provider': { side: 'consumer', status: 404, fault: 'unknown_member' },
  'provider-suspended': { side: 'provider', status: 503, fault: 'service_disabled' },
  'unknown-service': { side: 'consumer', status: 404, fault: 'unknown_service' },
  'service-disabled': { side: 'provider', status: 503, fault: 'service_disabled' },
  'service-suspended': { side: 'provider', status: 503, fault: 'service_disabled' },
  'endpoint-unknown': denied,
  'endpoint-suspended': { side: 'provider', status: 503, fault: 'service_disabled' },
  'agreement-missing': denied,
  'agreement-not-begun': denied,
  'agreement-ended': denied,
  'agreement-stopped': denied,
  'endpoint-not-agreed': denied,
  'purpose-missing': context,
  'purpose-unknown': denied,
  'purpose-not-agreed': denied,
  'legal-basis-unknown': denied,
  'legal-basis-not-of-purpose': denied,
  'outside-agreed-hours': denied,
  'subject-kind-not-agreed': denied,
  'context-missing': context,
  'subject-missing': context,
  'subject-malformed': context,
  'subject-ambiguous': context,
  'subject-mismatch': denied,
  'body-malformed': { side: 'consumer', status: 422, fault: 'invalid_request' },
  'end-user-malformed': context,
  'end-user-issuer-unknown': denied,
  'end-user-unverified': denied,
  'end-user-expired': denied,
  'end-user-not-yet-valid': denied,
  'end-user-long-lived': denied,
  'end-user-audience': denied,
  'end-user-assurance': denied,
  'end-user-unknown': denied,
  'end-user-replayed': denied,
  'mandate-malformed': context,
  'mandate-issuer-unknown': denied,
  'mandate-unverified': denied,
  'mandate-expired': denied,
  'mandate-not-yet-valid': denied,
  'mandate-revoked': denied,
  'mandate-foreign': denied,
  'end-user-required': denied,
  'end-user-mismatch': denied,
  'link-missing': denied,
  'link-stale': denied,
  'disputed-blocked': { side: 'provider', status: 403, fault: 'access_denied' },
  'content-mismatch': { side: 'consumer', status: 400, fault: 'signature_verification' },
  'endpoint-mismatch': { side: 'consumer', status: 400, fault: 'signature_verification' },
  'commitment-mismatch': { side: 'consumer', status: 400, fault: 'signature_verification' },
  'agency-unreachable': unreachable,
  'agency-untrusted': {
    side: 'provider-system',
    status: 502,
    fault: 'ssl_authentication_failed',
    proxy: 'serverproxy',
  },
  'agency-timeout': { ...unreachable, status: 504 },
  'agency-invalid-answer': rubbish,
  'agency-missing': { ...unreachable, side: 'provider' },
  'answer-too-large': rubbish,
  'answer-subject-missing': rubbish,
  'request-contract': { side: 'consumer', status: 422, fault: 'invalid_request' },
  'answer-contract': rubbish,
  'contract-unusable': { side: 'provider', status: 503, fault: 'internal_error' },
  'quota-day-spent': spent,
  'quota-month-spent': spent,
  'quota-uncounted': { side: 'provider', status: 503, fault: 'internal_error' },
  'breaker-open': unreachable,
  'connector-busy': { ...unreachable, side: 'provider' },
  'journal-unavailable': { side: 'provider', status: 503, fault: 'internal_error' },
  'outcome-unknown': { side: 'provider', status: 504, fault: 'network_error', proxy: 'serverproxy' },
  'provider-unreachable': { side: 'provider', status: 504, fault: 'network_error', proxy: 'serverproxy' },
  'stamp-refused': unlogged,
  'receipt-conflict': unlogged,
  'answer-malformed': inconsistent,
  'answer-not-a-sequel': inconsistent,
  'answer-unknown-key': { ...inconsistent, fault: 'signature_verification' },
  'answer-bad-signature': { ...inconsistent, fault: 'signature_verification' },
  'answer-unreadable': inconsistent,
  'answer-digest': inconsistent,
  'answer-rejected': inconsistent,
  'gateway-lost': { side: 'bus', status: 504, fault: 'internal_error' },
  'gateway-closing': { side: 'bus', status: 503, fault: 'internal_error' },
  'bus-unavailable': { side: 'bus', status: 503, fault: 'internal_error' },
  'no-receipt': unlogged,
  'no-outcome': { side: 'unknown', status: 504, fault: 'internal_error' },
};

/**
 * Why calls are turned away that nobody states one by one (`statements.md` §2): before it is known who asks, malformed,
 * or for quota and capacity. They stand in `refusals` leaves beside the reasons above, as numbers per minute.
 */
export const countedReasons = [
  'consumer-unauthenticated',
  'call-malformed',
  'registry-expired',
  'gateway-starting',
  'gateway-busy',
  'log-distrusted',
  'database-unavailable',
  'consumer-stopped',
  'signer-unavailable',
  'deadline-passed',
  'links-unavailable',
  'rate-exceeded',
  'sweep-braked',
] as const;
export type CountedReason = (typeof countedReasons)[number] | WhyCode;

const counted: ReadonlySet<unknown> = new Set(countedReasons);

/** Whether refusals for this reason may be stated as a number. */
export function isCountedReason(reason: unknown): reason is CountedReason {
  return counted.has(reason) || (typeof reason === 'string' && Object.hasOwn(outcomeReasons, reason));
}
