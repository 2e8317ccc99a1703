import { defineConfig, httpSettings, identitySettings, setting, tracingSettings, type ConfigOf } from '#platform';

/** Settings of the audit service: the sequencer of one log, its read side and the sweeper. */
export const auditConfig = defineConfig('audit', {
  ...httpSettings(8100),
  ...identitySettings('DEMO/audit1'),
  ...tracingSettings,
  databaseUrl: setting.secret({ env: 'DATABASE_URL', meaning: 'PostgreSQL of the log; schema `audit` is made in it.' }),
  databasePoolSize: setting.integer({
    env: 'KEREGE_AUDIT_DATABASE_POOL',
    default: 10,
    min: 3,
    max: 200,
    meaning: 'Connections to PostgreSQL at most: one for the sequencer, the others for readers.',
    unit: 'connections',
  }),
  kafkaBrokers: setting.list({
    env: 'KAFKA_BROKERS',
    default: ['127.0.0.1:8180'],
    meaning: 'Brokers to connect to first, as host:port.',
  }),
  origin: setting.text({
    env: 'KEREGE_AUDIT_ORIGIN',
    default: 'audit.demo.example/DEMO/0/2026h2',
    meaning:
      'Name of the shard’s first log, <host>/<instance>/<shard>/<window>; part of every checkpoint. Later windows follow from it.',
  }),
  publicUrl: setting.text({
    env: 'KEREGE_AUDIT_PUBLIC_URL',
    default: 'http://127.0.0.1:8100',
    meaning: 'Where outsiders reach this service; the log URL in /.well-known/audit-logs.json begins with it.',
  }),
  windowLeaves: setting.integer({
    env: 'KEREGE_AUDIT_WINDOW_LEAVES',
    default: 2 ** 31,
    min: 16,
    max: 2 ** 40,
    meaning: 'A window with that many leaves is closed, also before its half-year is over.',
    unit: 'leaves',
  }),
  rotationIntervalMs: setting.durationMs({
    env: 'KEREGE_AUDIT_ROTATION_INTERVAL_MS',
    default: 2_000,
    min: 10,
    meaning: 'How often it is looked whether the operator asked for a rotation, or the half-year is over.',
  }),
  archiveDir: setting.text({
    env: 'KEREGE_AUDIT_ARCHIVE_DIR',
    default: '',
    meaning: 'Folder of exported logs from which frozen windows are served; empty: from the database only.',
  }),
  maxBatch: setting.integer({
    env: 'KEREGE_AUDIT_MAX_BATCH',
    default: 4096,
    min: 1,
    max: 16_384,
    meaning: 'Stamps that are sequenced in one transaction at most.',
    unit: 'stamps',
  }),
  verifyThreads: setting.integer({
    env: 'KEREGE_AUDIT_VERIFY_THREADS',
    default: 2,
    min: 1,
    max: 64,
    meaning: 'Threads that check signatures.',
    unit: 'threads',
  }),
  stampsPerSecond: setting.integer({
    env: 'KEREGE_AUDIT_STAMPS_PER_SECOND',
    default: 5000,
    min: 1,
    max: 1_000_000,
    meaning: 'New statements that one signer may stamp in a second; more are refused (`rate-limited`).',
    unit: 'stamps/s',
  }),
  acceptNewTopic: setting.flag({
    env: 'KEREGE_AUDIT_ACCEPT_NEW_TOPIC',
    default: false,
    meaning: 'Set for one start to read a stamp topic that was made anew from its beginning (`stamp-topic-truncated`).',
  }),
  longestDeadlineMs: setting.durationMs({
    env: 'KEREGE_AUDIT_LONGEST_DEADLINE_MS',
    default: 600_000,
    meaning: 'The longest that an exchange may take; the sweeper waits for it and its grace.',
  }),
  sweepGraceMs: setting.durationMs({
    env: 'KEREGE_AUDIT_SWEEP_GRACE_MS',
    default: 300_000,
    meaning: 'How much later than its deadline an exchange without a sequel is stated as no-outcome.',
  }),
  sweepIntervalMs: setting.durationMs({
    env: 'KEREGE_AUDIT_SWEEP_INTERVAL_MS',
    default: 30_000,
    min: 10,
    meaning: 'How often the sweeper looks.',
  }),
});
export type AuditConfig = ConfigOf<typeof auditConfig>;
