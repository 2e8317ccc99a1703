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
} from '#platform';

/** Settings of the audit service: the sequencer of one log, its read side and the sweeper. */
export const auditConfig = defineConfig('audit', {
  ...httpSettings(8100),
  ...tlsSettings('AUDIT'),
  ...identitySettings('DEMO/audit1'),
  ...pkcs11Settings,
  ...tracingSettings,
  ...databaseRoleSettings,
  databaseUrl: setting.secret({ env: 'DATABASE_URL', meaning: 'PostgreSQL of the log; schema `audit` is made in it.' }),
  databasePoolSize: setting.integer({
    env: 'KEREGE_AUDIT_DATABASE_POOL',
    default: 10,
    min: 3,
    max: 200,
    meaning: 'Connections to PostgreSQL at most for the writer of the log and what runs beside it.',
    unit: 'connections',
  }),
  readerPoolSize: setting.integer({
    env: 'KEREGE_AUDIT_READER_DATABASE_POOL',
    default: 8,
    min: 2,
    max: 200,
    meaning: 'Connections to PostgreSQL at most for those who read the log, and for its export.',
    unit: 'connections',
  }),
  ...kafkaSettings,
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
  leaseMs: setting.durationMs({
    env: 'KEREGE_AUDIT_LEASE_MS',
    default: 2_000,
    min: 100,
    meaning: 'How long the sequencer of the log may be silent before one that stands by takes over.',
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
    meaning:
      'Set for one start to read on from the oldest record of a stamp topic that was made anew or truncated (`stamp-topic-truncated`).',
  }),
  witnesses: setting.list({
    env: 'KEREGE_AUDIT_WITNESSES',
    default: [],
    meaning:
      'NAME=URL of each witness that trust.json names, where it is asked for cosignatures. At least one should be run outside the operator.',
  }),
  cosignedWithinMs: setting.durationMs({
    env: 'KEREGE_AUDIT_COSIGNED_WITHIN_MS',
    default: 2_000,
    max: 10_000,
    meaning:
      'How far the checkpoint that enough witnesses have cosigned may be behind the newest one and still be shown in its place; readers look for a quorum on what is shown.',
  }),
  startApproval: setting.text({
    env: 'KEREGE_AUDIT_START_APPROVAL',
    default: '',
    meaning:
      'File with what two operators of trust.json signed, one JWS a line, so that the log starts while no witness answers. Empty: none.',
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
  auditors: setting.list({
    env: 'KEREGE_AUDIT_AUDITORS',
    default: [],
    meaning: 'Subsystems that may search all metadata of the log; every search of theirs leaves a leaf.',
  }),
  helpDesk: setting.list({
    env: 'KEREGE_AUDIT_HELP_DESK',
    default: [],
    meaning: 'Subsystems that may look up the state of an exchange by its id, and nothing else.',
  }),
  indexIntervalMs: setting.durationMs({
    env: 'KEREGE_AUDIT_INDEX_INTERVAL_MS',
    default: 200,
    min: 10,
    meaning: 'How often the index for searches looks for new leaves.',
  }),
  accessPatienceMs: setting.durationMs({
    env: 'KEREGE_AUDIT_ACCESS_PATIENCE_MS',
    default: 5_000,
    min: 100,
    max: 60_000,
    meaning: 'How long a search waits for its own leaf; then it is not answered.',
  }),
  maxExportLeaves: setting.integer({
    env: 'KEREGE_AUDIT_MAX_EXPORT_LEAVES',
    default: 1_000_000,
    min: 1,
    meaning: 'Leaves of one export at most; its last line says how to go on.',
    unit: 'leaves',
  }),
  sweepIntervalMs: setting.durationMs({
    env: 'KEREGE_AUDIT_SWEEP_INTERVAL_MS',
    default: 30_000,
    min: 10,
    meaning: 'How often the sweeper looks.',
  }),
  timeAuthorities: setting.list({
    env: 'KEREGE_AUDIT_TIME_AUTHORITIES',
    default: [],
    meaning:
      'RFC 3161 time-stamp authorities, name=URL, in the order in which they are asked; two at least. Empty: checkpoints have no trusted time.',
  }),
  timeIntervalMs: setting.durationMs({
    env: 'KEREGE_AUDIT_TIME_INTERVAL_MS',
    default: 60_000,
    min: 10,
    meaning: 'How often the newest checkpoint is stamped, if the log has grown.',
  }),
  timeTimeoutMs: setting.durationMs({
    env: 'KEREGE_AUDIT_TIME_TIMEOUT_MS',
    default: 10_000,
    min: 10,
    meaning: 'How long a time-stamp authority may take to answer before the next one is asked.',
  }),
  exportDir: setting.text({
    env: 'KEREGE_AUDIT_EXPORT_DIR',
    default: '',
    meaning:
      'Folder to which the log is written as files for a static web server, and whose checkpoint is compared with the log before it is taken over; empty: it is not.',
  }),
  readerTokens: setting.list({
    env: 'KEREGE_AUDIT_READER_TOKENS',
    default: [],
    meaning:
      'Hex SHA-256 of the bearer tokens that open bundles, /receipts and /leaf, or "public": they are for everybody. Required where others than this machine reach the service (KEREGE_HOST, KEREGE_AUDIT_PUBLIC_URL). Checkpoint, hash tiles and proofs are always public.',
  }),
  scrubPercent: setting.integer({
    env: 'KEREGE_AUDIT_SCRUB_PERCENT',
    default: 5,
    max: 100,
    meaning:
      'Share of one core, in percent, that the background self-check of the stored log takes at most; 0 switches it off.',
  }),
  scrubIntervalMs: setting.durationMs({
    env: 'KEREGE_AUDIT_SCRUB_INTERVAL_MS',
    default: 60_000,
    min: 100,
    meaning: 'Pause between two passes of the self-check over the whole log.',
  }),
});
export type AuditConfig = ConfigOf<typeof auditConfig>;
