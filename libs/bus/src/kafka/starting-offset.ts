import type { StartAt } from '../bus.js';
import type { BusLogger } from '../logger.js';
import type { KafkaAdmin } from './kafka-admin.js';
import type { TopicPartition } from './lane-set.js';

/**
 * The offset at which reading of a partition starts. Asked of the broker here, because kafkajs looks up its own "latest"
 * only at the first fetch, and takes a seek to -1 for offset 0.
 */
export async function startingOffset(
  { topic, partition }: TopicPartition,
  startAt: StartAt,
  admin: KafkaAdmin,
  logger: BusLogger,
): Promise<bigint> {
  const range = (await admin.offsets(topic)).get(partition);
  if (startAt.kind !== 'stored') return (startAt.kind === 'latest' ? range?.end : range?.earliest) ?? 0n;
  const stored = await startAt.nextOffset(topic, partition);
  if (range === undefined || (stored >= range.earliest && stored <= range.end)) return stored;
  // Retention has passed us by, or this is not the broker that the offset came from. Reading everything again is safe,
  // because effects know their records; going on in silence would not be.
  logger.error(
    { topic, partition, stored: String(stored), earliest: String(range.earliest), end: String(range.end) },
    'the stored offset is outside the partition; reading starts at its earliest record',
  );
  return range.earliest;
}
