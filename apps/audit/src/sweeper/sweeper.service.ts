import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import type { Clock } from '#kernel';
import type { Logger } from '#platform';
import { signStatement, type RequestedPayload, type Signer, type Statement } from '#signing';
import type { AuditMetrics } from '../ops/audit-metrics.service.js';
import type { SweeperStore } from './sweeper.store.js';
import { findUnfinished, noOutcome } from './unfinished.js';

export interface SweeperOptions {
  readonly bus: Bus;
  /** One for each window in which a request may wait, oldest first. */
  readonly stores: () => Promise<readonly SweeperStore[]>;
  /** Audit's instance key. */
  readonly signer: Signer;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Longest deadline and grace together. */
  readonly waitMs: number;
  readonly isOwner: () => boolean;
  readonly metrics: AuditMetrics;
  readonly logger: Logger;
}

const PAGE = 1_000;

/**
 * Ends what nobody ended: every request gets an outcome in the log (`bus.md` §4.10). It writes no leaf itself; what it
 * states goes through `audit.stamp` like everyone's. Stating twice is harmless: slot `b1` is taken once.
 */
export class Sweeper {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  /** Why the last pass did not end; written by every pass. */
  failure: string | undefined;

  constructor(private readonly options: SweeperOptions) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.running = this.sweepSafely().then(() => {
        if (!this.stopped) this.start();
      });
    }, this.options.intervalMs);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** One pass over each window. Resolves with the number that it stated. */
  async sweep(): Promise<number> {
    let stated = 0;
    for (const store of await this.options.stores()) stated += await this.sweepWindow(store);
    return stated;
  }

  /** From the cursor to the first request that is too young. */
  private async sweepWindow(store: SweeperStore): Promise<number> {
    const { clock, waitMs } = this.options;
    let from = await store.cursor();
    let cursor: number | undefined;
    let stated = 0;
    for (;;) {
      const { requests, end } = await store.requests(from, PAGE);
      if (end === from || this.stopped) break;
      const others = requests.length === 0 ? [] : await store.others(requests.map((leaf) => leaf.xid));
      const found = findUnfinished(requests, others, clock.now() - waitMs);
      cursor ??= found.again;
      this.passOver(found.endless);
      await this.state(found.unfinished);
      stated += found.unfinished.length;
      if (found.reachedYoung) break;
      from = end;
    }
    // Those stated now are looked at again, until their leaf stands.
    await store.moveCursor(cursor ?? from);
    return stated;
  }

  private passOver(endless: readonly Statement<RequestedPayload>[]): void {
    for (const { payload } of endless) {
      this.options.metrics.endless.add({});
      const details = { exchangeId: payload.id, consumer: payload.from };
      this.options.logger.error(details, 'a request without an outcome: another consumer has asked under its id');
    }
  }

  private async sweepSafely(): Promise<void> {
    if (!this.options.isOwner()) return;
    try {
      await this.sweep();
      this.failure = undefined;
    } catch (cause) {
      this.failure = 'the last pass failed; requests may stay without an outcome';
      this.options.logger.warn({ err: cause }, 'sweep failed, trying again at the next interval');
    }
  }

  private async state(unfinished: readonly Statement<RequestedPayload>[]): Promise<void> {
    if (unfinished.length === 0) return;
    const nowMs = this.options.clock.now();
    const statements = await Promise.all(
      unfinished.map((requested) => signStatement(noOutcome(requested, nowMs), this.options.signer)),
    );
    // One call each: the bus packs them by size, but never cuts a call.
    await Promise.all(
      statements.map(({ jws }) =>
        this.options.bus.publish([{ topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(jws) }]),
      ),
    );
    this.options.metrics.unfinished.add({}, statements.length);
    this.options.logger.warn({ count: statements.length }, 'exchanges without an outcome stated');
  }
}
