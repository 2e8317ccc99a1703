import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import type { Clock } from '#kernel';
import type { Logger } from '#platform';
import { openNote, type NoteKey } from '#tlog';

const INTERVAL_MS = 1_000;
const READ_TIMEOUT_MS = 10_000;

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
      .then(() => this.bus.publish([record]))
      .catch((cause: unknown) => this.logger.warn({ err: cause }, 'checkpoint not published'));
  }
}

/**
 * Size of the newest checkpoint of this log on the topic, 0 if there is none. A database that is behind it has lost
 * stamps that somebody holds receipts for (`audit-log.md` §3.4).
 */
export async function publishedSize(bus: Bus, key: NoteKey, group: string, logger: Logger): Promise<number> {
  const topic = fixedTopics.checkpoints.name;
  const end = await bus.endOffset(topic, 0);
  if (end === 0n) return 0;
  let size = 0;
  const { promise: read, resolve, reject } = Promise.withResolvers<undefined>();
  const subscription = await bus.subscribe({
    topics: [topic],
    group,
    startAt: { kind: 'stored', nextOffset: () => Promise.resolve(end - 1n) },
    maxInFlight: 16,
    onError: reject,
    each: (record) => {
      const note = openNote(record.value, [key]);
      if (note.ok && note.value.origin === key.name) size = Math.max(size, note.value.size);
      if (record.offset >= end - 1n) resolve(undefined);
    },
  });
  const timer = setTimeout(() => {
    // All of them may have aged out of the topic, which must not stop the log for ever.
    logger.error('no checkpoint could be read back: the log is not compared with what was published');
    resolve(undefined);
  }, READ_TIMEOUT_MS);
  try {
    await read;
  } finally {
    clearTimeout(timer);
    await subscription.stop();
  }
  return size;
}
