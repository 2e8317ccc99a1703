import { outcomeReasons } from '#access';
import type { Clock } from '#kernel';
import { openingEvents } from '#openings';
import { defineMetrics, metric, noTracing, StageWatch, type Logger, type Tracing } from '#platform';
import { BREAKER_STATES, type AgencyService } from '../agency/agency.service.js';
import { clockPairs, type ClockPair } from '../dispatch/clock-watch.js';
import { alarmReasons, dispatchStages, dropReasons, type DispatchEvents } from '../dispatch/dispatch-events.js';
import { deadReasons } from '../dispatch/dispatch.errors.js';
import { GAP_PLACES } from '../disputes/dispute-gaps.js';
import type { Disputes, DisputesParts } from '../disputes/disputes.service.js';
import type { DeliveryService } from '../evidence/delivery.service.js';
import { noticeFlaws } from '../notices/notices.errors.js';
import type { Notices, NoticesParts } from '../notices/notices.service.js';
import type { Quotas } from '../quotas/quotas.service.js';

const SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
const STAGE_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30];
const KINDS = ['answered', 'failed', 'refused'] as const;
const ATTEMPT_STATES = ['delivered', 'waiting', 'parked'] as const;
const OPEN_STATES = ['waiting', 'parked'] as const;
const DISPUTE_STATES = ['held', 'unopened', 'waiting'] as const;
const DISPUTED = ['flagged', 'blocked'] as const;
const HELD = ['answers', 'stamps', 'waits'] as const;

export const connectorMetrics = defineMetrics('connector', {
  stated: metric.counter({
    name: 'kerege_connector_outcomes_total',
    help: 'Outcomes that this connector stated; `why` is a reason of docs/errors.md.',
    labels: { kind: KINDS, why: ['none', ...Object.keys(outcomeReasons)] },
  }),
  contract: metric.counter({
    name: 'kerege_connector_contract_findings_total',
    help: 'Calls and answers that are not as the OpenAPI document of their service says, enforced or only reported.',
    labels: { code: ['request-contract', 'answer-contract', 'contract-unusable'] },
  }),
  took: metric.histogram({
    name: 'kerege_connector_exchange_seconds',
    help: 'From the record to its statement.',
    labels: { kind: KINDS },
    buckets: SECONDS,
  }),
  stages: metric.histogram({
    name: 'kerege_connector_exchange_stage_seconds',
    help:
      'Stages of an exchange, each from the end of the one before: called (verified, decided, opened; for unsafe methods ' +
      'receipt and journal too), answered (the agency’s system), stated (signed, sealed, journalled), sent (answer ' +
      'acknowledged by the broker, with the wait for the receipt of the request).',
    labels: { stage: dispatchStages },
    buckets: STAGE_SECONDS,
  }),
  receipt: metric.histogram({
    name: 'kerege_connector_receipt_wait_seconds',
    help: 'From the moment at which the receipt of a request is wanted to the log’s verdict on it; runs beside the call.',
    buckets: STAGE_SECONDS,
  }),
  dropped: metric.counter({
    name: 'kerege_connector_dropped_total',
    help: 'Requests let go without a word.',
    labels: { reason: dropReasons },
  }),
  dead: metric.counter({
    name: 'kerege_connector_dead_letters_total',
    help: 'Requests that could not be decoded or verified and went to the dead letters, unstated.',
    labels: { reason: deadReasons },
  }),
  alarms: metric.counter({
    name: 'kerege_connector_alarms_total',
    help: 'Events worth waking somebody.',
    labels: { reason: alarmReasons },
  }),
  failures: metric.counter({ name: 'kerege_connector_failures_total', help: 'Failures of our own parts.' }),
  distance: metric.gauge({
    name: 'kerege_connector_clock_distance_seconds',
    help: 'How far our clock, and those of consumers, are ahead of the broker’s.',
    labels: { clock: clockPairs },
  }),
  openings: metric.counter({
    name: 'kerege_connector_openings_total',
    help: 'Openings of commitments for feedback: sealed, or why not; and feedback’s announcements of its key.',
    labels: { event: openingEvents },
  }),
  noticeAttempts: metric.counter({
    name: 'kerege_connector_notice_attempts_total',
    help: 'Attempts to bring a notice to the agency’s system, by what became of it: delivered, waiting (tried again), parked.',
    labels: { state: ATTEMPT_STATES },
  }),
  noticesFlawed: metric.counter({
    name: 'kerege_connector_notices_flawed_total',
    help: 'Records for a subsystem that are no notice for it, by reason; they lie on its dead letters. Alarm above 0.',
    labels: { reason: noticeFlaws },
  }),
  notices: metric.observedGauge({
    name: 'kerege_connector_notices_number',
    help: 'Notices that nobody has taken yet. Alarm if any is parked.',
    labels: { state: OPEN_STATES },
  }),
  disputes: metric.observedGauge({
    name: 'kerege_connector_disputes_number',
    help: 'Flags of disputed data that are held; unopened: their key is not held here; waiting: they came and are not written down. Alarm above 0 of these two.',
    labels: { state: DISPUTE_STATES },
  }),
  disputeGap: metric.observedGauge({
    name: 'kerege_connector_dispute_gap_seconds',
    help: 'How long flags of disputed data may have been missing here, by where they would be; 0: they are not. Alarm above 60.',
    labels: { where: GAP_PLACES },
  }),
  disputedAnswers: metric.counter({
    name: 'kerege_connector_disputed_answers_total',
    help: 'Answers that hold a disputed datum: flagged, or blocked and refused.',
    labels: { what: DISPUTED },
  }),
  breakers: metric.observedGauge({
    name: 'kerege_connector_breakers_number',
    help: 'Circuit breakers of agencies by state; an open one lets nothing through.',
    labels: { state: BREAKER_STATES },
  }),
  agencyQueue: metric.observedGauge({
    name: 'kerege_connector_agency_queue_number',
    help: 'Calls that wait for a connection to an agency’s system.',
  }),
  held: metric.observedGauge({
    name: 'kerege_connector_held_number',
    help: 'Kept for later: answers for redeliveries, stamps that are repeated, waits for a leaf’s receipt.',
    labels: { what: HELD },
  }),
  quotaHeld: metric.observedGauge({
    name: 'kerege_connector_quota_held_number',
    help: 'Calls that were taken from the counters of quotas and are not spent; lost when this connector is killed.',
  }),
  heldBytes: metric.observedGauge({
    name: 'kerege_connector_held_answer_bytes',
    help: 'Memory of answers kept for redeliveries.',
  }),
});
export type ConnectorMetrics = ReturnType<typeof connectorMetrics.on>;

/** One helper per business event, so that counter and log line cannot drift apart. */
export function dispatchEvents(
  metrics: ConnectorMetrics,
  logger: Logger,
  tracing: Tracing = noTracing,
): DispatchEvents {
  const observe = (stage: (typeof dispatchStages)[number], seconds: number) =>
    metrics.stages.observe({ stage }, seconds);
  return {
    // Counted only: whoever sends bad calls does not write the log full.
    contract: ({ code }) => {
      metrics.contract.add({ code });
    },
    stated: (kind, why, tookMs) => {
      metrics.stated.add({ kind, why: why ?? 'none' });
      metrics.took.observe({ kind }, tookMs / 1_000);
    },
    receipted: (tookMs) => metrics.receipt.observe({}, tookMs / 1_000),
    watch: ({ exchangeId, service, traceparent }) => {
      const attributes = { 'kerege.exchange': exchangeId, 'kerege.service': service };
      const traced = tracing.begin({ name: 'dispatch', kind: 'consumer', parent: traceparent, attributes });
      return new StageWatch(dispatchStages, observe, traced);
    },
    dropped: (reason) => {
      metrics.dropped.add({ reason });
      logger.info({ reason }, 'request dropped');
    },
    deadLettered: (reason) => metrics.dead.add({ reason }),
    alarm: (reason, details) => {
      metrics.alarms.add({ reason });
      logger.error({ alarm: reason, ...details }, 'alarm');
    },
    failed: (what, cause) => {
      metrics.failures.add({});
      logger.warn({ what, err: cause }, 'failed');
    },
  };
}

/** What notices report, by ids and codes alone. */
export function noticeEvents(
  metrics: ConnectorMetrics,
  { alarm, failed }: Pick<DispatchEvents, 'alarm' | 'failed'>,
): Pick<NoticesParts, 'attempted' | 'flawed' | 'failed'> {
  return {
    failed,
    attempted: ({ recipient, kind, id, attempt, state, why }) => {
      metrics.noticeAttempts.add({ state });
      if (state === 'parked') alarm('notice-parked', { to: recipient, kind, notice: id, attempt, why });
    },
    flawed: (reason, to, { partition, offset }) => {
      metrics.noticesFlawed.add({ reason });
      alarm('notice-flawed', { flaw: reason, to, partition, offset: String(offset) });
    },
  };
}

/** What marking answers reports; never whose data they are. */
export function disputeEvents(
  metrics: ConnectorMetrics,
  { alarm, failed }: Pick<DispatchEvents, 'alarm' | 'failed'>,
): Pick<DisputesParts, 'answered' | 'unreadable' | 'failed'> {
  return {
    failed,
    answered: (what) => metrics.disputedAnswers.add({ what }),
    unreadable: ({ subsystem, flag }) => alarm('dispute-unreadable', { to: subsystem, flag }),
  };
}

/** How far clocks are from the broker's, positive ahead. */
export function clockDistances(metrics: ConnectorMetrics) {
  const distances = new Map<ClockPair, number>();
  const clockDistance = (clock: ClockPair, distanceMs: number): void => {
    distances.set(clock, distanceMs);
    metrics.distance.set({ clock }, distanceMs / 1_000);
  };
  return { distances, clockDistance };
}

/** Shows what waits, and which agencies are let be. */
export function watchQueues(
  metrics: ConnectorMetrics,
  parts: {
    readonly agencies: AgencyService;
    readonly delivery: DeliveryService;
    readonly notices: Notices;
    readonly disputes: Disputes;
    readonly quotas: Quotas;
  },
  clock: Clock,
): void {
  const { agencies, delivery, notices, disputes, quotas } = parts;
  metrics.quotaHeld.from({}, () => quotas.held);
  for (const state of DISPUTE_STATES) metrics.disputes.from({ state }, () => disputes.sizes[state]);
  for (const place of GAP_PLACES)
    metrics.disputeGap.from({ where: place }, () => {
      const gap = disputes.gaps().find(({ where }) => where === place);
      return gap === undefined ? 0 : Math.max(0, (clock.now() - gap.sinceMs) / 1_000);
    });
  for (const state of OPEN_STATES) metrics.notices.from({ state }, () => notices.sizes[state]);
  for (const state of BREAKER_STATES)
    metrics.breakers.from({ state }, () => agencies.breakers().filter((breaker) => breaker.state === state).length);
  metrics.agencyQueue.from({}, () => agencies.queued());
  for (const what of HELD) metrics.held.from({ what }, () => delivery.held[what]);
  metrics.heldBytes.from({}, () => delivery.held.bytes);
}
