import { setTimeout as delay } from 'node:timers/promises';

/**
 * Puts a question to one place at a constant rate, whether the last one was answered or not, and remembers when the last
 * question that was let through was put. Bounded: what is older than the newest answer that counts is not kept.
 */
export class Probes {
  private lastAcceptedMs = -Infinity;
  private lastRefusedMs = -Infinity;
  private accepted = 0;
  private readonly underWay = new Set<Promise<void>>();
  private running = Promise.resolve();
  private isStopped = false;

  constructor(
    readonly place: string,
    private readonly everyMs: number,
    /** Whether it was let through; undefined: nobody knows. */
    private readonly ask: () => Promise<boolean | undefined>,
  ) {}

  start(): this {
    this.running = this.run();
    return this;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
    await Promise.all(this.underWay);
  }

  /** When the last one was put that was let through, since the epoch. */
  get lastMs(): number {
    return this.lastAcceptedMs;
  }

  get count(): number {
    return this.accepted;
  }

  /** Whether it refuses what is put to it now, and nothing put before may still be let through. */
  isClosedSince(ms: number): boolean {
    return this.lastRefusedMs > Math.max(ms, this.lastAcceptedMs);
  }

  private async run(): Promise<void> {
    let nextMs = performance.now();
    while (!this.isStopped) {
      this.put();
      nextMs += this.everyMs;
      await delay(Math.max(0, nextMs - performance.now()));
    }
  }

  private put(): void {
    const atMs = Date.now();
    const asked = this.ask()
      .then((isAccepted) => {
        if (isAccepted === undefined) return;
        if (isAccepted) {
          this.accepted += 1;
          this.lastAcceptedMs = Math.max(this.lastAcceptedMs, atMs);
        } else this.lastRefusedMs = Math.max(this.lastRefusedMs, atMs);
      })
      // A call that broke says nothing of a right.
      .catch(() => undefined)
      .finally(() => this.underWay.delete(asked));
    this.underWay.add(asked);
  }
}
