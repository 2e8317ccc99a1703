import type { AccessReason, EndUserReason, SubjectReason, TermsReason, WhyCode } from '#access';
import { defineErrors, type ErrorEntry } from '#kernel';
import type { LinkReason } from '#end-user';
import { reasonEntry } from '../rights/reason-entry.js';

const AGAIN = 'Try again after Retry-After.';
const TELL = 'Nothing was released. Give the operator the exchange id.';
const ASK = 'Ask for the exchange by its id before you call again: the agency may have acted.';

/** How exchanges end without an answer: the reasons of statements that are no matter of right or subject. */
export const outcomeErrors = defineErrors('exchange outcomes', {
  'content-mismatch': reasonEntry('content-mismatch', 'The content is not what was signed.', TELL),
  'endpoint-mismatch': reasonEntry('endpoint-mismatch', 'The statement names another endpoint than the request.', TELL),
  'commitment-mismatch': reasonEntry('commitment-mismatch', 'The commitments speak of others than the request.', TELL),
  'disputed-blocked': reasonEntry(
    'disputed-blocked',
    'The answer holds a datum that is disputed and may not be used for this purpose until that is decided.',
    'Ask for other data, or again once the review has ended; the owner of the datum decides it.',
  ),
  'agency-unreachable': reasonEntry('agency-unreachable', "The agency's system could not be reached.", AGAIN),
  'agency-untrusted': reasonEntry(
    'agency-untrusted',
    "The connector and the agency's system do not take each other's certificate; nothing was sent.",
    'Tell the provider.',
  ),
  'agency-timeout': reasonEntry('agency-timeout', "The agency's system did not answer in time.", ASK),
  'agency-invalid-answer': reasonEntry(
    'agency-invalid-answer',
    "The agency's system answered no valid HTTP.",
    'Tell the provider.',
  ),
  'agency-missing': reasonEntry(
    'agency-missing',
    "The connector does not know where the agency's system listens.",
    'Tell the provider.',
  ),
  'answer-too-large': reasonEntry(
    'answer-too-large',
    'The answer is larger than what one exchange carries.',
    'Ask for less at once.',
  ),
  'answer-subject-missing': reasonEntry(
    'answer-subject-missing',
    'The answer does not say whom it is about.',
    'Tell the provider.',
  ),
  'request-contract': reasonEntry(
    'request-contract',
    "The call is not as the service's OpenAPI document says.",
    'Correct what the problems name; getOpenAPI of the provider gives the document.',
  ),
  'answer-contract': reasonEntry(
    'answer-contract',
    "The agency's answer is not as its OpenAPI document says, and was not let through; an unsafe call may have been carried out.",
    'Tell the provider. Ask for the exchange by its id before you call again.',
  ),
  'contract-unusable': reasonEntry(
    'contract-unusable',
    "The service's OpenAPI document cannot be had or used, and nothing passes unchecked.",
    AGAIN,
  ),
  'quota-day-spent': reasonEntry(
    'quota-day-spent',
    'The calls that the agreement allows in a day are spent.',
    'Go on after Retry-After, when the next day has begun; GET /v1/explain shows the quota.',
  ),
  'quota-month-spent': reasonEntry(
    'quota-month-spent',
    'The calls that the agreement allows in a month are spent.',
    'Go on after Retry-After, when the next month has begun, or ask the provider for a larger quota.',
  ),
  'quota-uncounted': reasonEntry(
    'quota-uncounted',
    'The provider cannot count the calls of this agreement now, and lets none pass uncounted.',
    AGAIN,
  ),
  'breaker-open': reasonEntry('breaker-open', "The agency's system fails, so it is left alone for a while.", AGAIN),
  'connector-busy': reasonEntry('connector-busy', 'The connector has as many calls under way as it takes.', AGAIN),
  'journal-unavailable': reasonEntry(
    'journal-unavailable',
    'The connector lacks its database: it makes no unsafe calls, nor any before it knows which data are disputed.',
    AGAIN,
  ),
  'outcome-unknown': reasonEntry(
    'outcome-unknown',
    'It is not known whether the agency has carried out the call.',
    ASK,
  ),
  'provider-unreachable': reasonEntry(
    'provider-unreachable',
    'No connector of the provider answered before the deadline.',
    ASK,
  ),
  'stamp-refused': reasonEntry('stamp-refused', 'The log refused a statement of this exchange.', TELL),
  'receipt-conflict': reasonEntry(
    'receipt-conflict',
    'The log holds another statement in the place of this one.',
    TELL,
  ),
  'answer-malformed': reasonEntry('answer-malformed', "The provider's answer could not be decoded.", TELL),
  'answer-not-a-sequel': reasonEntry(
    'answer-not-a-sequel',
    "The provider's statement does not answer this request.",
    TELL,
  ),
  'answer-unknown-key': reasonEntry(
    'answer-unknown-key',
    "The provider's statement is signed with a key that is not its own.",
    TELL,
  ),
  'answer-bad-signature': reasonEntry('answer-bad-signature', "The provider's signature is wrong.", TELL),
  'answer-unreadable': reasonEntry('answer-unreadable', "The provider's answer could not be opened.", TELL),
  'answer-digest': reasonEntry('answer-digest', 'The answer is not the one that the provider signed.', TELL),
  'answer-rejected': reasonEntry('answer-rejected', "The provider's statement was not accepted by the log.", TELL),
  'gateway-lost': reasonEntry('gateway-lost', 'The gateway stopped while this exchange was under way.', ASK),
  'bus-unavailable': reasonEntry('bus-unavailable', 'The bus does not take messages now.', AGAIN),
  'no-receipt': reasonEntry('no-receipt', 'The log gave no receipt in time, so no answer may leave.', AGAIN),
  'no-outcome': reasonEntry('no-outcome', 'Nobody has stated how this exchange ended.', ASK),
  // `gateway-closing` stands in the exchange's own list, reasons of links in theirs.
} satisfies Record<
  Exclude<WhyCode, AccessReason | SubjectReason | TermsReason | EndUserReason | LinkReason | 'gateway-closing'>,
  ErrorEntry
>);
