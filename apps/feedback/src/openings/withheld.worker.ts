import type { Bus } from '#bus';
import type { Clock } from '#kernel';
import { Rounds } from '#platform';
import { question } from './unopened.worker.js';
import type { WithheldStatement, WithheldStore } from './withheld.store.js';

export interface WithheldParts {
  readonly bus: Pick<Bus, 'publish'>;
  readonly store: Pick<WithheldStore, 'due' | 'asked' | 'told'>;
  readonly clock: Clock;
  /** Until when all openings that came are in the inbox, or were looked at; -Infinity: nobody knows. */
  readonly takenUntilMs: () => Promise<number>;
  readonly intervalMs: number;
  /** How long the openings of a leaf may take, and those that were asked for. */
  readonly afterMs: number;
  /** By consumer, once for each pass: how many of its statements only the provider has opened. */
  readonly alarm: (consumer: string, statements: number) => void;
  readonly failed: (cause: unknown) => void;
}

/** In memory at once; a backlog takes as many pages as it has. */
const COMMITMENTS_PER_PAGE = 500;

/**
 * A consumer that sends no openings hides nothing, because the provider sends them, too; but it is named. First it is
 * asked: its gateway may have died between statement and opening, and has both in its row. Whose term ended while openings
 * waited here to be read or looked at is neither asked nor named before they were: the delay is ours.
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
    const { store, clock, bus, afterMs, intervalMs, takenUntilMs } = this.parts;
    const atMs = await takenUntilMs();
    if (atMs === -Infinity) return intervalMs;
    await this.name(atMs);
    await this.each(
      () => store.due('unasked', atMs, COMMITMENTS_PER_PAGE),
      async (page) => {
        await bus.publish(page.flatMap((one) => question(one) ?? []));
        await store.asked(page, clock.now() + afterMs);
      },
    );
    return intervalMs;
  }

  /**
   * Each consumer once, for all that it withholds; also where a page of them failed, which may have been noted all the same.
   * A process that ends before has noted some and named nobody; the rows are there.
   */
  private async name(atMs: number): Promise<void> {
    const { store, alarm } = this.parts;
    const named = new Map<string, number>();
    try {
      await this.each(
        () => store.due('asked', atMs, COMMITMENTS_PER_PAGE),
        (page) => {
          for (const { consumer } of page) named.set(consumer, (named.get(consumer) ?? 0) + 1);
          return store.told(page);
        },
      );
    } finally {
      for (const [consumer, statements] of named) alarm(consumer, statements);
    }
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
