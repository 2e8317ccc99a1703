import { pkcs11Settings } from '#pkcs11';
import {
  defineConfig,
  httpSettings,
  identitySettings,
  kafkaSettings,
  setting,
  tlsSettings,
  tracingSettings,
  type ConfigOf,
  databaseRoleSettings,
  databaseEraserSettings,
} from '#platform';

import { logWatchSettings } from '#log-watch';
import { agencySettings } from './agency/agency.config.js';

/** Settings of a connector: whom it serves, where their agencies' systems listen, and its bounds. */
export const connectorConfig = defineConfig('connector', {
  ...httpSettings(8090),
  ...tlsSettings('CONNECTOR'),
  ...identitySettings('DEMO/cn1'),
  ...pkcs11Settings,
  ...tracingSettings,
  ...logWatchSettings,
  auditUrl: setting.text({
    env: 'KEREGE_AUDIT_URL',
    default: 'http://127.0.0.1:8100',
    meaning: 'Where the audit service shows the log to everybody.',
  }),
  auditTimeoutMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_AUDIT_TIMEOUT_MS',
    default: 3_000,
    min: 100,
    meaning: 'Time for one answer of the audit service.',
  }),
  registryUrl: setting.text({
    env: 'KEREGE_REGISTRY_URL',
    default: 'http://127.0.0.1:8110',
    meaning: 'Where the registry serves OpenAPI documents, by which calls and answers are checked.',
  }),
  ...databaseRoleSettings,
  ...databaseEraserSettings,
  databaseUrl: setting.secret({
    env: 'DATABASE_URL',
    meaning: 'PostgreSQL of the journal, shared by all connectors of a subsystem; schema `connector` is made in it.',
  }),
  databasePoolSize: setting.integer({
    env: 'KEREGE_CONNECTOR_DATABASE_POOL',
    default: 6,
    min: 2,
    max: 100,
    meaning: 'Connections to PostgreSQL at most.',
    unit: 'connections',
  }),
  ...kafkaSettings,
  ...agencySettings,
  endUserServices: setting.list({
    env: 'KEREGE_CONNECTOR_END_USER_SERVICES',
    default: [],
    meaning:
      'Services whose system gets the assertion of who acts, in Kerege-End-User, and so can check it by itself; no other system gets it.',
  }),
  publicUrl: setting.text({
    env: 'KEREGE_CONNECTOR_PUBLIC_URL',
    default: 'http://127.0.0.1:8090',
    meaning: 'URL of this connector as the owners of subsystems name it in `aud` of their tokens.',
  }),
  notices: setting.list({
    env: 'KEREGE_CONNECTOR_NOTICES',
    default: [],
    meaning:
      'SUBSYSTEM=URL of every subsystem whose notices, e.g. questions of citizens, are brought to a system of the agency; SUBSYSTEM alone keeps them until they are fetched, as for every subsystem with a service here.',
  }),
  feedbackUrl: setting.text({
    env: 'KEREGE_CONNECTOR_FEEDBACK_URL',
    default: '',
    meaning:
      'Feedback, as it names itself: where this connector acts in corrections for its subsystems, and signs receipts of requests that their systems have. Empty: nothing of that is served.',
  }),
  feedbackTimeoutMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_FEEDBACK_TIMEOUT_MS',
    default: 10_000,
    min: 10,
    meaning: 'Time in which feedback has to answer.',
  }),
  receiptIntervalMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_RECEIPT_INTERVAL_MS',
    default: 10_000,
    min: 10,
    meaning: 'How often is looked for corrections whose receipt is still to be signed.',
  }),
  noticeTimeoutMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_NOTICE_TIMEOUT_MS',
    default: 10_000,
    min: 10,
    meaning: 'Time in which an agency’s system has to acknowledge a notice.',
  }),
  noticeAttempts: setting.integer({
    env: 'KEREGE_CONNECTOR_NOTICE_ATTEMPTS',
    default: 100,
    min: 1,
    max: 10_000,
    meaning: 'Attempts to bring a notice to the agency’s system, about two days of them; then it is parked.',
    unit: 'attempts',
  }),
  noticeRetryMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_NOTICE_RETRY_MS',
    default: 1_000,
    min: 1,
    meaning: 'Longest pause after the first failed attempt; it doubles with each further one, and is spread evenly.',
  }),
  noticeLongestRetryMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_NOTICE_LONGEST_RETRY_MS',
    default: 60 * 60_000,
    min: 1,
    meaning: 'Longest pause between two attempts, also where the system asks for a longer one.',
  }),
  noticeWhenParked: setting.oneOf({
    env: 'KEREGE_CONNECTOR_NOTICE_WHEN_PARKED',
    values: ['pass', 'hold'],
    default: 'pass',
    meaning:
      'What becomes of the notices behind a parked one: `pass` brings them, `hold` keeps the order until it is replayed or discarded.',
  }),
  noticeKeepMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_NOTICE_KEEP_MS',
    default: 60 * 24 * 60 * 60_000,
    min: 29 * 24 * 60 * 60_000,
    meaning:
      'How long it is remembered that a notice came; longer than its topic keeps it. Its content goes when it is taken.',
  }),
  maxNotices: setting.integer({
    env: 'KEREGE_CONNECTOR_MAX_NOTICES',
    default: 100_000,
    min: 1_000,
    meaning: 'Notices that may wait or be parked; the others stay on their topic.',
    unit: 'notices',
  }),
  endUserToken: setting.optionalSecret({
    env: 'KEREGE_CONNECTOR_END_USER_TOKEN',
    meaning:
      'Bearer token by which those systems know that an assertion comes from this connector, and not from another to whom it was shown. Empty: none is sent.',
  }),
  maxInFlight: setting.integer({
    env: 'KEREGE_CONNECTOR_MAX_IN_FLIGHT',
    default: 1_000,
    min: 1,
    max: 10_000,
    meaning:
      'Requests of one subsystem under way at once; the others wait on the topic. At its agencies no consumer and no service may hold more of them than they leave free: one consumer at one service ends at a third, and hears connector-busy.',
    unit: 'requests',
  }),
  maxInlineBodyBytes: setting.bytes({
    env: 'KEREGE_CONNECTOR_MAX_INLINE_BODY_BYTES',
    default: 768 * 1024,
    min: 1024,
    max: 1024 * 1024,
    meaning: 'Largest answer of an agency; a larger one fails as answer-too-large.',
  }),
  agencyConnections: setting.integer({
    env: 'KEREGE_CONNECTOR_AGENCY_CONNECTIONS',
    default: 128,
    min: 1,
    max: 10_000,
    meaning: 'Calls open at the system of one service at once, each on its connection; consumers wait in turns.',
    unit: 'connections',
  }),
  agencyConnectTimeoutMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_AGENCY_CONNECT_TIMEOUT_MS',
    default: 3_000,
    min: 10,
    meaning: 'How long a connection to an agency’s system may take.',
  }),
  breakerVolume: setting.integer({
    env: 'KEREGE_CONNECTOR_BREAKER_VOLUME',
    default: 10,
    min: 1,
    max: 10_000,
    meaning: 'Calls within ten seconds before the breaker of a service may open (at half of them failed).',
    unit: 'calls',
  }),
  breakerResetMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_BREAKER_RESET_MS',
    default: 5_000,
    min: 10,
    meaning: 'How long an open breaker waits before one call may try.',
  }),
  keptAnswers: setting.integer({
    env: 'KEREGE_CONNECTOR_KEPT_ANSWERS',
    default: 20_000,
    min: 1,
    max: 1_000_000,
    meaning: 'Answers kept for redeliveries at most.',
    unit: 'answers',
  }),
  keptAnswerBytes: setting.bytes({
    env: 'KEREGE_CONNECTOR_KEPT_ANSWER_BYTES',
    default: 64 * 1024 * 1024,
    min: 1024 * 1024,
    meaning: 'Memory for kept answers at most.',
  }),
  quotaLot: setting.integer({
    env: 'KEREGE_CONNECTOR_QUOTA_LOT',
    default: 100,
    min: 1,
    max: 10_000,
    meaning:
      'Calls of a quota that this connector takes from the shared counter at once, at most a twentieth of what is left. As many are lost at most when it is killed.',
    unit: 'calls',
  }),
  journalGraceMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_JOURNAL_GRACE_MS',
    default: 1_000,
    meaning: 'How long after its deadline an unsafe call counts as being made, before another connector may end it.',
  }),
  journalKeepMs: setting.durationMs({
    env: 'KEREGE_CONNECTOR_JOURNAL_KEEP_MS',
    default: 48 * 60 * 60_000,
    min: 24 * 60 * 60_000,
    meaning: 'How long rows of ended unsafe calls are kept; longer than the request topic.',
  }),
});
export type ConnectorConfig = ConfigOf<typeof connectorConfig>;
