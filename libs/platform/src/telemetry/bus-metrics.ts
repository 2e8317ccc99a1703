import { defineMetrics, metric } from './metric-catalogue.js';

/** Topics by what travels on them: names hold identifiers of subsystems, of which there is no closed list. */
export const TOPIC_KINDS = ['request', 'reply', 'receipt', 'stamp', 'checkpoints', 'snapshot', 'other'] as const;
export type TopicKind = (typeof TOPIC_KINDS)[number];

const BEGINNINGS: Readonly<Record<Exclude<TopicKind, 'other'>, string>> = {
  request: 'request.',
  reply: 'reply.',
  receipt: 'receipt.',
  stamp: 'audit.stamp.',
  checkpoints: 'audit.checkpoints',
  snapshot: 'registry.snapshot',
};

export function topicKind(topic: string): TopicKind {
  return TOPIC_KINDS.find((kind) => kind !== 'other' && topic.startsWith(BEGINNINGS[kind])) ?? 'other';
}

export const busMetrics = defineMetrics('every app: Kafka', {
  queuedCalls: metric.observedGauge({
    name: 'kerege_bus_queued_calls_number',
    help: 'Calls of publish that wait for the produce request under way.',
  }),
  queuedBytes: metric.observedGauge({
    name: 'kerege_bus_queued_bytes',
    help: 'Bytes of those that wait and of the request under way.',
  }),
  unsettled: metric.observedGauge({
    name: 'kerege_bus_unsettled_records',
    help: 'Records fetched and not settled: in work, or waiting for it.',
    labels: { topic: TOPIC_KINDS },
  }),
  lag: metric.observedGauge({
    name: 'kerege_bus_consumer_lag_records',
    help: 'End of the partitions less the position of their reader, all together; sampled every 15 s.',
    labels: { topic: TOPIC_KINDS },
  }),
  fetchAge: metric.observedGauge({
    name: 'kerege_bus_fetch_age_seconds',
    help: 'Since the last completed fetch, also an empty one, of the subscription that has waited longest. Fetches take 0.25 s.',
    labels: { topic: TOPIC_KINDS },
  }),
  replaced: metric.observedGauge({
    name: 'kerege_bus_replaced_consumers_number',
    help: 'Consumers that crashed or fell silent and were replaced, since the subscription began. Alarm if it grows.',
    labels: { topic: TOPIC_KINDS },
  }),
});
