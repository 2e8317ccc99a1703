import { setTimeout as rest } from 'node:timers/promises';
import type { Clock } from '#kernel';
import type { Logger, Reading, StatusPart } from '#platform';
import { SnapshotThread } from '../snapshots/snapshot-thread.service.js';
import type { ScrubMetrics } from './scrub-metrics.service.js';
import { isDamage, type Finding } from './finding.js';
import { Scrub, type ScrubOptions } from './scrub.service.js';

export interface ScrubWorkerOptions extends Omit<ScrubOptions, 'found' | 'looked' | 'snapshots'> {
  /** Between the end of a pass and the beginning of the next. */
  readonly intervalMs: number;
  /** One process of a shard scrubs: the one that writes. */
  readonly isOwner: () => boolean;
  /** Ends the stamping, at once. */
  readonly condemn: (finding: Finding) => void;
  readonly metrics: ScrubMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

const POLL_MS = 1_000;
/** Told one by one; beyond that the metric counts. */
const TOLD = 20;

/** Scrubs for as long as the process lives, and says what was found. With a share of 0 it only says that. */
export class ScrubWorker {
  private readonly stopping = new AbortController();
  private readonly snapshots = new SnapshotThread();
  private running: Promise<void> = Promise.resolve();
  /** Damage that is known, of earlier passes and processes as well; only a human takes it away, and then restarts. */
  private damage: Finding[] = [];
  private told = 0;
  private last: { readonly atMs: number; readonly leaves: number } | undefined;
  private failure: string | undefined;

  constructor(private readonly options: ScrubWorkerOptions) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.snapshots.close();
  }

  readonly part: StatusPart = { name: 'scrub', read: () => this.reading() };

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let waitMs = POLL_MS;
    while (!signal.aborted) {
      // Rejects when we are to stop, which the loop sees.
      await rest(waitMs, undefined, { signal }).catch(() => undefined);
      waitMs = (await this.turn(signal)) ? this.options.intervalMs : POLL_MS;
    }
  }

  /** False if it is to be tried again soon. */
  private turn(signal: AbortSignal): Promise<boolean> {
    const { isOwner, percent } = this.options;
    return percent > 0 && isOwner() ? this.pass(signal) : this.recall();
  }

  /** Nobody owns a log that is known to be damaged, and whoever looks at the status wants to know why. */
  private async recall(): Promise<boolean> {
    try {
      this.damage = await this.options.store.kept();
      return true;
    } catch (cause) {
      this.options.logger.warn({ err: cause }, 'findings of earlier passes not read, trying again');
      return false;
    }
  }

  /** True if the whole log was looked at. */
  private async pass(signal: AbortSignal): Promise<boolean> {
    const { metrics, clock, logger } = this.options;
    const scrub = new Scrub({
      ...this.options,
      snapshots: this.snapshots,
      found: (finding) => this.found(finding),
      looked: (leaves) => metrics.leaves.add({}, leaves),
    });
    try {
      this.damage = await this.options.store.kept();
      const { leaves, findings, isComplete } = await scrub.pass(signal);
      this.failure = undefined;
      if (!isComplete) return false;
      this.last = { atMs: clock.now(), leaves };
      metrics.passed.set({}, Math.floor(clock.now() / 1_000));
      logger.info({ leaves, findings }, 'whole log scrubbed');
      return true;
    } catch (cause) {
      this.failure = 'the last pass could not be ended';
      if (!signal.aborted) logger.warn({ err: cause }, 'scrub interrupted, going on later');
      return false;
    }
  }

  private async found(finding: Finding): Promise<void> {
    const { metrics, logger, condemn, store } = this.options;
    metrics.findings.add({ problem: finding.problem });
    if ((this.told += 1) <= TOLD) logger.error({ ...finding }, 'ALARM: the stored log is not as it was written');
    if (!isDamage(finding)) return;
    this.damage.push(finding);
    condemn(finding);
    // After the stop, which needs no database.
    await store.keep(finding);
  }

  private reading(): Reading {
    const details = {
      ...(this.last === undefined
        ? {}
        : { lastPass: new Date(this.last.atMs).toISOString(), leaves: this.last.leaves }),
      findings: this.damage.length,
    };
    const [first] = this.damage;
    if (first !== undefined)
      return { state: 'degraded', reason: `the stored log is damaged: ${first.problem} ${first.place}`, details };
    if (this.failure !== undefined) return { state: 'degraded', reason: this.failure, details };
    return { state: 'ok', details };
  }
}
