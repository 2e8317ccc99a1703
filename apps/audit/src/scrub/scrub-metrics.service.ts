import { defineMetrics, metric } from '#platform';
import { scrubProblems } from './finding.js';

/** How far the self-check is, and what it found. */
export const scrubMetrics = defineMetrics('audit', {
  leaves: metric.counter({
    name: 'kerege_audit_scrubbed_leaves_total',
    help: 'Leaves that the background self-check has compared with their hash, columns and tile.',
  }),
  passed: metric.gauge({
    name: 'kerege_audit_scrub_passed_timestamp_seconds',
    help: 'When the whole log was last looked at, in seconds since 1970. Alarm if it stands still for a day.',
  }),
  findings: metric.counter({
    name: 'kerege_audit_scrub_findings_total',
    help: 'What the self-check found wrong in the stored log, by kind. Alarm above 0.',
    labels: { problem: scrubProblems },
  }),
});

export type ScrubMetrics = ReturnType<typeof scrubMetrics.on>;
