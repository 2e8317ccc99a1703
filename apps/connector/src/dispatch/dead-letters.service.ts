import { deadLetterRecord, type Bus, type ReceivedRecord } from '#bus';
import type { Clock, SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';
import type { DeadReason } from './dispatch.errors.js';
import type { DispatchEvents } from './dispatch-events.js';

/** How long a broker that does not take a dead letter is asked again. */
const PATIENCE_MS = 30_000;

/**
 * Brings what could not be decoded or verified to the dead letters of its subsystem (`bus.md` §4.3), as it came. What it
 * cannot bring there is lost when its offset is committed: never without an alarm that names the record.
 */
export class DeadLetters {
  /** Last known topic of each served subsystem: an expired snapshot does not lose a letter. Written by `send`. */
  private readonly topics = new Map<SubsystemId, string>();

  constructor(
    private readonly bus: Pick<Bus, 'publish'>,
    private readonly copy: { readonly current: () => RegistryView | undefined },
    private readonly clock: Clock,
    private readonly events: DispatchEvents,
  ) {}

  /** Resolves when the broker has it, or when it is lost and the alarm given. */
  async send(record: ReceivedRecord, provider: SubsystemId, reason: DeadReason): Promise<void> {
    const where = { reason, partition: record.partition, offset: String(record.offset) };
    this.events.deadLettered(reason);
    this.events.alarm('dead-letter', where);
    const topic = this.topicOf(provider);
    if (topic === undefined || !(await this.publish(topic, record, reason)))
      this.events.alarm('dead-letter-lost', { ...where, topic });
  }

  /** Called with each view, so that the topic is known before the first letter. */
  remember(view: RegistryView, provider: SubsystemId): void {
    const topic = view.topicsOf(provider)?.dead;
    if (topic !== undefined) this.topics.set(provider, topic);
  }

  private topicOf(provider: SubsystemId): string | undefined {
    const view = this.copy.current();
    if (view !== undefined) this.remember(view, provider);
    return this.topics.get(provider);
  }

  private async publish(topic: string, record: ReceivedRecord, reason: DeadReason): Promise<boolean> {
    const letter = deadLetterRecord(topic, record, reason);
    const untilMs = this.clock.now() + PATIENCE_MS;
    for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 5_000)) {
      try {
        await this.bus.publish([letter]);
        return true;
      } catch (cause) {
        this.events.failed('dead-letter-not-sent', cause);
        if (this.clock.now() + waitMs >= untilMs) return false;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
