import type { Bus, OutgoingRecord } from '#bus';
import { AppError } from '#kernel';
import type { Logger } from '#platform';

/**
 * One call per record: the bus packs calls into requests that the broker's limit allows, but never cuts one call.
 * Rejects if any was not sent, after all have been tried: one bad topic does not cost the others their receipts.
 */
export async function publishEach(
  bus: Bus,
  records: readonly OutgoingRecord[],
  isPassedOver: (cause: unknown) => boolean = () => false,
): Promise<void> {
  const outcomes = await Promise.allSettled(records.map((record) => bus.publish([record])));
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
  const fatal = failed.find(({ reason }) => !isPassedOver(reason));
  if (fatal !== undefined) throw fatal.reason;
}

/** For what it is, or because this process may not write there. */
const REFUSED: ReadonlySet<string> = new Set(['bus-record-refused', 'bus-access-denied']);

/**
 * A dead letter that the broker will never take is alarmed and passed over: whoever may stamp chooses the bytes, and no
 * record may stop the shard. A broker that is away makes the batch come again, as for everything else.
 */
export function bury(bus: Bus, letters: readonly OutgoingRecord[], logger: Logger): Promise<void> {
  return publishEach(bus, letters, (cause) => {
    if (!(cause instanceof AppError) || !REFUSED.has(cause.code)) return false;
    logger.error({ err: cause }, 'a dead letter was refused by the broker and is passed over');
    return true;
  });
}
