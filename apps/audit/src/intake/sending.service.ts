import type { Bus, OutgoingRecord } from '#bus';
import { AppError, type Clock } from '#kernel';
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

/** The registry puts the broker's lists right within a minute; meanwhile the batch comes again and the shard waits. */
const DENIED_MS = 120_000;

/**
 * Dead letters. One that the broker will never take is told of and passed over: whoever may stamp chooses the bytes, and no
 * record may stop the shard. A broker that is away makes the batch come again, as for everything else; so does one that
 * denies us the topic, for two minutes: then letters are passed over, with an alarm, until it takes one.
 */
export class DeadLetters {
  /** Since when the topic is denied; written by `bury`. A new process waits anew. */
  private deniedSinceMs: number | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Rejects if the batch has to come again. */
  async bury(letters: readonly OutgoingRecord[]): Promise<void> {
    let denied = 0;
    await publishEach(this.bus, letters, (err) => {
      if (!(err instanceof AppError)) return false;
      if (err.code === 'bus-access-denied') {
        denied += 1;
        return this.isDeniedForLong();
      }
      if (err.code !== 'bus-record-refused') return false;
      this.logger.error({ err }, 'a dead letter was refused by the broker and is passed over');
      return true;
    });
    if (denied > 0) this.logger.error({ alarm: 'dead-letters-denied', letters: denied }, 'alarm: passed over');
    else if (letters.length > 0) this.deniedSinceMs = undefined;
  }

  private isDeniedForLong(): boolean {
    const nowMs = this.clock.now();
    this.deniedSinceMs ??= nowMs;
    return nowMs - this.deniedSinceMs >= DENIED_MS;
  }
}
