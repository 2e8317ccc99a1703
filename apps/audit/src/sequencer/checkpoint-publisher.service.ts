import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import type { Clock } from '#kernel';
import type { Logger } from '#platform';

const INTERVAL_MS = 1_000;

/**
 * Publishes checkpoints on `audit.checkpoints`, at most one in a second, the newest always: a second, independent
 * memory of the head, and what witnesses follow. Losing one is harmless, the next says more.
 */
export class CheckpointPublisher {
  /** The newest committed note that is not published yet; set by `offer`. */
  private waiting: string | undefined;
  private publishedAtMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> = Promise.resolve();

  constructor(
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly logger: Logger,
    /** Notes it for readers and hands it to witnesses; false: nothing may be published any more. */
    private readonly note: (note: string) => Promise<boolean>,
  ) {}

  offer(note: string): void {
    this.waiting = note;
    if (this.timer !== undefined) return;
    const delayMs = Math.max(0, this.publishedAtMs + INTERVAL_MS - this.clock.now());
    this.timer = setTimeout(() => this.publish(), delayMs);
  }

  /** Publishes what waits. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.publish();
    await this.sending;
  }

  private publish(): void {
    this.timer = undefined;
    const note = this.waiting;
    if (note === undefined) return;
    this.waiting = undefined;
    this.publishedAtMs = this.clock.now();
    const record = { topic: fixedTopics.checkpoints.name, partition: 0, value: Buffer.from(note) };
    this.sending = this.sending
      .then(async () => {
        if (await this.note(note)) await this.bus.publish([record]);
      })
      .catch((cause: unknown) => this.logger.warn({ err: cause }, 'checkpoint not published'));
  }
}
