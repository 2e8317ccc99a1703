import { defineMetrics, metric, StageWatch, type AppMetrics, type Tracing } from '#platform';

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
  'case-chain',
  'rate-limited',
] as const;
const batchStages = ['judged', 'committed', 'receipted'] as const;
const KINDS = ['new', 'duplicate', 'taken', 'refused'] as const;

/** What an operator watches; conflicts and fencing deserve an alarm. */
export const auditMetrics = defineMetrics('audit', {
  stamps: metric.counter({
    name: 'kerege_audit_stamps_total',
    help: 'Stamps taken in, by what became of them.',
    labels: { kind: KINDS },
  }),
  refused: metric.counter({
    name: 'kerege_audit_stamps_refused_total',
    help: 'Stamps that became no leaf, by reason.',
    labels: { reason: REFUSALS },
  }),
  conflicts: metric.counter({
    name: 'kerege_audit_conflicts_total',
    help: 'Requests whose consumer told two stories. Alarm above 0.',
  }),
  batch: metric.histogram({
    name: 'kerege_audit_batch_leaves',
    help: 'Leaves per committed batch.',
    buckets: [0, 1, 2, 5, 10, 50, 100, 500, 1000, 4096],
  }),
  commit: metric.histogram({
    name: 'kerege_audit_batch_seconds',
    help: 'Time from a batch of stamps to its receipts.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2],
  }),
  aliens: metric.counter({
    name: 'kerege_audit_alien_snapshots_total',
    help: 'Records on the registry’s topic that are no snapshot and no manifest. Alarm above 0.',
  }),
  size: metric.gauge({ name: 'kerege_audit_log_leaves', help: 'Leaves in the log.' }),
  fenced: metric.counter({
    name: 'kerege_audit_fenced_total',
    help: 'Times that another sequencer took the log over from this one. Alarm if it repeats.',
  }),
  unfinished: metric.counter({
    name: 'kerege_audit_unfinished_exchanges_total',
    help: 'Requests without an outcome that the sweeper stated as no-outcome.',
  }),
  endless: metric.counter({
    name: 'kerege_audit_endless_exchanges_total',
    help: 'Requests under the exchange id of another consumer, which nobody can end any more. Alarm above 0.',
  }),
  lag: metric.histogram({
    name: 'kerege_audit_lag_seconds',
    help: 'Age of the oldest stamp of a batch when the batch is taken up, by the broker’s clock and ours.',
    buckets: [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30, 300],
  }),
  stages: metric.histogram({
    name: 'kerege_audit_batch_stage_seconds',
    help: 'Stages of a batch, each from the end of the one before: judged (read, compared, signatures checked), committed, receipted (receipts acknowledged by the broker).',
    labels: { stage: batchStages },
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2],
  }),
});

/** The last batch whose receipts were sent: when, and how old its oldest stamp was when it was taken up. */
export interface LastBatch {
  readonly atMs: number;
  readonly lagMs: number;
  /** How far the broker's clock was ahead of ours. */
  readonly behindMs: number;
}

export type AuditMetrics = ReturnType<typeof auditMetrics.on> & {
  /** Written by `batchWatch`. */
  lastBatch: LastBatch | undefined;
  readonly tracing: Tracing;
};

export function makeAuditMetrics(metrics: AppMetrics, tracing: Tracing): AuditMetrics {
  return { ...auditMetrics.on(metrics), lastBatch: undefined, tracing };
}

/** Times a batch that is taken up now; its records are in the order of the partition. */
export function batchWatch(metrics: AuditMetrics, records: readonly { readonly timestampMs: number }[]) {
  const nowMs = Date.now();
  const lagMs = Math.max(0, nowMs - (records[0]?.timestampMs ?? nowMs));
  const behindMs = Math.max(0, (records.at(-1)?.timestampMs ?? nowMs) - nowMs);
  metrics.lag.observe({}, lagMs / 1_000);
  // Its own trace: a stamp carries no traceparent (`bus.md` §1). The exchanges of a batch wait for it in theirs.
  const attributes = { 'kerege.stamps': records.length };
  const traced = metrics.tracing.begin({ name: 'batch', kind: 'consumer', attributes });
  const observe = (stage: (typeof batchStages)[number], seconds: number) => {
    metrics.stages.observe({ stage }, seconds);
    if (stage === 'receipted') metrics.lastBatch = { atMs: Date.now(), lagMs, behindMs };
  };
  return new StageWatch(batchStages, observe, traced);
}
