import type { Clock } from '#kernel';
import type { ExchangeStore } from './exchange.store.js';

const PROBE_MS = 500;
/** A row takes milliseconds; one that takes this long shows a database that hangs, long before it fails. */
const SLOW_MS = 1_000;

/**
 * Whether rows can be written, as far as this process knows. After a write that failed nothing is accepted until the
 * database has answered a probe, and while one hangs nothing either: without a row no exchange may be sent
 * (`design.md` §7).
 */
export class DatabaseHealth {
  /** Written by `suspect` and by the probe. */
  private isAnswering = true;
  /** New rows under way, oldest first; written by `watched`. As bounded as the store's queues. */
  private readonly unfinished = new Set<{ readonly begunMs: number }>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStopped = false;

  constructor(
    private readonly store: Pick<ExchangeStore, 'ping'>,
    private readonly clock: Clock,
  ) {}

  answers(): boolean {
    const [oldest] = this.unfinished;
    return this.isAnswering && (oldest === undefined || this.clock.now() - oldest.begunMs < SLOW_MS);
  }

  /** The same promise; while the row is on its way it is looked at by `answers`. */
  watched<Outcome>(write: Promise<Outcome>): Promise<Outcome> {
    const entry = { begunMs: this.clock.now() };
    this.unfinished.add(entry);
    const forget = () => this.unfinished.delete(entry);
    write.then(forget, forget);
    return write;
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
