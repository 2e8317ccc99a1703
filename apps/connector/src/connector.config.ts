import {
  defineConfig,
  httpSettings,
  identitySettings,
  setting,
  tracingSettings,
  type ConfigOf,
  databaseRoleSettings,
  databaseEraserSettings,
} from '#platform';

import { logWatchSettings } from '#log-watch';

/** Settings of a connector: whom it serves, where their agencies' systems listen, and its bounds. */
export const connectorConfig = defineConfig('connector', {
  ...httpSettings(8090),
  ...identitySettings('DEMO/cn1'),
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
  kafkaBrokers: setting.list({
    env: 'KAFKA_BROKERS',
    default: ['127.0.0.1:8180'],
    meaning: 'Brokers to connect to first, as host:port.',
  }),
  agencies: setting.list({
    env: 'KEREGE_CONNECTOR_AGENCIES',
    meaning: 'SERVICE=URL of every service that is served here: where the agency’s own HTTP system listens.',
  }),
  endUserServices: setting.list({
    env: 'KEREGE_CONNECTOR_END_USER_SERVICES',
    default: [],
    meaning:
      'Services whose system gets the assertion of who acts, in Kerege-End-User, and so can check it by itself; no other system gets it.',
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
