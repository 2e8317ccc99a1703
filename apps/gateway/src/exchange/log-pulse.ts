import type { Clock } from '#kernel';

/** The last time that a statement went out, as its sender knows it and writes it. */
export interface Sending {
  readonly sentAtMs: number;
  /** Whether the broker holds it: then another copy brings it no nearer to the log. */
  isAcknowledged: boolean;
}

/** Between two copies of an acknowledged stamp while no receipt comes at all. */
const SILENT_REPEAT_MS = 5_000;

/**
 * Tells a log that is silent from one that has passed a stamp over. The stamp topic has one partition, and a log that
 * comes back reads all of it: what is stamped again meanwhile only makes it later (`docs/adr/0012`). Holds for this
 * process; a checked receipt of any of its statements counts.
 */
export class LogPulse {
  /** Written by `heard`. */
  private heardAtMs = -Infinity;
  /** When the first statement after the last receipt went out; written by `sent`, forgotten by `heard`. */
  private askedAtMs: number | undefined;
  /** Those who wait for the next receipt; set by `next`, resolved and forgotten by `heard`. */
  private waiting: PromiseWithResolvers<undefined> | undefined;

  constructor(private readonly clock: Clock) {}

  /** A statement goes out now. */
  sent(): Sending {
    const sentAtMs = this.clock.now();
    this.askedAtMs ??= sentAtMs;
    return { sentAtMs, isAcknowledged: false };
  }

  /** A checked receipt came. A refusal is no receipt: nothing signs it, and a log that only refuses is of no use. */
  heard(): void {
    this.heardAtMs = this.clock.now();
    this.askedAtMs = undefined;
    this.waiting?.resolve(undefined);
    this.waiting = undefined;
  }

  heardSince(sinceMs: number): boolean {
    return this.heardAtMs > sinceMs;
  }

  /** Resolves at the next receipt. */
  next(): Promise<undefined> {
    this.waiting ??= Promise.withResolvers<undefined>();
    return this.waiting.promise;
  }

  /** For how long statements have gone out without any receipt; 0 if none waits for one. */
  silentMs(): number {
    return this.askedAtMs === undefined ? 0 : this.clock.now() - this.askedAtMs;
  }

  /** Whether the log has passed it over, as far as can be told: others have receipts since, or the broker may not hold it. */
  isPassedOver({ sentAtMs, isAcknowledged }: Sending): boolean {
    return !isAcknowledged || this.heardSince(sentAtMs);
  }

  /** Whether a copy may go out now: it was passed over, or the last one is long ago. */
  isWorthRepeating(sending: Sending): boolean {
    return this.isPassedOver(sending) || this.isStale(sending.sentAtMs);
  }

  /** Whether what was done at that time may be done again although the log is silent. */
  isStale(atMs: number): boolean {
    return this.clock.now() - atMs >= SILENT_REPEAT_MS;
  }
}
