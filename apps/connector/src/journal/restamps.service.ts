import type { SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';
import { readEnvelope } from '../dispatch/envelope.js';
import type { DeliveryService, StatedOutcome } from '../evidence/delivery.service.js';
import type { Unreceipted, UnreceiptedPlace } from './journal-row.js';
import type { JournalStore } from './journal.store.js';

export interface RestampsOptions {
  readonly journal: Pick<JournalStore, 'unreceipted' | 'markReceipted'>;
  readonly delivery: Pick<DeliveryService, 'stampAgain'>;
  readonly subsystems: readonly SubsystemId[];
  /** So long after its call's deadline an outcome is stamped by who stated it. */
  readonly afterMs: number;
}

const BATCH = 200;
/** Of one round: beyond it the rest waits for the next. */
const MAX_BATCHES = 20;
/** How long the log is given for a batch. */
const ANSWER_MS = 2_000;

/**
 * Brings outcomes of unsafe calls into the log that only the journal holds: after a restart, or when the broker was away
 * for longer than their stamps were repeated; with each goes the opening of the subject that only its answer told. Killed anywhere, it only sends a duplicate, and so does its twin at another
 * connector of the subsystem.
 */
export class Restamps {
  /** The last row of the batch before; rows that the log does not take hold up none behind them. Written by `round`. */
  private last: UnreceiptedPlace | undefined;

  constructor(private readonly options: RestampsOptions) {}

  /** Goes on as long as the log answers; a silent one gets one batch. */
  async round(view: RegistryView, isStopped: () => boolean): Promise<void> {
    for (let batch = 0; batch < MAX_BATCHES && !isStopped(); batch += 1) {
      const rows = await this.options.journal.unreceipted(this.options.afterMs, BATCH, this.last);
      this.last = rows.length < BATCH ? undefined : rows.at(-1)?.place;
      const ended = await this.stamp(rows, view);
      if (rows.length < BATCH || ended === 0) return;
    }
  }

  /** How many have a receipt now, or will have none: intake's refusal, or another leaf in their slot. */
  private async stamp(rows: readonly Unreceipted[], view: RegistryView): Promise<number> {
    const { delivery, journal } = this.options;
    const outcomes = rows.flatMap((row) => this.outcomeOf(row, view) ?? []);
    if (outcomes.length === 0) return 0;
    const verdicts = await delivery.stampAgain(outcomes, ANSWER_MS);
    const ended = outcomes.filter((_, index) => verdicts[index] !== 'none');
    await Promise.all(ended.map(({ envelope }) => journal.markReceipted(envelope.exchangeId)));
    return ended.length;
  }

  private outcomeOf({ request, statement, opening }: Unreceipted, view: RegistryView): StatedOutcome | undefined {
    for (const subsystem of this.options.subsystems) {
      const read = readEnvelope(request, subsystem);
      const receiptTopic = view.topicsOf(subsystem)?.receipt;
      if (!read.ok || receiptTopic === undefined) continue;
      const { replyTopic } = read.value.request;
      // Intake refuses a stamp that names the topic of a gateway that is no more.
      const replies = view.gatewayOfReplyTopic(replyTopic) === undefined ? [receiptTopic] : [receiptTopic, replyTopic];
      return { envelope: read.value, statement, opening, replies };
    }
    return undefined;
  }
}
