import { defineMetrics, metric } from '#platform';

export const exportMetrics = defineMetrics('audit', {
  size: metric.gauge({ name: 'kerege_audit_exported_leaves', help: 'Leaves that the exported checkpoint covers.' }),
  failures: metric.counter({
    name: 'kerege_audit_export_failures_total',
    help: 'Looks at the head that ended without an export, one a second while it lasts. Alarm if it rises.',
  }),
});
export type ExportMetrics = ReturnType<typeof exportMetrics.on>;
