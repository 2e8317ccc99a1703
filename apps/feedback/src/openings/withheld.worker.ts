import type { Bus } from '#bus';
import type { Clock } from '#kernel';
import { Rounds } from '#platform';
import { question } from './unopened.worker.js';
import type { WithheldStatement, WithheldStore } from './withheld.store.js';

export interface WithheldParts {
  readonly bus: Pick<Bus, 'publish'>;
  readonly store: Pick<WithheldStore, 'due' | 'asked' | 'told'>;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** How long the openings of a leaf may take, and those that were asked for. */
  readonly afterMs: number;
  /** By consumer: how many of its statements only the provider has opened. */
  readonly alarm: (consumer: string, statements: number) => void;
  readonly failed: (cause: unknown) => void;
}

/** In memory at once; a backlog takes as many pages as it has. */
const COMMITMENTS_PER_PAGE = 500;

/**
 * A consumer that sends no openings hides nothing, because the provider sends them, too; but it is named. First it is
 * asked: its gateway may have died between statement and opening, and has both in its row.
 */
export class WithheldWorker {
  private readonly rounds: Rounds;

  constructor(private readonly parts: WithheldParts) {
    this.rounds = new Rounds(() => this.pass(), parts.failed, parts.intervalMs);
  }

  start(): void {
    this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async pass(): Promise<number> {
    const { store, clock, bus, afterMs, alarm, intervalMs } = this.parts;
    const nowMs = clock.now();
    await this.each(
      () => store.due('asked', nowMs, COMMITMENTS_PER_PAGE),
      async (page) => {
        // Named before it is noted: a crash in between names it twice.
        for (const [consumer, own] of Map.groupBy(page, (one) => one.consumer)) alarm(consumer, own.length);
        await store.told(page);
      },
    );
    await this.each(
      () => store.due('unasked', nowMs, COMMITMENTS_PER_PAGE),
      async (page) => {
        await bus.publish(page.flatMap((one) => question(one) ?? []));
        await store.asked(page, nowMs + afterMs);
      },
    );
    return intervalMs;
  }

  private async each(
    next: () => Promise<WithheldStatement[]>,
    done: (page: WithheldStatement[]) => Promise<void>,
  ): Promise<void> {
    while (!this.rounds.isStopping) {
      const page = await next();
      if (page.length === 0) return;
      await done(page);
    }
  }
}
