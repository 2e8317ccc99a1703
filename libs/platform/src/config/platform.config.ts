import { WIRE_DEFAULTS } from '../http/wire-limits.js';
import { setting } from './setting.js';

/** What an app takes of a client on the wire, whatever it asks for; as `WIRE_DEFAULTS`, each with its variable. */
const wireSettings = {
  httpMaxHeaders: setting.integer({
    env: 'KEREGE_HTTP_MAX_HEADERS',
    default: WIRE_DEFAULTS.httpMaxHeaders,
    min: 16,
    max: 1_000,
    meaning: 'Header fields of a request at most; beyond it 431, and the connection is closed.',
  }),
  httpMaxUrlBytes: setting.bytes({
    env: 'KEREGE_HTTP_MAX_URL_BYTES',
    default: WIRE_DEFAULTS.httpMaxUrlBytes,
    min: 1_024,
    max: 64 * 1024,
    meaning: 'Longest request target; beyond it 414, and the connection is closed.',
  }),
  httpHeadersTimeoutMs: setting.durationMs({
    env: 'KEREGE_HTTP_HEADERS_TIMEOUT_MS',
    default: WIRE_DEFAULTS.httpHeadersTimeoutMs,
    min: 100,
    meaning: 'Time for the head of a request, from the first byte or from the connection; beyond it 408.',
  }),
  httpRequestTimeoutMs: setting.durationMs({
    env: 'KEREGE_HTTP_REQUEST_TIMEOUT_MS',
    default: WIRE_DEFAULTS.httpRequestTimeoutMs,
    min: 100,
    meaning: 'Time for a whole request with its body; beyond it 408.',
  }),
  httpBodyIdleMs: setting.durationMs({
    env: 'KEREGE_HTTP_BODY_IDLE_MS',
    default: WIRE_DEFAULTS.httpBodyIdleMs,
    min: 100,
    meaning: 'A body of which nothing arrives for so long is cut with 408.',
  }),
  httpKeepAliveMs: setting.durationMs({
    env: 'KEREGE_HTTP_KEEP_ALIVE_MS',
    default: WIRE_DEFAULTS.httpKeepAliveMs,
    min: 1,
    meaning: 'How long a connection without a request is kept.',
  }),
  httpMaxConnections: setting.integer({
    env: 'KEREGE_HTTP_MAX_CONNECTIONS',
    default: WIRE_DEFAULTS.httpMaxConnections,
    min: 1,
    max: 1_000_000,
    meaning: 'Connections at once at most; more are closed unanswered.',
  }),
};

/** Where an app listens; every app spreads this into its own definition with its own default port. */
export function httpSettings(defaultPort: number) {
  return {
    host: setting.text({ env: 'KEREGE_HOST', default: '127.0.0.1', meaning: 'Address to listen on.' }),
    port: setting.port({
      env: 'KEREGE_PORT',
      default: defaultPort,
      meaning: 'Port to listen on; 0 lets the system choose.',
    }),
    ...wireSettings,
  };
}

/** Where an app sends its traces. */
export const tracingSettings = {
  otlpUrl: setting.text({
    env: 'KEREGE_OTLP_URL',
    default: '',
    meaning:
      'Where OpenTelemetry traces are sent, OTLP over HTTP with JSON, e.g. http://127.0.0.1:4318/v1/traces; empty: nowhere.',
  }),
  tracePercent: setting.integer({
    env: 'KEREGE_TRACE_PERCENT',
    default: 100,
    max: 100,
    meaning: 'Of the exchanges whose caller brings no traceparent, how many in a hundred are traced.',
  }),
};

/** The roles beside the one of `DATABASE_URL`, with which an app works (`audit-log.md` §3.9). */
export const databaseRoleSettings = {
  databaseOwnerUrl: setting.optionalSecret({
    env: 'DATABASE_OWNER_URL',
    meaning:
      'The same database under the role that owns the schema: it migrates and grants at the start and is used for nothing else. Empty: whoever has the right migrates.',
  }),
  databaseReaderRole: setting.text({
    env: 'DATABASE_READER_ROLE',
    default: '',
    meaning: 'Role that is granted SELECT on every table of the schema, for verifiers and reports; empty: none.',
  }),
  environment: setting.text({
    env: 'NODE_ENV',
    default: 'development',
    meaning: '`production` refuses to start with a database role that can do more than it should; others warn.',
  }),
};

/** For apps that hold rows which must be erased in time. */
export const databaseEraserSettings = {
  databaseEraserUrl: setting.optionalSecret({
    env: 'DATABASE_ERASER_URL',
    meaning: 'The same database under the role that deletes rows whose time is over. Empty: the role of the app does.',
  }),
};

/** Who an app is, and what it trusts. */
export function identitySettings(defaultInstanceId: string) {
  return {
    instanceId: setting.text({
      env: 'KEREGE_INSTANCE_ID',
      default: defaultInstanceId,
      meaning: "This process's identifier in the registry, INSTANCE/id.",
    }),
    keysDir: setting.path({ env: 'KEREGE_KEYS_DIR', default: './data/keys', meaning: 'Folder of the private keys.' }),
    trustFile: setting.path({
      env: 'KEREGE_TRUST_FILE',
      default: './data/trust.json',
      meaning: 'trust.json: the keys of the log and of the registry that this process believes.',
    }),
  };
}
