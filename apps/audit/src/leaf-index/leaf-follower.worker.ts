import type { Logger } from '#platform';
import { leafEntry } from './leaf-entry.js';
import type { LeafIndexStore } from './leaf-index.store.js';

const LEAVES_PER_PASS = 1_000;

/**
 * Follows the log and fills the index that searches use. It stands beside the sequencer, never in its transaction: a
 * slow or broken index delays searches, which say how far it stands, and no stamp. After a full pass it rests for as
 * long as the pass took, so that catching up takes half a core at most. Any number of processes may run one.
 */
export class LeafFollower {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;
  /** Why the last pass did not end; written by every pass. */
  failure: string | undefined;

  constructor(
    /** One for each window. */
    private readonly stores: () => Promise<readonly LeafIndexStore[]>,
    private readonly intervalMs: number,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.schedule(0);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private schedule(inMs: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.running = this.pass();
    }, inMs);
  }

  private async pass(): Promise<void> {
    const startedMs = performance.now();
    let taken = 0;
    try {
      for (const store of await this.stores()) taken = Math.max(taken, await this.follow(store));
      this.failure = undefined;
    } catch (cause) {
      this.failure = 'the last pass failed; searches may not find the newest leaves';
      this.logger.warn({ err: cause }, 'index of leaves not filled, trying again');
    }
    this.schedule(taken < LEAVES_PER_PASS ? this.intervalMs : performance.now() - startedMs);
  }

  private async follow(store: LeafIndexStore): Promise<number> {
    const lag = await store.lag();
    // Nobody has followed this window yet.
    if (lag === undefined) await store.create();
    return lag === 0 ? 0 : store.advance(LEAVES_PER_PASS, leafEntry);
  }
}
