/** One row of `exchange.md` §2.7: both spellings, and what brings it about in Kerege. */
export interface FaultRow {
  /** Suffix up to 7.7. */
  readonly old: string;
  /** Suffix from 7.8. */
  readonly now: string;
  /** Codes of our catalogue that wear it; each is tried. */
  readonly codes?: readonly string[];
  /** Why a row has no cause in Kerege. */
  readonly notApplicable?: string;
}

const OCSP =
  'No OCSP, no security server certificates: members are authenticated by keys in the signed registry snapshot.';
const ROUTING = 'No routing to security servers: the snapshot names the topic of each provider.';
const STAMPING = 'Time-stamps are not in the path of an exchange: checkpoints are stamped later.';

/** Every row of §2.7. A row names codes or says why not: nothing is left out silently. */
export const faultRows: readonly FaultRow[] = [
  { old: 'InvalidClientIdentifier', now: 'invalid_client_identifier', codes: ['client-missing', 'client-malformed'] },
  {
    old: 'UnknownMember',
    now: 'unknown_member',
    codes: ['client-unknown', 'unknown-consumer', 'unknown-provider', 'xroad-instance-unknown'],
  },
  {
    old: 'SslAuthenticationFailed',
    now: 'ssl_authentication_failed',
    codes: ['consumer-unauthenticated', 'access-token-expired', 'client-disagrees', 'agency-untrusted'],
  },
  { old: 'OutdatedGlobalConf', now: 'global_conf_outdated', codes: ['registry-expired'] },
  { old: 'InvalidSecurityServer', now: 'invalid_security_server', notApplicable: ROUTING },
  {
    old: 'MaintenanceMode',
    now: 'maintenance_mode',
    notApplicable:
      'There is no provider-side security server to maintain; a service that is switched off is ServiceDisabled.',
  },
  {
    old: 'NetworkError',
    now: 'network_error',
    codes: [
      'deadline-passed',
      'provider-unreachable',
      'agency-unreachable',
      'agency-timeout',
      'agency-missing',
      'breaker-open',
      'connector-busy',
      'outcome-unknown',
    ],
  },
  {
    old: 'IOError',
    now: 'io_error',
    notApplicable: 'Every break towards a peer or an agency is a NetworkError (exchange.md \u00a71).',
  },
  { old: 'UnknownService', now: 'unknown_service', codes: ['unknown-service'] },
  { old: 'ServiceType', now: 'service_type', notApplicable: 'No SOAP services.' },
  {
    old: 'AccessDenied',
    now: 'access_denied',
    codes: [
      ...[
        'endpoint-unknown',
        'agreement-missing',
        'web-page-refused',
        'agreement-not-begun',
        'agreement-ended',
        'endpoint-not-agreed',
        'purpose-unknown',
      ],
      ...['purpose-not-agreed', 'legal-basis-unknown', 'legal-basis-not-of-purpose', 'subject-mismatch'],
      ...['end-user-issuer-unknown', 'end-user-unverified', 'end-user-expired', 'end-user-not-yet-valid'],
      ...['end-user-long-lived', 'end-user-audience', 'end-user-assurance', 'end-user-unknown', 'end-user-replayed'],
      ...['end-user-required', 'end-user-mismatch', 'mandate-issuer-unknown', 'mandate-unverified', 'mandate-expired'],
      ...['mandate-not-yet-valid', 'mandate-revoked', 'mandate-foreign'],
      ...['consumer-suspended', 'agreement-stopped', 'outside-agreed-hours', 'subject-kind-not-agreed'],
      ...['link-missing', 'link-stale', 'disputed-blocked'],
    ],
  },
  {
    old: 'ServiceDisabled',
    now: 'service_disabled',
    codes: ['service-disabled', 'provider-suspended', 'service-suspended', 'endpoint-suspended'],
  },
  {
    old: 'ServiceMissingUrl',
    now: 'service_missing_url',
    notApplicable: "Where an agency listens is the connector's own setting; one that is missing is a NetworkError.",
  },
  {
    old: 'ServiceMalformedUrl',
    now: 'service_malformed_url',
    notApplicable: 'A connector does not start with a malformed URL.',
  },
  {
    old: 'ServiceFailed',
    now: 'service_failed',
    codes: ['agency-invalid-answer', 'answer-too-large', 'answer-subject-missing', 'answer-contract'],
  },
  { old: 'LoggingFailed', now: 'logging_failed', codes: ['no-receipt', 'stamp-refused', 'receipt-conflict'] },
  { old: 'TimestampingFailed', now: 'timestamping_failed', notApplicable: STAMPING },
  { old: 'TimestamperFailed', now: 'timestamper_failed', notApplicable: STAMPING },
  { old: 'MissingRest', now: 'missing_rest', notApplicable: 'No multipart transport on port 5500.' },
  {
    old: 'MissingSignature',
    now: 'missing_signature',
    notApplicable: 'A record without a statement cannot be decoded: InconsistentResponse.',
  },
  {
    old: 'InvalidSignatureValue',
    now: 'invalid_signature_value',
    notApplicable: 'A signature is right or wrong: SignatureVerification.',
  },
  {
    old: 'SignatureVerification',
    now: 'signature_verification',
    codes: [
      'answer-bad-signature',
      'answer-unknown-key',
      'content-mismatch',
      'endpoint-mismatch',
      'commitment-mismatch',
    ],
  },
  {
    old: 'CannotCreateSignature',
    now: 'cannot_create_signature',
    notApplicable:
      'Keys are checked when the gateway starts and when the registry changes; failing to sign is an InternalError.',
  },
  { old: 'CertValidation', now: 'cert_validation', notApplicable: OCSP },
  { old: 'IncorrectValidationInfo', now: 'incorrect_validation_info', notApplicable: OCSP },
  { old: 'IncorrectCertificate', now: 'incorrect_certificate', notApplicable: OCSP },
  {
    old: 'InconsistentResponse',
    now: 'inconsistent_response',
    codes: ['answer-malformed', 'answer-not-a-sequel', 'answer-unreadable', 'answer-digest', 'answer-rejected'],
  },
  {
    old: 'InvalidRequest',
    now: 'invalid_request',
    codes: [
      ...[
        'path-ambiguous',
        'context-repeated',
        'subject-header-malformed',
        'purpose-malformed',
        'legal-basis-malformed',
        'deadline-malformed',
      ],
      ...[
        'idempotency-key-malformed',
        'idempotency-key-reused',
        'exchange-ended',
        'exchange-open',
        'purpose-missing',
        'context-missing',
        'subject-missing',
      ],
      ...[
        'subject-malformed',
        'subject-ambiguous',
        'body-malformed',
        'request-contract',
        'service-code-missing',
        'end-user-malformed',
        'mandate-malformed',
      ],
      'concealment-malformed',
    ],
  },
  {
    old: 'ClientProxyVersionNotSupported',
    now: 'client_proxy_version_not_supported',
    notApplicable: 'No peer security servers with versions.',
  },
  {
    old: 'DatabaseError',
    now: 'database_error',
    notApplicable:
      'Anything of ours is an InternalError (exchange.md \u00a71): databases are nobody else\u2019s business.',
  },
  {
    old: 'InternalError',
    now: 'internal_error',
    codes: [
      ...[
        'contract-unusable',
        'quota-day-spent',
        'quota-month-spent',
        'quota-uncounted',
        'rate-exceeded',
        'sweep-braked',
        'target-malformed',
        'protocol-version-unsupported',
        'target-identifier',
        'method-unsupported',
        'http-malformed',
        'headers-too-large',
        'target-too-long',
        'expectation-unsupported',
        'request-late',
      ],
      ...[
        'body-too-large',
        'represented-party-malformed',
        'security-server-malformed',
        'openapi-missing',
        'openapi-unavailable',
        'openapi-altered',
      ],
      ...[
        'gateway-starting',
        'gateway-busy',
        'log-distrusted',
        'database-unavailable',
        'consumer-stopped',
        'signer-unavailable',
        'links-unavailable',
        'outcome-pending',
        'gateway-closing',
        'gateway-lost',
      ],
      ...['bus-unavailable', 'journal-unavailable', 'no-outcome'],
    ],
  },
];

/** Codes of the gateway's catalogues that no answer on `/r1` can carry. */
export const notOnTheEdge: readonly string[] = [
  ...['consumers-unprotected', 'consumers-in-the-clear', 'gateway-url-missing'],
  'exchange-unknown',
];

/** Faults that name a side by themselves (`exchange.md` \u00a71). */
export const fixedSide: Readonly<Record<string, 'clientproxy' | 'serverproxy'>> = {
  network_error: 'serverproxy',
  service_failed: 'serverproxy',
  logging_failed: 'clientproxy',
  global_conf_outdated: 'clientproxy',
};
