import { CASE_STATES, type CaseState } from '#corrections';
import type { Clock } from '#kernel';
import { defineMetrics, metric, type Logger } from '#platform';
import { DisownedAlarm } from '../log-follower/disowned-alarm.js';
import type { DisownedExchange } from '../log-follower/disowned.store.js';
import { NO_ADDRESS } from '../notifications/contacts.service.js';
import { CHANNELS } from '../notifications/notification.js';
import type { NoticeOutcome } from '../notifications/notification.worker.js';
import { openingFlaws } from '../openings/opening-flaw.js';
import type { TopicBreak } from '../openings/opening-place.service.js';
import type { Flawed, Matched } from '../openings/opening-match.service.js';
import { alarmReasons, type AlarmReason } from './feedback-events.js';

const ATTEMPT_STATES = ['delivered', 'waiting', 'parked'] as const;
const OPEN_STATES = ['waiting', 'parked'] as const;

export const feedbackMetrics = defineMetrics('feedback', {
  leaves: metric.counter({ name: 'kerege_feedback_leaves_total', help: 'Leaves of the log that were taken in.' }),
  arrived: metric.counter({ name: 'kerege_feedback_openings_arrived_total', help: 'Openings taken off their topic.' }),
  matched: metric.counter({
    name: 'kerege_feedback_openings_matched_total',
    help: 'Openings whose leaf was there and that were looked at; usually two for each statement.',
  }),
  rows: metric.counter({
    name: 'kerege_feedback_rows_total',
    help: 'Rows of the access history: commitments that were opened, each once.',
  }),
  flawed: metric.counter({
    name: 'kerege_feedback_openings_flawed_total',
    help: 'Openings that open nothing, or not all, by reason; they lie on dead.feedback. Alarm above 0.',
    labels: { reason: openingFlaws },
  }),
  asked: metric.counter({
    name: 'kerege_feedback_unopened_asked_total',
    help: 'Times that a statement was asked for because nobody had opened its commitments.',
  }),
  withheld: metric.counter({
    name: 'kerege_feedback_openings_withheld_total',
    help: 'Requests that the provider opened alone: the consumer has not, though it was asked. Alarm above 0.',
  }),
  disowned: metric.counter({
    name: 'kerege_feedback_disclosures_disowned_total',
    help: 'Exchanges that were answered with success and of which the consumer says that they failed.',
  }),
  attempts: metric.counter({
    name: 'kerege_feedback_delivery_attempts_total',
    help: 'Attempts to bring a delivery onto its topic, by what became of it: delivered, waiting (tried again), parked.',
    labels: { state: ATTEMPT_STATES },
  }),
  deliveries: metric.observedGauge({
    name: 'kerege_feedback_deliveries_number',
    help: 'Deliveries in the outbox that have not ended. Alarm if any is parked.',
    labels: { state: OPEN_STATES },
  }),
  erased: metric.counter({
    name: 'kerege_feedback_commitments_erased_total',
    help: 'Commitments that nobody can open any more, because a person was erased or a retention ended.',
  }),
  keysDestroyed: metric.counter({
    name: 'kerege_feedback_opening_keys_destroyed_total',
    help: 'Keys of openings that were destroyed when nothing sealed with them could come any more.',
  }),
  questionsAsked: metric.counter({
    name: 'kerege_feedback_questions_asked_total',
    help: 'Questions that persons asked.',
  }),
  questionsAnswered: metric.counter({
    name: 'kerege_feedback_questions_answered_total',
    help: 'Questions that were answered, within their term or late.',
    labels: { when: ['in-time', 'late'] },
  }),
  caseSteps: metric.counter({
    name: 'kerege_feedback_case_steps_total',
    help: 'Transitions of corrections that the log shows, by the state that the case is in afterwards.',
    labels: { state: CASE_STATES },
  }),
  caseMoves: metric.counter({
    name: 'kerege_feedback_case_moves_total',
    help: 'Transitions of corrections that were taken and are on their way into the log.',
  }),
  notices: metric.counter({
    name: 'kerege_feedback_notifications_total',
    help: 'Attempts to bring a notification out of the inbox, by channel and by what became of it.',
    labels: { channel: CHANNELS, state: ['SENT', 'WAITING', 'FAILED', 'SUPPRESSED', 'UNCERTAIN'] },
  }),
  noticesWithoutAddress: metric.counter({
    name: 'kerege_feedback_notifications_without_address_total',
    help: 'Notifications for which a portal said that it has no address. Many at once are rather a fault of the portal.',
    labels: { channel: CHANNELS },
  }),
  noticesWaiting: metric.observedGauge({
    name: 'kerege_feedback_notifications_waiting_number',
    help: 'Deliveries of notifications that have not ended, by channel, counted up to 10,000.',
    labels: { channel: CHANNELS },
  }),
  alarms: metric.counter({
    name: 'kerege_feedback_alarms_total',
    help: 'Events worth waking somebody.',
    labels: { reason: alarmReasons },
  }),
  failures: metric.counter({ name: 'kerege_feedback_failures_total', help: 'Failures of our own parts.' }),
  lag: metric.observedGauge({
    name: 'kerege_feedback_log_lag_leaves',
    help: 'Leaves that the log has and feedback has not taken in.',
  }),
  waiting: metric.observedGauge({
    name: 'kerege_feedback_statements_waiting_number',
    help: 'Statements of feedback, and of members who gave them to it, that the log does not show yet; counted up to 10,000.',
  }),
  questionsOverdue: metric.observedGauge({
    name: 'kerege_feedback_questions_overdue_number',
    help: 'Questions that nobody has answered within their term, counted up to 100,000. Alarm above 0.',
  }),
  concealed: metric.observedGauge({
    name: 'kerege_feedback_concealed_accesses_number',
    help: 'Accesses that are concealed now. For operators and auditors: it is not for the public while it is less than ten.',
  }),
  overdue: metric.observedGauge({
    name: 'kerege_feedback_unopened_commitments_number',
    help: 'Commitments that nobody has opened in ten minutes, counted up to 100,000. Alarm above 0.',
  }),
});
type FeedbackMetrics = ReturnType<typeof feedbackMetrics.on>;

/** One helper per event, so that counter and log line cannot drift apart. Never personal data. */
export function feedbackEvents(metrics: FeedbackMetrics, logger: Logger, clock: Clock) {
  const disowners = new DisownedAlarm(clock);
  const alarm = (reason: AlarmReason, details: Readonly<Record<string, unknown>>) => {
    metrics.alarms.add({ reason });
    logger.error({ alarm: reason, ...details }, 'alarm');
  };
  return {
    alarm,
    advanced: (leaves: number) => metrics.leaves.add({}, leaves),
    arrived: (openings: number) => metrics.arrived.add({}, openings),
    matched: ({ openings, rows }: Matched) => {
      metrics.matched.add({}, openings);
      metrics.rows.add({}, rows);
    },
    /** Its consumer is named: either it, or somebody in its name, says of whom its statement speaks what is not so. */
    flawed: ({ flaw, claim, consumer, exchangeId }: Flawed, openings: number) => {
      metrics.flawed.add({ reason: flaw }, openings);
      alarm('opening-flawed', { flaw, claim, from: consumer, exchange: exchangeId, openings });
    },
    /** What it held between was never read here: those commitments are asked for when they are late. */
    topicBroken: ({ trouble, partition, left, begins }: TopicBreak) =>
      alarm('opening-topic-broken', { trouble, partition, left: String(left), begins: String(begins) }),
    unopened: (consumer: string, statements: number) => {
      metrics.asked.add({}, statements);
      alarm('commitments-unopened', { from: consumer, statements });
    },
    /** The row is there by the other end's opening; the consumer that has not sent its own is named. */
    withheld: (consumer: string, statements: number) => {
      metrics.withheld.add({}, statements);
      alarm('openings-withheld', { from: consumer, statements });
    },
    /**
     * All are counted; a consumer that disowns is named once an hour at most, with one of its exchanges and how many they
     * were. Each access is shown as what it was.
     */
    disowned: (exchanges: readonly DisownedExchange[]) => {
      metrics.disowned.add({}, exchanges.length);
      for (const [consumer, own] of disowners.due(exchanges))
        alarm('disclosure-disowned', { from: consumer, exchange: own[0]?.exchangeId, exchanges: own.length });
    },
    questionAsked: () => metrics.questionsAsked.add({}),
    questionAnswered: (isLate: boolean) => metrics.questionsAnswered.add({ when: isLate ? 'late' : 'in-time' }),
    /** Once for each question: whoever was asked is named, nobody who asked. */
    questionsOverdue: (from: string, questions: number) => alarm('questions-overdue', { from, questions }),
    caseMoved: () => metrics.caseMoves.add({}),
    caseStands: (state: CaseState) => metrics.caseSteps.add({ state }),
    /** What an attempt came to. */
    delivery: (state: (typeof ATTEMPT_STATES)[number]) => metrics.attempts.add({ state }),
    notified: noticeTeller(metrics, logger),
    erased: (commitments: number) => metrics.erased.add({}, commitments),
    replayed: (keys: number) => logger.info({ keys }, 'keys that the log says were destroyed are destroyed'),
    keyDestroyed: (kid: string) => {
      metrics.keysDestroyed.add({});
      logger.info({ kid }, 'key of openings destroyed');
    },
    failed: (what: string, cause: unknown) => {
      metrics.failures.add({});
      logger.warn({ what, err: cause }, 'failed');
    },
  };
}
export type FeedbackEvents = ReturnType<typeof feedbackEvents>;

/** What became of a notification on its way; its text and its recipient are never said. */
function noticeTeller(metrics: FeedbackMetrics, logger: Logger) {
  return ({ channel, state, delivery, why }: NoticeOutcome) => {
    if (state === 'SENDING') return;
    metrics.notices.add({ channel, state });
    if (why === NO_ADDRESS) {
      metrics.noticesWithoutAddress.add({ channel });
      logger.info({ channel, delivery, why }, 'notification without an address');
    }
    if (state === 'SENT' || state === 'SUPPRESSED') return;
    logger.warn({ channel, state, delivery, why }, 'notification not delivered');
  };
}
