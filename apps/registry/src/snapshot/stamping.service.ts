import type { Bus } from '#bus';
import { fixedTopics, replyTopic } from '#contracts';
import type { Clock } from '#kernel';
import type { Logger } from '#platform';
import { parseStatement } from '#signing';
import { publicationErrors } from './publication.errors.js';
import type { PublicationRecords, StoredManifest } from './publication.store.js';
import type { ReceiptOutcome } from './receipt.js';
import type { ReplyConsumer } from './reply.consumer.js';

export interface StampingOptions {
  readonly instanceId: string;
  readonly store: PublicationRecords;
  readonly bus: Bus;
  readonly replies: Pick<ReplyConsumer, 'expect'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Puts the snapshot of that number on the topic once more. */
  readonly putSnapshotAgain: (number: number) => Promise<void>;
  readonly isStopping: () => boolean;
}

/** A stamp is sent again after this, then after twice as long, up to the maximum. */
const RESTAMP_MS = 250;
const RESTAMP_MAX_MS = 4_000;
const STAMP_ATTEMPTS = 8;
/** What the log lets a statement be ahead of the broker's clock (`statements.md` §2). */
export const MAX_AHEAD_MS = 5 * 60_000;

/**
 * Brings one manifest into the log. Receipts are proven, refusals are not: anybody who may write to our reply topic can
 * send one. So the same bytes are stamped again whatever a refusal says, and a manifest is given up only when it has
 * been refused *and* its time is over or has not come, or when another is proven to stand in its place. A second
 * successor of one `prev` could otherwise be signed while the first is logged (`statements.md` §2).
 */
export class ManifestStamping {
  constructor(private readonly options: StampingOptions) {}

  /** The receipt that proves the leaf to be in the log, undefined when it was given up; rejects while that is not known. */
  async settle(manifest: StoredManifest): Promise<Uint8Array | undefined> {
    const { store, clock, logger, isStopping } = this.options;
    let waitMs = RESTAMP_MS;
    let reason: string | undefined;
    for (let attempt = 0; attempt < STAMP_ATTEMPTS && !isStopping(); attempt += 1) {
      const outcome = await this.ask(manifest, waitMs);
      if (outcome?.kind === 'logged') {
        await store.markLogged(manifest.leafHash, outcome.index);
        return outcome.receipt;
      }
      if (outcome?.kind === 'refused') {
        reason = outcome.reason;
        logger.warn({ reason, number: manifest.number }, 'the log refuses the manifest');
        if (isOutOfTime(manifest, clock.now()) || (await this.isOvertaken(reason))) {
          await store.markRefused(manifest.leafHash);
          return undefined;
        }
        if (reason.includes('snapshot')) await this.options.putSnapshotAgain(manifest.number);
      }
      waitMs = Math.min(waitMs * 2, RESTAMP_MAX_MS);
    }
    const { number } = manifest;
    throw reason === undefined
      ? publicationErrors.error('receipt-missing', { details: { number } })
      : publicationErrors.error('manifest-refused', { details: { reason, number } });
  }

  /**
   * Whether a manifest that was given up has come into the log after all, e.g. because its stamp lay on the topic while
   * audit was away: then none that names the same `prev` ever will. Only a proof counts; asking makes at worst a leaf of
   * the older one, and the log takes only one of the two.
   */
  private async isOvertaken(reason: string): Promise<boolean> {
    if (reason !== 'manifest-forked') return false;
    for (const earlier of await this.options.store.givenUp()) {
      const outcome = await this.ask(earlier, RESTAMP_MAX_MS);
      if (outcome?.kind !== 'logged') continue;
      await this.options.store.markLogged(earlier.leafHash, outcome.index);
      return true;
    }
    return false;
  }

  private async ask(manifest: StoredManifest, waitMs: number): Promise<ReceiptOutcome | undefined> {
    const { bus, instanceId, replies } = this.options;
    const answer = replies.expect(manifest.leafHash, waitMs);
    await bus.publish([
      {
        topic: fixedTopics.stamp.name,
        partition: 0,
        value: Buffer.from(manifest.statement),
        headers: { reply: replyTopic(instanceId).name },
      },
    ]);
    return answer;
  }
}

/**
 * Expired; or signed while our clock was ahead: the log takes nothing from the future, so it has not taken this one, and
 * will not while another takes its place. Waiting for its time would leave everybody without a manifest until then.
 */
function isOutOfTime({ statement, untilMs }: StoredManifest, nowMs: number): boolean {
  const parsed = parseStatement(statement);
  return untilMs <= nowMs || (parsed.ok && parsed.value.payload.ts > nowMs + MAX_AHEAD_MS);
}
