import type { Clock } from '#kernel';
import { Rounds } from '#platform';
import type { ConcealedAccessStore } from './concealed-access.store.js';

export interface ReleaseParts {
  readonly store: Pick<ConcealedAccessStore, 'release' | 'live'>;
  readonly clock: Clock;
  readonly failed: (cause: unknown) => void;
}

const PER_ROUND = 500;
const IDLE_MS = 10_000;

/** Counts accesses among the others when their time of concealment is over; a crash leaves it to the next round. */
export class ReleaseWorker {
  private readonly rounds: Rounds;
  /** Concealed now, as of the last round. */
  concealed = 0;

  constructor(private readonly parts: ReleaseParts) {
    this.rounds = new Rounds(() => this.round(), parts.failed, IDLE_MS);
  }

  start(): void {
    this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async round(): Promise<number> {
    const { store, clock } = this.parts;
    const released = await store.release(clock.now(), PER_ROUND);
    this.concealed = await store.live(clock.now());
    return released === PER_ROUND ? 0 : IDLE_MS;
  }
}
