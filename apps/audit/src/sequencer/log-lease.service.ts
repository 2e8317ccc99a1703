import { setTimeout as delay } from 'node:timers/promises';
import { AppError, type Clock } from '#kernel';
import type { Logger } from '#platform';
import type { Sequencer } from './sequencer.service.js';

export interface LogLeaseOptions {
  readonly sequencer: Pick<Sequencer, 'claim' | 'renew' | 'isClaimed'>;
  /** How long an owner may be silent before others claim its log. */
  readonly leaseMs: number;
  /** Whether stamps could reach us: who cannot hear them must neither take the log nor keep it. */
  readonly hears: () => Promise<boolean>;
  /** Another process has taken the log from us. */
  readonly onFenced: (cause: AppError) => void;
  /** Called at each look that finds the log with another process. */
  readonly onOwned: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The owner has four chances to be heard of, and a claim comes at most an eighth of a lease late. */
const RENEWALS = 4;
const LOOKS = 8;

/**
 * Decides who tries to own the log, within seconds of an owner's death (`docs/adr/0013`). It is no safety mechanism: two
 * that both think they own the log are told apart by the epoch, in every append (`audit-log.md` §3.4).
 */
export class LogLease {
  /** The database did not answer last time, which is told once per outage. */
  private isAway = false;

  constructor(private readonly options: LogLeaseOptions) {}

  /** Stands by until the log is ours; false if `signal` ended that first. */
  async claimed(signal: AbortSignal): Promise<boolean> {
    const { sequencer, leaseMs, clock, onOwned } = this.options;
    // What an outage hid of a living owner is no silence of its own. Who has just started knows of no outage.
    let wellSinceMs = -Infinity;
    while (!signal.aborted) {
      const nowMs = clock.now();
      const isClaimed = await this.hearing(() => sequencer.claim(nowMs - wellSinceMs >= leaseMs ? leaseMs : undefined));
      if (isClaimed === true) return true;
      if (isClaimed === false) onOwned();
      if (isClaimed === undefined) wellSinceMs = clock.now();
      await pause(leaseMs / LOOKS, signal);
    }
    return false;
  }

  /** Lets others know that the owner lives; resolves when the log is not ours any more, or at `signal`. */
  async hold(signal: AbortSignal): Promise<void> {
    const { sequencer, leaseMs } = this.options;
    while (!signal.aborted && sequencer.isClaimed) {
      await this.hearing(() => sequencer.renew());
      await pause(leaseMs / RENEWALS, signal);
    }
  }

  /** Undefined if we hear no stamps, or if the database did not answer. */
  private async hearing<Outcome>(work: () => Promise<Outcome>): Promise<Outcome | undefined> {
    const { hears, onFenced, logger } = this.options;
    try {
      const outcome = (await hears()) ? await work() : undefined;
      this.isAway = false;
      return outcome;
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'log-fenced') onFenced(cause);
      else if (!this.isAway) logger.warn({ err: cause }, 'the lease of the log can be neither claimed nor renewed now');
      this.isAway = true;
      return undefined;
    }
  }
}

/** Rejects when it is aborted, which the loops see. */
function pause(ms: number, signal: AbortSignal): Promise<unknown> {
  return delay(ms, undefined, { signal }).catch(() => undefined);
}
