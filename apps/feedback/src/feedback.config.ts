import { pkcs11Settings } from '#pkcs11';
import {
  databaseEraserSettings,
  databaseRoleSettings,
  defineConfig,
  httpSettings,
  identitySettings,
  kafkaSettings,
  setting,
  tlsSettings,
  type ConfigOf,
} from '#platform';
import { logWatchSettings } from '#log-watch';
import { notificationSettings } from './notifications/notification.config.js';

const DAY_MS = 24 * 60 * 60_000;

/** Settings of feedback: the log that it follows, the openings that it takes in, and where its keys lie. */
export const feedbackConfig = defineConfig('feedback', {
  ...httpSettings(8120),
  ...tlsSettings('FEEDBACK'),
  ...identitySettings('DEMO/feedback1'),
  ...pkcs11Settings,
  ...logWatchSettings,
  publicUrl: setting.text({
    env: 'KEREGE_FEEDBACK_PUBLIC_URL',
    default: 'http://127.0.0.1:8120',
    meaning: 'URL of this service as portals name it in `aud` of their tokens.',
  }),
  portals: setting.list({
    env: 'KEREGE_FEEDBACK_PORTALS',
    default: [],
    meaning: 'Subsystems that may show persons who looked at their data; without one nobody may.',
  }),
  auditors: setting.list({
    env: 'KEREGE_FEEDBACK_AUDITORS',
    default: [],
    meaning:
      'Subsystems of auditors, who may count commitments and open a sample of them (kerege audit completeness), and see every order of concealment; without one nobody may.',
  }),
  supervisors: setting.list({
    env: 'KEREGE_FEEDBACK_SUPERVISORS',
    default: [],
    meaning:
      'Subsystems of the supervisory authority, which may see cases without anything of the person and order that one is decided anew; without one nobody may.',
  }),
  operators: setting.list({
    env: 'KEREGE_FEEDBACK_OPERATORS',
    default: [],
    meaning:
      'Subsystems of the operator that may assign a case which owners have handed on as often as they may; without one nobody may.',
  }),
  concealmentAuthorities: setting.list({
    env: 'KEREGE_FEEDBACK_CONCEALMENT_AUTHORITIES',
    default: [],
    meaning:
      'Subsystems that may order, by an act of law, that accesses of their own member stay concealed for a while; without one nothing is concealed.',
  }),
  concealmentMaxMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_CONCEALMENT_MAX_MS',
    default: 365 * DAY_MS,
    min: 1_000,
    meaning: 'The longest that an order of concealment may last; one that is longer conceals nothing.',
  }),
  statementWaitMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_STATEMENT_WAIT_MS',
    default: 10_000,
    min: 100,
    meaning: 'How long a caller waits until a statement of theirs stands in the log; then it is told to ask again.',
  }),
  usageToken: setting.optionalSecret({
    env: 'KEREGE_FEEDBACK_USAGE_TOKEN',
    meaning:
      'Bearer token of the connector that serves findUsage (its KEREGE_CONNECTOR_END_USER_TOKEN): an assertion alone, which other connectors see as well, shows nothing. Empty: nobody is answered there.',
  }),
  ...kafkaSettings,
  auditUrl: setting.text({
    env: 'KEREGE_AUDIT_URL',
    default: 'http://127.0.0.1:8100',
    meaning: 'Where the audit service names its logs.',
  }),
  auditToken: setting.optionalSecret({
    env: 'KEREGE_FEEDBACK_AUDIT_TOKEN',
    meaning:
      'Bearer token for leaves where audit keeps them for its readers (KEREGE_AUDIT_READER_TOKENS); without it there nothing can be followed. Empty: none.',
  }),
  auditTimeoutMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_AUDIT_TIMEOUT_MS',
    default: 10_000,
    min: 100,
    meaning: 'Time for one file of the log.',
  }),
  followIntervalMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_FOLLOW_INTERVAL_MS',
    default: 250,
    min: 10,
    meaning: 'How often the newest checkpoint is read while leaves come; an idle log is asked four times more seldom.',
  }),
  ...databaseRoleSettings,
  ...databaseEraserSettings,
  databaseUrl: setting.secret({
    env: 'DATABASE_URL',
    meaning: 'PostgreSQL of the access history; schema `feedback` is made in it.',
  }),
  databasePoolSize: setting.integer({
    env: 'KEREGE_FEEDBACK_DATABASE_POOL',
    default: 8,
    min: 4,
    max: 200,
    meaning: 'Connections to PostgreSQL at most.',
    unit: 'connections',
  }),
  keysDatabaseUrl: setting.secret({
    env: 'KEREGE_FEEDBACK_KEYS_DATABASE_URL',
    meaning:
      'PostgreSQL of the keys, a database whose backups are short-lived; schema `feedback_keys` is made in it. A destroyed key is gone when its last backup is.',
  }),
  keysDatabaseOwnerUrl: setting.optionalSecret({
    env: 'KEREGE_FEEDBACK_KEYS_DATABASE_OWNER_URL',
    meaning: 'The database of the keys under the role that owns its schema. Empty: whoever has the right migrates.',
  }),
  keysDatabasePoolSize: setting.integer({
    env: 'KEREGE_FEEDBACK_KEYS_DATABASE_POOL',
    default: 4,
    min: 3,
    max: 100,
    meaning: 'Connections to the database of the keys at most.',
    unit: 'connections',
  }),
  rotateMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_OPENING_KEY_ROTATE_MS',
    default: DAY_MS,
    min: 1_000,
    meaning: 'How often a new key is announced with which openings are sealed.',
  }),
  openingKeepMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_OPENING_KEEP_MS',
    default: 2 * DAY_MS,
    min: 1_000,
    meaning: 'How long an opening waits for its leaf; then it is put away as leaf-unknown.',
  }),
  maxWaitingOpenings: setting.integer({
    env: 'KEREGE_FEEDBACK_MAX_WAITING_OPENINGS',
    default: 1_000_000,
    min: 1_000,
    meaning:
      'Openings that wait for their leaves at most; beyond it those are put away whose leaf is late, and the others stay on their topic.',
    unit: 'openings',
  }),
  unopenedAfterMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_UNOPENED_AFTER_MS',
    default: 600_000,
    min: 100,
    meaning:
      'How long the openings of a leaf may take; then they are asked for, and the consumer is named in an alarm.',
  }),
  unopenedIntervalMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_UNOPENED_INTERVAL_MS',
    default: 30_000,
    min: 10,
    meaning: 'How often unopened commitments are looked for.',
  }),
  questionTermMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_QUESTION_TERM_MS',
    default: 15 * DAY_MS,
    min: 1_000,
    meaning: 'How long whoever looked at a person’s data has to answer why; then they are named in an alarm.',
  }),
  maxOpenQuestions: setting.integer({
    env: 'KEREGE_FEEDBACK_MAX_OPEN_QUESTIONS',
    default: 20,
    min: 1,
    max: 10_000,
    meaning: 'Questions of one person that wait for an answer at most.',
    unit: 'questions',
  }),
  maxQuestionText: setting.integer({
    env: 'KEREGE_FEEDBACK_MAX_QUESTION_TEXT',
    default: 1_000,
    min: 1,
    max: 4_000,
    meaning: 'Length of the text of a question or an answer at most.',
    unit: 'characters',
  }),
  overdueIntervalMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_OVERDUE_INTERVAL_MS',
    default: 30_000,
    min: 10,
    meaning: 'How often questions are looked for whose term has ended.',
  }),
  termsDir: setting.path({
    env: 'KEREGE_FEEDBACK_TERMS_DIR',
    default: './deploy/terms',
    meaning: 'Directory of the profiles of terms (docs/terms.md), each in a file of its name.',
  }),
  termsProfile: setting.text({
    env: 'KEREGE_FEEDBACK_TERMS_PROFILE',
    default: 'default',
    meaning: 'Profile of the terms of corrections whose request names none.',
  }),
  termsProfiles: setting.list({
    env: 'KEREGE_FEEDBACK_TERMS_PROFILES',
    default: [],
    meaning: 'Profiles of terms that a request may name besides; each is read at start.',
  }),
  twoPersonDecisions: setting.flag({
    env: 'KEREGE_FEEDBACK_TWO_PERSON_DECISIONS',
    default: false,
    meaning: 'Whether who approves a decision about a correction must be another person than who prepared it.',
  }),
  maxOpenCorrections: setting.integer({
    env: 'KEREGE_FEEDBACK_MAX_OPEN_CORRECTIONS',
    default: 50,
    min: 1,
    max: 1_000,
    meaning: 'Open corrections of one person at most.',
    unit: 'cases',
  }),
  maxDisputesPerElement: setting.integer({
    env: 'KEREGE_FEEDBACK_MAX_DISPUTES_PER_ELEMENT',
    default: 3,
    min: 1,
    max: 100,
    meaning: 'Open corrections of one person about one data element at most, wherever it was seen.',
    unit: 'cases',
  }),
  correctionIntervalMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_CORRECTION_INTERVAL_MS',
    default: 1_000,
    min: 10,
    meaning:
      'How often cases are looked for in which feedback has something to do; new leaves are looked at in any case.',
  }),
  deliveryKeepMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_DELIVERY_KEEP_MS',
    default: 28 * DAY_MS,
    min: 60_000,
    meaning: 'How long it is remembered that a delivery to a subsystem was made; its content goes at once.',
  }),
  ...notificationSettings,
  retentionMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_RETENTION_MS',
    default: 1_095 * DAY_MS,
    min: 33 * DAY_MS,
    meaning: 'How long a person is shown an access; then its record is deleted, and the log says so.',
  }),
  retentionByPurpose: setting.list({
    env: 'KEREGE_FEEDBACK_RETENTION_BY_PURPOSE',
    default: [],
    meaning: 'How many days accesses of a purpose are kept instead, as purpose=days; 33 at least.',
  }),
  retentionIntervalMs: setting.durationMs({
    env: 'KEREGE_FEEDBACK_RETENTION_INTERVAL_MS',
    default: DAY_MS,
    min: 10,
    meaning: 'How often records are looked for whose time is over.',
  }),
});
export type FeedbackConfig = ConfigOf<typeof feedbackConfig>;
