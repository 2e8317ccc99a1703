import { defineMetrics, metric } from '#platform';
import { tokenReasons } from './time-token.js';

export const trustedTimeMetrics = defineMetrics('audit trusted time', {
  tokens: metric.counter({
    name: 'kerege_audit_time_tokens_total',
    help: 'Time-stamp tokens that were checked and stored.',
  }),
  failures: metric.counter({
    name: 'kerege_audit_time_failures_total',
    help: 'Questions to time-stamp authorities that brought no good token, by reason.',
    labels: { reason: ['unreachable', ...tokenReasons] },
  }),
  age: metric.observedGauge({
    name: 'kerege_audit_time_token_age_seconds',
    help: 'Age of the newest time-stamp token; absent in a process that is not the writer of the log.',
  }),
  gap: metric.observedGauge({
    name: 'kerege_audit_time_gap_seconds',
    help: 'How long leaves have waited for a time-stamp token. Alarm above 600.',
  }),
});
export type TrustedTimeMetrics = ReturnType<typeof trustedTimeMetrics.on>;
