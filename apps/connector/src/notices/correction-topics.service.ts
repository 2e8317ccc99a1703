import type { Subscription } from '#bus';
import type { Clock, SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';

export interface CorrectionTopicsParts {
  readonly subsystems: readonly SubsystemId[];
  readonly clock: Clock;
  readonly listen: (subsystem: SubsystemId, topic: string, dead: string) => Promise<Subscription>;
  readonly unheard: (cause: unknown) => void;
}

const RETRY_MS = 1_000;
/** A member of a group says that it lives every few seconds, also where it has no partition. */
const SILENT_MS = 15_000;

/** Listens to the topics on which feedback delivers, as the registry names them; each until `stop`. */
export class CorrectionTopics {
  /** By subsystem; set when subscribing begins, taken back when it fails. */
  private readonly listening = new Map<SubsystemId, Promise<Subscription>>();
  /** Those of `listening` that have begun. */
  private readonly heard = new Map<SubsystemId, Subscription>();
  /** Since when there has been something to listen to. */
  private readonly followedMs = new Map<SubsystemId, number>();
  /** Subsystems that a snapshot gave no topic. */
  private readonly without = new Set<SubsystemId>();
  private retry: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(private readonly parts: CorrectionTopicsParts) {}

  /** Subscribes to what the snapshot names and is not listened to yet. */
  follow(view: RegistryView): void {
    for (const subsystem of this.parts.subsystems) {
      const topics = view.correctionsOf(subsystem);
      if (topics === undefined) this.without.add(subsystem);
      if (this.isStopped || topics === undefined || this.listening.has(subsystem)) continue;
      this.without.delete(subsystem);
      if (!this.followedMs.has(subsystem)) this.followedMs.set(subsystem, this.parts.clock.now());
      const listening = this.parts.listen(subsystem, topics.topic, topics.dead);
      this.listening.set(subsystem, listening);
      const begun = listening.then((subscription) => this.heard.set(subsystem, subscription));
      begun.catch((cause: unknown) => {
        this.parts.unheard(cause);
        this.listening.delete(subsystem);
        if (!this.isStopped) this.retry = setTimeout(() => this.follow(view), RETRY_MS);
      });
    }
  }

  /** There is nothing to listen to, or it is listened to from its place on. */
  isFollowed(subsystem: SubsystemId): boolean {
    return this.without.has(subsystem) || this.heard.has(subsystem);
  }

  /** Since when the broker has said nothing to one of the subscriptions; undefined if all hear it. */
  silentSince(): number | undefined {
    const nowMs = this.parts.clock.now();
    const silent = [...this.followedMs]
      .map(([subsystem, followedMs]) => Math.max(followedMs, lastHeardMs(this.heard.get(subsystem))))
      .filter((atMs) => nowMs - atMs > SILENT_MS);
    return silent.length === 0 ? undefined : Math.min(...silent);
  }

  /** Takes nothing new; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.retry);
    const all = await Promise.allSettled(this.listening.values());
    const heard = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    await Promise.all(heard.map((subscription) => subscription.stop()));
  }
}

function lastHeardMs(subscription: Subscription | undefined): number {
  return subscription === undefined ? 0 : Math.max(subscription.lastAnswerAtMs(), subscription.lastFetchAtMs());
}
