import type { AppMetrics } from '#platform';

const REFUSALS = [
  'jws-too-large',
  'jws-form',
  'jws-header',
  'jws-payload',
  'statement-type',
  'statement-unknown-field',
  'statement-missing-field',
  'statement-bad-field',
  'reply-topic',
  'registry-key',
  'snapshot-unknown',
  'snapshot-invalid',
  'manifest-number-back',
  'manifest-forked',
  'no-manifest',
  'signer-unknown',
  'signature',
  'time-future',
  'time-past',
  'rate-limited',
] as const;
const KINDS = ['new', 'duplicate', 'taken', 'refused'] as const;

export type AuditMetrics = ReturnType<typeof auditMetrics>;

/** What an operator watches; conflicts and fencing deserve an alarm. */
export function auditMetrics(metrics: AppMetrics) {
  return {
    stamps: metrics.counter({
      name: 'kerege_audit_stamps_total',
      help: 'Stamps taken in, by what became of them.',
      labels: { kind: KINDS },
    }),
    refused: metrics.counter({
      name: 'kerege_audit_stamps_refused_total',
      help: 'Stamps that became no leaf, by reason.',
      labels: { reason: REFUSALS },
    }),
    conflicts: metrics.counter({
      name: 'kerege_audit_conflicts_total',
      help: 'Requests whose consumer told two stories. Alarm above 0.',
    }),
    batch: metrics.histogram({
      name: 'kerege_audit_batch_leaves',
      help: 'Leaves per committed batch.',
      buckets: [0, 1, 2, 5, 10, 50, 100, 500, 1000, 4096],
    }),
    commit: metrics.histogram({
      name: 'kerege_audit_batch_seconds',
      help: 'Time from a batch of stamps to its receipts.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2],
    }),
    size: metrics.gauge({ name: 'kerege_audit_log_leaves', help: 'Leaves in the log.' }),
    fenced: metrics.counter({
      name: 'kerege_audit_fenced_total',
      help: 'Times that another sequencer took the log over from this one. Alarm if it repeats.',
    }),
    unfinished: metrics.counter({
      name: 'kerege_audit_unfinished_exchanges_total',
      help: 'Requests without an outcome that the sweeper stated as no-outcome.',
    }),
  };
}
