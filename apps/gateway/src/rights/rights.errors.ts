import type { AccessReason, SubjectReason, TargetReason, TermsReason } from '#access';
import { defineErrors, type ErrorEntry } from '#kernel';
import { reasonEntry } from './reason-entry.js';

const REQUEST_URI = { kind: 'invalid', fault: 'internal_error' } as const;

/** One entry for each reason of `#access`; the gateway and the connector decide by the same list. */
export const rightsErrors = defineErrors('rights', {
  'target-malformed': {
    ...REQUEST_URI,
    message: 'Invalid request URI: it is not in the form /r1/{instance}/{class}/{member}/{subsystem}/{service}.',
    next: 'Send the path in origin form, beginning with exactly /r1/.',
  },
  'protocol-version-unsupported': {
    ...REQUEST_URI,
    message: 'Unsupported protocol version.',
    next: 'Use /r1/.',
  },
  'target-identifier': {
    ...REQUEST_URI,
    message: 'Invalid request URI: five identifier segments are required, each percent-encoded by itself.',
    next: 'Correct the service identifier; segments hold no ":", ";", "/", "\\", "%" and no control characters.',
  },
  'path-ambiguous': {
    kind: 'invalid',
    fault: 'invalid_request',
    message: 'The path can be read in more than one way, so it is refused.',
    next: 'Send the plain spelling: no dot segments, no empty segments, no encoded slash, backslash, percent or NUL.',
  },
  'unknown-consumer': reasonEntry(
    'unknown-consumer',
    'Client not found: the consumer is not registered.',
    'Check X-Road-Client; ask the operator which subsystems are registered.',
  ),
  'consumer-suspended': reasonEntry(
    'consumer-suspended',
    'Request is not allowed: the operator has suspended the consumer.',
    'Ask the operator why, and what restores it.',
  ),
  'unknown-provider': reasonEntry(
    'unknown-provider',
    'Could not find addresses for service provider: the subsystem is not registered.',
    'Look the provider up with GET /listClients.',
  ),
  'provider-suspended': reasonEntry(
    'provider-suspended',
    'The operator has suspended the provider.',
    'Ask the operator when it will be restored.',
  ),
  'unknown-service': reasonEntry(
    'unknown-service',
    'Unknown service: the provider has none with this code.',
    "Look the provider's services up with its listMethods.",
  ),
  'service-disabled': reasonEntry(
    'service-disabled',
    'The service is switched off by its provider.',
    'Ask the provider when it will be back.',
  ),
  'service-suspended': reasonEntry(
    'service-suspended',
    'The operator has suspended the service.',
    'Ask the operator when it will be restored.',
  ),
  'endpoint-suspended': reasonEntry(
    'endpoint-suspended',
    'The operator has suspended this endpoint of the service.',
    'Ask the operator when it will be restored.',
  ),
  'endpoint-unknown': reasonEntry(
    'endpoint-unknown',
    'Request is not allowed: no registered endpoint of the service has this method and path.',
    "Look the endpoints up with the provider's allowedMethods.",
  ),
  'agreement-missing': reasonEntry(
    'agreement-missing',
    'Request is not allowed: the provider grants this consumer no agreement for the service.',
    'Ask the provider for an agreement.',
  ),
  'agreement-not-begun': reasonEntry(
    'agreement-not-begun',
    'Request is not allowed: the agreement has not begun.',
    'Wait for the first day of the agreement.',
  ),
  'agreement-ended': reasonEntry(
    'agreement-ended',
    'Request is not allowed: the agreement has ended.',
    'Ask the provider to renew the agreement.',
  ),
  'agreement-stopped': reasonEntry(
    'agreement-stopped',
    'Request is not allowed: the provider has stopped the agreement.',
    'Ask the provider why, and when it will go on.',
  ),
  'endpoint-not-agreed': reasonEntry(
    'endpoint-not-agreed',
    'Request is not allowed: no agreement in force names this endpoint.',
    "Look the agreed endpoints up with the provider's allowedMethods.",
  ),
  'purpose-missing': reasonEntry(
    'purpose-missing',
    'The agreement allows more than one purpose, so the call must say which.',
    'Send Kerege-Purpose with a code of the agreement.',
  ),
  'purpose-unknown': reasonEntry(
    'purpose-unknown',
    'The purpose is not in the catalogue.',
    'Send a code of the purpose catalogue in Kerege-Purpose.',
  ),
  'purpose-not-agreed': reasonEntry(
    'purpose-not-agreed',
    'No agreement in force allows this endpoint for this purpose.',
    'Use a purpose of the agreement, or ask the provider to add it.',
  ),
  'legal-basis-unknown': reasonEntry(
    'legal-basis-unknown',
    'The legal basis is not in the catalogue.',
    "Leave Kerege-Legal-Basis out, or send the purpose's own.",
  ),
  'legal-basis-not-of-purpose': reasonEntry(
    'legal-basis-not-of-purpose',
    'The legal basis is not that of the purpose.',
    "Leave Kerege-Legal-Basis out, or send the purpose's own.",
  ),
  'outside-agreed-hours': reasonEntry(
    'outside-agreed-hours',
    'No agreement for this purpose allows calls at this hour.',
    'Call within the hours of the agreement; GET /v1/explain shows them.',
  ),
  'subject-kind-not-agreed': reasonEntry(
    'subject-kind-not-agreed',
    'No agreement for this purpose covers persons of this kind.',
    'Ask only about the kinds of subjects that the agreement names; GET /v1/explain shows them.',
  ),
  'context-missing': reasonEntry(
    'context-missing',
    'The agreement asks for more context than the call states.',
    'Send the headers that the agreement asks for; GET /v1/explain names them.',
  ),
  'subject-missing': reasonEntry(
    'subject-missing',
    'The service serves personal data, and the call does not say whose.',
    "Put the subject where the service's registration says, or send Kerege-Subject where it has no rule.",
  ),
  'subject-malformed': reasonEntry(
    'subject-malformed',
    'What stands where the subject should be is no subject code.',
    'Send letters, digits, "-" only.',
  ),
  'subject-ambiguous': reasonEntry(
    'subject-ambiguous',
    'More than one value stands where the subject should be.',
    'Send the subject once, under its exact name.',
  ),
  'subject-mismatch': reasonEntry(
    'subject-mismatch',
    'Kerege-Subject names another person than the request itself.',
    'Leave Kerege-Subject out, or make both agree.',
  ),
  'body-malformed': reasonEntry(
    'body-malformed',
    'The body is not the JSON that it should be.',
    'Send valid UTF-8 JSON with Content-Type: application/json.',
  ),
} satisfies Record<AccessReason | SubjectReason | TargetReason | TermsReason, ErrorEntry>);
