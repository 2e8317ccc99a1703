import { openingEvents } from '#openings';
import { defineMetrics, metric } from '#platform';
import { verificationResults } from '../corrections/verification-events.js';
import { alarmReasons, countedEvents, exchangeStages } from '../exchange/exchange-events.js';
import type { AnswerBudget } from '../edge/answer-budget.js';
import type { ExchangeModule } from '../exchange/exchange.module.js';

export const OUTCOMES = ['answered', 'refused', 'failed'] as const;
const ROW_QUEUES = ['insert', 'claim', 'end'] as const;

export const gatewayMetrics = defineMetrics('gateway', {
  outcomes: metric.counter({
    name: 'kerege_gateway_exchanges_total',
    help: 'Exchanges ended, by outcome.',
    labels: { outcome: OUTCOMES },
  }),
  seconds: metric.histogram({
    name: 'kerege_gateway_exchange_seconds',
    help: 'From the arrival of a request to what the consumer is told.',
    labels: { outcome: OUTCOMES },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  }),
  stages: metric.histogram({
    name: 'kerege_gateway_exchange_stage_seconds',
    help:
      'Stages of an exchange, each from the end of the one before: sent (admitted, signed, sealed, acknowledged by the ' +
      'broker), answered (an answer came and is sound), receipted (both leaves are in the log), released (the row is committed).',
    labels: { stage: exchangeStages },
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30],
  }),
  counts: metric.counter({
    name: 'kerege_gateway_events_total',
    help: 'Things worth counting on the way of an exchange.',
    labels: { event: countedEvents },
  }),
  alarms: metric.counter({
    name: 'kerege_gateway_alarms_total',
    help: 'What a peer, the log, a key or the registry’s topic did that it must not.',
    labels: { reason: alarmReasons },
  }),
  openings: metric.counter({
    name: 'kerege_gateway_openings_total',
    help:
      'Openings of commitments for feedback: sealed, or why not; those that feedback asked for again; and feedback’s ' +
      'announcements of its key.',
    labels: { event: openingEvents },
  }),
  verifications: metric.counter({
    name: 'kerege_gateway_verification_reads_total',
    help:
      'Corrected data that were read again: match and mismatch were stated; unanswered is asked again; refused too, and ' +
      'in vain until the registry allows the purpose correction-check.',
    labels: { result: verificationResults },
  }),
  contract: metric.counter({
    name: 'kerege_gateway_contract_findings_total',
    help: 'Calls that are not as the OpenAPI document of their service says, or that it could not be held to; enforced or only reported.',
    labels: { code: ['request-contract', 'answer-contract', 'contract-unusable'] },
  }),
  inFlight: metric.observedGauge({ name: 'kerege_gateway_in_flight_exchanges', help: 'Exchanges under way.' }),
  rows: metric.observedGauge({
    name: 'kerege_gateway_row_queue_number',
    help: 'Rows that wait for the statement under way: to be inserted, to claim an idempotency key, to be ended.',
    labels: { queue: ROW_QUEUES },
  }),
  stamps: metric.observedGauge({
    name: 'kerege_gateway_unreceipted_stamps_number',
    help: 'Statements that nobody waits for and that are sent again until the log has them.',
  }),
  sweeping: metric.observedGauge({
    name: 'kerege_gateway_sweeping_consumers_number',
    help: 'Consumers, by purpose, that ask about more persons in an hour than an agreement of theirs takes for normal.',
  }),
  unread: metric.observedGauge({
    name: 'kerege_gateway_unread_answers_bytes',
    help: 'Bytes of answers that were written and that their clients have not taken.',
  }),
  parked: metric.observedGauge({
    name: 'kerege_gateway_parked_answers_number',
    help: 'Answers that wait for a newer snapshot of the registry, which may know their key.',
  }),
});

export type GatewayMetrics = ReturnType<typeof gatewayMetrics.on>;

/** Shows what waits and what is under way; returns the answers for their owner. */
export function watchQueues(
  metrics: GatewayMetrics,
  { exchanges, store, stamps, pending, sweeps }: ExchangeModule,
  answers: AnswerBudget,
): AnswerBudget {
  metrics.unread.from({}, () => answers.size);
  metrics.inFlight.from({}, () => exchanges.size);
  metrics.stamps.from({}, () => stamps.size);
  metrics.sweeping.from({}, () => sweeps.sweeping(Date.now()));
  metrics.parked.from({}, () => pending.parkedCount);
  for (const queue of ROW_QUEUES) metrics.rows.from({ queue }, () => store.queued[queue]);
  return answers;
}
