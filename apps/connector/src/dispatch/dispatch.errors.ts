import { defineErrors } from '#kernel';

/** Surprises of the connector itself; what it states about an exchange is `outcomeReasons` of `#access`. */
export const dispatchErrors = defineErrors('dispatch', {
  'connector-journal-busy': {
    kind: 'unavailable',
    message: 'Too many unsafe calls wait to be journalled.',
    next: 'Try again after some seconds; the operator looks at the load of the connector’s database.',
  },
  'connector-unsent': {
    kind: 'unavailable',
    message: 'A statement or an answer could not be sent before its time was up.',
    next: 'The operator brings the message bus back; a redelivered request sends what was kept.',
  },
  'connector-agencies': {
    kind: 'invalid',
    message: 'The addresses of the agencies’ systems are not what they should be.',
    next: 'Write KEREGE_CONNECTOR_AGENCIES as SERVICE=URL,…, each service of a subsystem that this connector serves.',
  },
  'connector-agency-proof': {
    kind: 'invalid',
    message: 'For some agencies’ systems it is not said how the connector knows them.',
    next: 'Use https with KEREGE_CONNECTOR_AGENCY_PINS or KEREGE_CONNECTOR_AGENCY_CA_FILE; to do without, name them in KEREGE_CONNECTOR_AGENCY_UNVERIFIED or KEREGE_CONNECTOR_AGENCY_PLAIN.',
  },
});

/** Why a record went to the dead letters, unstated (`bus.md` §4.3): it could not be decoded or verified. */
export const deadReasons = [
  'request-malformed',
  'statement-invalid',
  'envelope-mismatch',
  'reply-topic-foreign',
  'signer-unknown',
  'signature-wrong',
  'content-unreadable',
  'exchange-id-reused',
] as const;
export type DeadReason = (typeof deadReasons)[number];
