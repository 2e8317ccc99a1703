import type { Bus, ReceivedRecord, Subscription } from '#bus';
import { CASE_KINDS, openDelivery, readDelivery, readDispute } from '#deliveries';
import type { Clock, SubsystemId } from '#kernel';
import { Rounds } from '#platform';
import type { Queries } from '#postgres';
import type { KeyRing } from '#signing';
import type { RegistryView } from '#snapshot';
import { CorrectionTopics } from '../notices/correction-topics.service.js';
import { flagOf } from './dispute-flag.js';
import type { DeliveredFlag, DisputeStore } from './dispute.store.js';
import { FlagIntake } from './flag-intake.service.js';
import { TopicProgress } from './topic-progress.js';

export interface FlagConsumerParts {
  readonly bus: Pick<Bus, 'subscribe' | 'endOffset' | 'earliestOffset'>;
  readonly database: Pick<Queries, 'query'> & {
    transaction<Done>(work: (queries: Queries) => Promise<Done>): Promise<Done>;
  };
  readonly store: Pick<DisputeStore, 'take' | 'cursor' | 'moveCursor'>;
  readonly subsystems: readonly SubsystemId[];
  readonly keys: Pick<KeyRing, 'unsealKey'>;
  readonly clock: Clock;
  /** Unique per process: each reads for itself, so that none hangs on how another one is. */
  readonly processId: string;
  readonly hasRoom: () => boolean;
  readonly taken: () => void;
  readonly failed: (what: string, cause: unknown) => void;
}

/** Flags that may wait for the table; what comes behind so many stays on the topic. */
const MAX_IN_FLIGHT = 1_000;
const CURSOR_MS = 1_000;

/**
 * Takes the flags from among what feedback delivers, and nothing else: what is wrong with other records is for whoever
 * takes notices, and delays no flag. A record that brings none is passed; a malformed flag is put away there, too.
 *
 * How far the table has come is written down a moment later. After a crash in between some flags come again, which
 * changes nothing: the newest word on each stays.
 */
export class FlagConsumer {
  private readonly topics: CorrectionTopics;
  private readonly intake: FlagIntake;
  private readonly cursors: Rounds;
  /** By topic; made when it is first listened to. */
  private readonly progress = new Map<string, TopicProgress>();
  private readonly topicOf = new Map<SubsystemId, string>();
  /** What `dispute_cursor` holds by us. */
  private readonly written = new Map<string, bigint>();

  constructor(private readonly parts: FlagConsumerParts) {
    const { database, store, clock, hasRoom, taken, failed } = parts;
    this.topics = new CorrectionTopics({
      ...parts,
      listen: (subsystem, topic) => this.listen(subsystem, topic),
      unheard: (cause) => failed('dispute-flags-unheard', cause),
    });
    this.intake = new FlagIntake({
      ...{ database, store, clock, hasRoom, taken },
      failed: (cause) => failed('dispute-flag-waits', cause),
    });
    this.cursors = new Rounds(
      () => this.writeCursors(),
      (cause) => failed('dispute-cursor', cause),
      CURSOR_MS,
    );
  }

  start(): void {
    this.intake.start();
    this.cursors.start(CURSOR_MS);
  }

  /** Called with each view: topics of subsystems that have come. */
  follow(view: RegistryView): void {
    this.topics.follow(view);
  }

  async stop(): Promise<void> {
    await Promise.all([this.intake.stop(), this.topics.stop()]);
    await this.cursors.stop();
    // Without it the next start reads a little more.
    await this.writeCursors().catch((cause: unknown) => this.parts.failed('dispute-cursor', cause));
  }

  /** Every flag that lay on the topic when reading began stands in the table. */
  isCaughtUp(subsystem: SubsystemId): boolean {
    return this.topics.isFollowed(subsystem) && this.backlog(subsystem) === 0;
  }

  /** Records of that time that are not gone through. */
  backlog(subsystem: SubsystemId): number {
    return this.progress.get(this.topicOf.get(subsystem) ?? '')?.backlog ?? 0;
  }

  silentSince(): number | undefined {
    return this.topics.silentSince();
  }

  get sizes() {
    return this.intake.sizes;
  }

  private listen(subsystem: SubsystemId, topic: string): Promise<Subscription> {
    const progress = this.progress.get(topic) ?? new TopicProgress();
    this.progress.set(topic, progress);
    this.topicOf.set(subsystem, topic);
    return this.parts.bus.subscribe({
      topics: [topic],
      group: `connector.${topic}.flags.${this.parts.processId}`,
      startAt: { kind: 'stored', nextOffset: (_topic, partition) => this.begin(topic, partition, progress) },
      maxInFlight: MAX_IN_FLIGHT,
      onError: (cause) => this.parts.failed('dispute-flags-unheard', cause),
      each: (record) => this.take(subsystem, record, progress),
    });
  }

  /** Where reading begins; asked again after each break. A topic that ends before that is another one: from its start. */
  private async begin(topic: string, partition: number, progress: TopicProgress): Promise<bigint> {
    const { bus, database, store } = this.parts;
    const known = progress.lowWater(partition) ?? (await store.cursor(database, topic, partition)) ?? 0n;
    const earliest = await bus.earliestOffset(topic, partition);
    const end = await bus.endOffset(topic, partition);
    const from = known > end || known < earliest ? earliest : known;
    progress.begin(partition, from, end);
    return from;
  }

  private take(subsystem: SubsystemId, record: ReceivedRecord, progress: TopicProgress): void | Promise<void> {
    const { partition, offset, value } = record;
    const read = readDelivery(value);
    const bringsFlag = read.ok && read.value.head.kind === CASE_KINDS.dispute && read.value.head.to === subsystem;
    progress.saw(partition, offset, bringsFlag);
    return bringsFlag ? this.bring(subsystem, record, progress) : undefined;
  }

  private async bring(subsystem: SubsystemId, record: ReceivedRecord, progress: TopicProgress): Promise<void> {
    const { partition, offset, value } = record;
    const flag = await this.opened(subsystem, value);
    if (flag === undefined || (await this.intake.take(flag))) progress.done(partition, offset);
  }

  private async opened(subsystem: SubsystemId, value: Buffer): Promise<DeliveredFlag | undefined> {
    const read = readDelivery(value);
    if (!read.ok) return undefined;
    const { head, sealed } = read.value;
    const opened = await openDelivery(head, sealed, (to, kid) => this.parts.keys.unsealKey(to, kid));
    const dispute = opened.ok ? readDispute(opened.value) : undefined;
    if (dispute === undefined || flagOf(subsystem, dispute) === undefined) return undefined;
    const { flag, isOn, at } = dispute;
    return { subsystem, flag, isOn, atMs: Date.parse(at), value };
  }

  private async writeCursors(): Promise<number> {
    const { database, store } = this.parts;
    for (const [topic, progress] of this.progress)
      for (const [partition, next] of progress.lowWaters()) {
        const name = `${topic}/${partition}`;
        if (this.written.get(name) === next) continue;
        await store.moveCursor(database, topic, partition, next);
        this.written.set(name, next);
      }
    return CURSOR_MS;
  }
}
