import { defineMetrics, metric } from '#platform';
import { RECEIPT_ALARMS } from '../snapshot/receipt.js';
import type { PublicationService } from '../snapshot/publication.service.js';

export const registryMetrics = defineMetrics('registry', {
  alarms: metric.counter({
    name: 'kerege_registry_receipt_alarms_total',
    help: 'Records on the registry’s reply topic that are no receipts, or prove not what they claim.',
    labels: { reason: RECEIPT_ALARMS },
  }),
  number: metric.observedGauge({
    name: 'kerege_registry_snapshot_number',
    help: 'Number of the snapshot in force; 0 before the first publication.',
  }),
  expiry: metric.observedGauge({
    name: 'kerege_registry_manifest_expiry_timestamp_seconds',
    help: 'When the published manifest expires and all traffic stops; alarm well before.',
  }),
});

export type RegistryMetrics = ReturnType<typeof registryMetrics.on>;

export function watchPublication({ number, expiry }: RegistryMetrics, publication: PublicationService): void {
  number.from({}, () => publication.inForce?.number ?? 0);
  expiry.from({}, () => (publication.inForce?.untilMs ?? 0) / 1000);
}
