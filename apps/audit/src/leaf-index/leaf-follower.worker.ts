import { Rounds, type Logger } from '#platform';
import { leafEntry } from './leaf-entry.js';
import type { LeafIndexStore } from './leaf-index.store.js';

const LEAVES_PER_PASS = 1_000;

/**
 * Follows the log and fills the index that searches use. It stands beside the sequencer, never in its transaction: a
 * slow or broken index delays searches, which say how far it stands, and no stamp. After a full pass it rests for as
 * long as the pass took, so that catching up takes half a core at most. Any number of processes may run one.
 */
export class LeafFollower {
  private readonly rounds: Rounds;
  /** Why the last pass did not end; written by every pass. */
  failure: string | undefined;

  constructor(
    /** One for each window. */
    private readonly stores: () => Promise<readonly LeafIndexStore[]>,
    private readonly intervalMs: number,
    logger: Logger,
  ) {
    const failed = (cause: unknown) => {
      this.failure = 'the last pass failed; searches may not find the newest leaves';
      logger.warn({ err: cause }, 'index of leaves not filled, trying again');
    };
    this.rounds = new Rounds(() => this.pass(), failed, intervalMs);
  }

  start(): void {
    this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async pass(): Promise<number> {
    const startedMs = performance.now();
    let taken = 0;
    for (const store of await this.stores()) taken = Math.max(taken, await this.follow(store));
    this.failure = undefined;
    return taken < LEAVES_PER_PASS ? this.intervalMs : performance.now() - startedMs;
  }

  private async follow(store: LeafIndexStore): Promise<number> {
    const lag = await store.lag();
    // Nobody has followed this window yet.
    if (lag === undefined) await store.create();
    return lag === 0 ? 0 : store.advance(LEAVES_PER_PASS, leafEntry);
  }
}
