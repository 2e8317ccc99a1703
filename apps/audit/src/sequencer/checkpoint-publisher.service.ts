import type { Bus, OutgoingRecord } from '#bus';
import { fixedTopics } from '#contracts';
import type { Clock } from '#kernel';
import type { Logger } from '#platform';

const INTERVAL_MS = 1_000;

/**
 * Publishes checkpoints on `audit.checkpoints`, at most one in a second, the newest always: a second, independent
 * memory of the head, and what witnesses follow. Losing one is harmless, the next says more.
 */
export class CheckpointPublisher {
  /** The newest committed note of each log that is not published yet; set by `offer`. A log's last one is not passed over. */
  private readonly waiting = new Map<string, string>();
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
    this.waiting.set(note.slice(0, note.indexOf('\n')), note);
    if (this.timer !== undefined) return;
    // Never longer, also when the clock was set back.
    const delayMs = Math.min(INTERVAL_MS, Math.max(0, this.publishedAtMs + INTERVAL_MS - this.clock.now()));
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
    const notes = [...this.waiting.values()];
    if (notes.length === 0) return;
    this.waiting.clear();
    this.publishedAtMs = this.clock.now();
    this.sending = this.sending
      .then(() => this.send(notes))
      .catch((cause: unknown) => this.logger.warn({ err: cause }, 'checkpoint not published'));
  }

  private async send(notes: readonly string[]): Promise<void> {
    const records: OutgoingRecord[] = [];
    for (const note of notes)
      if (await this.note(note))
        records.push({ topic: fixedTopics.checkpoints.name, partition: 0, value: Buffer.from(note) });
    if (records.length > 0) await this.bus.publish(records);
  }
}
