import type { AppError } from '#kernel';
import type { StartAt } from '../bus.js';
import { busErrors } from '../bus.errors.js';
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
  if (range === undefined) return stored;
  // Not the topic that the offset came from: its owner decides, since records may be lost and old ones come again.
  if (stored > range.end) throw beyondEnd(topic, partition, stored, range.end);
  if (stored >= range.earliest) return stored;
  // Retention has passed us by. Reading on from what is left is all that can be done; in silence it would be wrong.
  logger.error(
    { topic, partition, stored: String(stored), earliest: String(range.earliest), end: String(range.end) },
    'the stored offset is outside the partition; reading starts at its earliest record',
  );
  return range.earliest;
}

/** What a subscription tells of through `onError`, again and again, until its owner names another offset. */
function beyondEnd(topic: string, partition: number, stored: bigint, end: bigint): AppError {
  return busErrors.error('bus-offset-beyond-end', {
    details: { topic, partition, stored: String(stored), end: String(end) },
  });
}
