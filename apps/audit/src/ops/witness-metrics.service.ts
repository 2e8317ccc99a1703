import { defineMetrics, metric, type AppMetrics } from '#platform';

const ANSWERS = ['cosigned', 'other-size', 'fork', 'failed'] as const;

export const witnessMetrics = defineMetrics('audit witnesses', {
  asked: metric.counter({
    name: 'kerege_audit_witness_answers_total',
    help: 'Answers of witnesses to a published checkpoint. Alarm on any fork.',
    labels: { answer: ANSWERS },
  }),
  forks: metric.counter({
    name: 'kerege_audit_fork_alarms_total',
    help: 'Times that a sign of a fork stopped publication. Alarm above 0.',
  }),
});

export type WitnessMetrics = ReturnType<typeof witnessMetrics.on>;

export function makeWitnessMetrics(metrics: AppMetrics): WitnessMetrics {
  return witnessMetrics.on(metrics);
}
