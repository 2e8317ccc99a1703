import { setTimeout as delay } from 'node:timers/promises';
import type { WitnessPolicy } from '#tlog';
import { isCosigned } from '../witness/is-cosigned.js';
import type { PublishedCheckpointStore, PublishedNote } from '../witness/published-checkpoint.store.js';
import { trustedTimeErrors } from './trusted-time.errors.js';

/** A checkpoint as it was published. */
export interface Stampable {
  readonly size: number;
  readonly note: string;
}

export interface StampableOptions {
  readonly store: Pick<PublishedCheckpointStore, 'newest'>;
  readonly logId: number;
  /** Undefined: nobody witnesses the log. */
  readonly policy: WitnessPolicy | undefined;
  /** How long witnesses are waited for: trusted time does not hang on them. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 10_000;
const PAUSE_MS = 100;

/**
 * Which checkpoint is stamped (`audit-log.md` §5): one that was published, so that whoever has its token has its
 * cosignatures, too. While witnesses are away, one that has waited for them long enough.
 */
export class StampableCheckpoints {
  constructor(private readonly options: StampableOptions) {}

  /** The newest with more than `stamped` leaves; undefined if there is none now. */
  async newest(stamped: number): Promise<Stampable | undefined> {
    const published = (await this.published()).filter(({ size }) => size > stamped);
    return published.find((note) => this.hasWitnesses(note)) ?? published.find((note) => this.hasWaited(note));
  }

  /** One with `size` leaves or more, as soon as it is published. Rejects with `checkpoint-unpublished`. */
  async holding(size: number, signal: AbortSignal): Promise<Stampable> {
    const untilMs = performance.now() + this.patienceMs;
    for (;;) {
      const published = (await this.published()).filter((note) => note.size >= size);
      const isLate = performance.now() >= untilMs;
      const found = published.findLast((note) => this.hasWitnesses(note)) ?? (isLate ? published.at(-1) : undefined);
      if (found !== undefined) return found;
      if (isLate || signal.aborted) throw trustedTimeErrors.error('checkpoint-unpublished', { details: { size } });
      // Rejects when it is aborted, which the loop sees.
      await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private published(): Promise<PublishedNote[]> {
    return this.options.store.newest(this.options.logId);
  }

  private hasWitnesses({ cosignatures }: PublishedNote): boolean {
    const { policy } = this.options;
    const sources = cosignatures.map(({ source }) => source);
    return policy === undefined || isCosigned(sources, policy);
  }

  private hasWaited({ ageMs }: PublishedNote): boolean {
    return ageMs >= this.patienceMs;
  }

  private get patienceMs(): number {
    return this.options.patienceMs ?? PATIENCE_MS;
  }
}
