import { defineMetrics, metric, type AppMetrics } from '#platform';
import type { PublicationService } from '../snapshot/publication.service.js';

export const registryMetrics = defineMetrics('registry', {
  number: metric.observedGauge({
    name: 'kerege_registry_snapshot_number',
    help: 'Number of the snapshot in force; 0 before the first publication.',
  }),
  expiry: metric.observedGauge({
    name: 'kerege_registry_manifest_expiry_timestamp_seconds',
    help: 'When the published manifest expires and all traffic stops; alarm well before.',
  }),
});

export function watchPublication(metrics: AppMetrics, publication: PublicationService): void {
  const { number, expiry } = registryMetrics.on(metrics);
  number.from({}, () => publication.inForce?.number ?? 0);
  expiry.from({}, () => (publication.inForce?.untilMs ?? 0) / 1000);
}
