/**
 * Work that goes on in the background, round after round: the next begins when the one before has ended, after the pause
 * that it asked for. A round that rejects is told, and tried again after `afterFailureMs`.
 */
export class Rounds {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    /** One round; resolves with the milliseconds until the next. */
    private readonly round: () => Promise<number>,
    private readonly failed: (cause: unknown) => void,
    private readonly afterFailureMs: number,
  ) {}

  start(inMs = 0): void {
    this.schedule(inMs);
  }

  /** The next round begins now, or as soon as the one under way has ended. */
  soon(): void {
    clearTimeout(this.timer);
    void this.running.then(() => this.schedule(0));
  }

  /** Resolves when the round under way has ended; none begins any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** For a round that is long: whether it should end early. */
  get isStopping(): boolean {
    return this.isStopped;
  }

  private schedule(inMs: number): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.running = this.round()
        .catch((cause: unknown) => {
          this.failed(cause);
          return this.afterFailureMs;
        })
        .then((pauseMs) => this.schedule(pauseMs));
    }, inMs);
  }
}
