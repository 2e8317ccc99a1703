import type { AppMetrics } from './app-metrics.js';
import { defineMetrics, metric } from './metric-catalogue.js';

const USES = ['total', 'idle', 'waiting'] as const;

export const poolMetrics = defineMetrics('every app: PostgreSQL', {
  connections: metric.observedGauge({
    name: 'kerege_postgres_connections_number',
    help: 'Connections of the pool: open, unused, and callers that wait for one. Alarm if callers wait for long.',
    labels: { use: USES },
  }),
});

/** Shows how an app uses its pool. */
export function watchPool(
  metrics: AppMetrics,
  database: { poolUse(): Readonly<Record<(typeof USES)[number], number>> },
): void {
  const { connections } = poolMetrics.on(metrics);
  for (const use of USES) connections.from({ use }, () => database.poolUse()[use]);
}
