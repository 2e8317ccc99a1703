import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '#kernel';
import type { Logger } from '#platform';

/**
 * Reasons of a process or its host, which another may not have. What is wrong with the log itself (damaged, behind,
 * forked, its topic truncated) is wrong for whoever takes it over: there the lease is kept, and nobody else is tried.
 */
const OF_THIS_HOST: ReadonlySet<string> = new Set([
  ...['witnesses-silent', 'exported-checkpoint', 'checkpoints-unread'],
  // The key of the next window, or our own, is not where it should be.
  ...['log-key-mismatch', 'instance-key-unknown'],
]);

/** Long enough for one that stands by: it looks eight times per lease. */
const ASIDE_LEASES = 3;

/** Why this process does not take over a log that it has claimed. Each cause is logged once, however often it is met. */
export class TakeoverRefusals {
  /** Code of the last refusal; set by `refuse`, taken back by `end`. */
  private code: string | undefined;
  private told: unknown;
  /** Set by `refuse`, taken back by `standAside`. */
  private isAside = false;

  constructor(
    private readonly leaseMs: number,
    private readonly logger: Logger,
  ) {}

  /** Undefined: nothing was refused, or it is over. */
  get standing(): string | undefined {
    return this.code;
  }

  /** True: the log should be given back, because another process may be able to take it over. */
  refuse(cause: unknown): boolean {
    const code = cause instanceof AppError ? cause.code : 'unknown';
    if (code !== this.code) this.logger.error({ err: cause }, 'the log is not taken over; tried again until it can be');
    this.code = code;
    this.told = cause;
    this.isAside = OF_THIS_HOST.has(code);
    return this.isAside;
  }

  /** Whether it was logged here already. */
  isTold(cause: unknown): boolean {
    return cause !== undefined && cause === this.told;
  }

  /** The log was taken over, by us or by another process. */
  end(): void {
    this.code = undefined;
    this.told = undefined;
  }

  /** After a log was given back: others come first. */
  async standAside(signal: AbortSignal): Promise<void> {
    if (!this.isAside) {
      this.end();
      return;
    }
    this.isAside = false;
    // Rejects when it is aborted, which the caller sees.
    await delay(this.leaseMs * ASIDE_LEASES, undefined, { signal }).catch(() => undefined);
  }
}
