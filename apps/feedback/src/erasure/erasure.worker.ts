import { Rounds } from '#platform';
import type { Erasure } from './erasure.service.js';

export interface ErasureWorkerParts {
  readonly erasure: Pick<Erasure, 'shred' | 'replay' | 'destroyAgain' | 'restate' | 'letGo'>;
  /** The log was followed to its end: what it tells of is known. */
  readonly isFollowed: () => boolean;
  /** Keys whose erasure the log tells of, and that were looked for. */
  readonly replayed: (keys: number) => void;
  readonly failed: (cause: unknown) => void;
}

const PAUSE_MS = 1_000;

/** Ends erasures that a crash or a restore interrupted: at the start, and whenever the log tells of one. */
export class ErasureWorker {
  private readonly rounds: Rounds;
  /** Written by the first round that ends: the database of the keys holds none that the log says was destroyed. */
  private isStarted = false;
  /** The last round did not end; written by every round. */
  failure: string | undefined;

  constructor(private readonly parts: ErasureWorkerParts) {
    const failed = (cause: unknown) => {
      this.failure = 'erasures are not ended now; what they concern opens nothing all the same';
      parts.failed(cause);
    };
    this.rounds = new Rounds(() => this.round(), failed, PAUSE_MS);
  }

  start(): void {
    this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async round(): Promise<number> {
    const { erasure, replayed, isFollowed } = this.parts;
    if (!this.isStarted) await erasure.destroyAgain();
    this.isStarted = true;
    // First all that the log tells of: that is not to be stated again.
    const keys = await erasure.replay();
    if (keys > 0) replayed(keys);
    if (isFollowed()) await erasure.shred();
    await erasure.restate();
    await erasure.letGo();
    this.failure = undefined;
    return keys > 0 ? 0 : PAUSE_MS;
  }
}
