import { pkcs11Settings } from '#pkcs11';
import {
  defineConfig,
  httpSettings,
  identitySettings,
  kafkaSettings,
  setting,
  tracingSettings,
  type ConfigOf,
  databaseRoleSettings,
  databaseEraserSettings,
} from '#platform';
import { logWatchSettings } from '#log-watch';
import { compositionSettings } from './composition/composition.config.js';
import { consumerAuthSettings } from './consumer-auth/consumer-auth.config.js';
import { correctionSettings } from './corrections/corrections.config.js';
import { edgeSettings } from './edge/edge.config.js';

const MEBIBYTE = 1024 * 1024;
const DAY_MS = 24 * 60 * 60_000;

export const gatewayConfig = defineConfig('gateway', {
  ...httpSettings(8080),
  ...identitySettings('DEMO/gw1'),
  ...pkcs11Settings,
  ...tracingSettings,
  ...edgeSettings,
  ...consumerAuthSettings,
  ...compositionSettings,
  ...correctionSettings,
  ...logWatchSettings,
  ...kafkaSettings,
  ...databaseRoleSettings,
  ...databaseEraserSettings,
  databaseUrl: setting.secret({ env: 'DATABASE_URL', meaning: "PostgreSQL of this gateway's rows." }),
  auditUrl: setting.text({
    env: 'KEREGE_AUDIT_URL',
    default: 'http://127.0.0.1:8100',
    meaning: 'Where the audit service serves proofs.',
  }),
  auditToken: setting.optionalSecret({
    env: 'KEREGE_GATEWAY_AUDIT_TOKEN',
    meaning:
      'Bearer token for leaves and receipts where audit keeps them for its readers (KEREGE_AUDIT_READER_TOKENS); without it there this gateway can give no evidence. Empty: none.',
  }),
  registryUrl: setting.text({
    env: 'KEREGE_REGISTRY_URL',
    default: 'http://127.0.0.1:8110',
    meaning: 'Where the registry serves OpenAPI documents.',
  }),
  feedbackUrl: setting.text({
    env: 'KEREGE_FEEDBACK_URL',
    default: '',
    meaning:
      'Feedback, as its KEREGE_FEEDBACK_PUBLIC_URL says: asked for calls that need a link of the person, and told of corrections. Empty: such calls and corrections are refused.',
  }),
  linkTimeoutMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_LINK_TIMEOUT_MS',
    default: 1_000,
    min: 50,
    meaning: 'Time for feedback to say whether a person allows a call; then it is refused.',
  }),
  maxInFlight: setting.integer({
    env: 'KEREGE_GATEWAY_MAX_IN_FLIGHT',
    default: 2_000,
    min: 1,
    max: 100_000,
    meaning:
      'Exchanges under way at most; beyond it 503 with Retry-After. No consumer and no provider may hold more than they leave free: one alone ends at half, one consumer at one provider at a third.',
  }),
  maxInFlightBytes: setting.bytes({
    env: 'KEREGE_GATEWAY_MAX_IN_FLIGHT_BYTES',
    default: 128 * MEBIBYTE,
    min: MEBIBYTE,
    meaning:
      'Request bodies under way at most, together, and as much again for answers that their clients have not taken; beyond it 503 with Retry-After. Shared like the exchanges.',
  }),
  marginMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_MARGIN_MS',
    default: 2_000,
    max: 60_000,
    meaning: "Added to a service's time-out: the way there and back, and the log.",
  }),
  drainMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_DRAIN_MS',
    default: 500,
    max: 4_000,
    meaning:
      'How long a closing gateway still takes calls, no longer ready and closing each connection, until it refuses them.',
  }),
  rowGraceMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_ROW_GRACE_MS',
    default: 2_000,
    max: 30_000,
    meaning: 'How long a row may take to be written at the end before no outcome is claimed.',
  }),
  keepRowsMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_KEEP_ROWS_MS',
    default: 30 * DAY_MS,
    min: DAY_MS,
    max: 30 * DAY_MS,
    meaning: 'How long rows of exchanges are kept; idempotency keys need a day.',
  }),
  databasePoolSize: setting.integer({
    env: 'KEREGE_GATEWAY_DATABASE_POOL_SIZE',
    default: 8,
    min: 2,
    max: 100,
    meaning: 'Connections to PostgreSQL at most.',
  }),
  maxUnreceiptedStamps: setting.integer({
    env: 'KEREGE_GATEWAY_MAX_UNRECEIPTED_STAMPS',
    default: 10_000,
    min: 100,
    meaning:
      'Statements that nobody waits for and that are sent again until the log has them; beyond it refusals go unstated.',
  }),
  logSilentMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_LOG_SILENT_MS',
    default: 5_000,
    min: 2_000,
    meaning:
      'Without a receipt from the log for this long, while statements wait for one, calls are refused with 503 at once: no answer could leave.',
  }),
  outcomesEveryMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_OUTCOMES_EVERY_MS',
    default: 30_000,
    min: 100,
    meaning: 'How often rows are looked through for outcomes that the log does not hold, and for rows to erase.',
  }),
  outcomesAfterMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_OUTCOMES_AFTER_MS',
    default: 15_000,
    meaning: 'Age at which such an outcome is sent by whoever finds it.',
  }),
  auditTimeoutMs: setting.durationMs({
    env: 'KEREGE_GATEWAY_AUDIT_TIMEOUT_MS',
    default: 3_000,
    min: 100,
    meaning: 'Time for one answer of the audit service.',
  }),
  readyConnectors: setting.list({
    env: 'KEREGE_GATEWAY_READY_CONNECTORS',
    default: [],
    meaning: 'URLs of connectors that must be ready for /ready to say so.',
  }),
});

export type GatewayConfig = ConfigOf<typeof gatewayConfig>;
