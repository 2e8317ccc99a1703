import type { ExchangeStore } from './exchange.store.js';

const PROBE_MS = 500;

/**
 * Whether rows can be written, as far as this process knows. After a write that failed nothing is accepted until the
 * database has answered a probe: without a row no exchange may be sent (`design.md` §7).
 */
export class DatabaseHealth {
  /** Written by `suspect` and by the probe. */
  private isAnswering = true;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStopped = false;

  constructor(private readonly store: Pick<ExchangeStore, 'ping'>) {}

  answers(): boolean {
    return this.isAnswering;
  }

  /** A write failed or took too long. */
  suspect(): void {
    if (!this.isAnswering || this.isStopped) return;
    this.isAnswering = false;
    this.probeLater();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private probeLater(): void {
    this.timer = setTimeout(() => {
      this.store.ping().then(
        () => {
          this.isAnswering = true;
        },
        () => {
          // Still away: that is what the next probe is for.
          if (!this.isStopped) this.probeLater();
        },
      );
    }, PROBE_MS);
  }
}
