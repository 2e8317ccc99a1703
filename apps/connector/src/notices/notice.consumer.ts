import { deadLetterRecord, type Bus, type ReceivedRecord, type Subscription } from '#bus';
import {
  CASE_KINDS,
  Inbox,
  openDelivery,
  Outbox,
  QUESTION_KIND,
  readDelivery,
  readDispute,
  type Delivery,
  type DeliveryHead,
} from '#deliveries';
import { ok, refuse, type Clock, type Result, type SubsystemId } from '#kernel';
import type { Queries } from '#postgres';
import type { KeyRing, Statement } from '#signing';
import type { RegistryView } from '#snapshot';
import { flagOf } from '../disputes/dispute-flag.js';
import type { DeliveredFlag } from '../disputes/dispute.store.js';
import { noticeErrors, type NoticeFlaw } from './notices.errors.js';
import { checkQuestion, mayBeOutdated, type QuestionFlaw } from './stated-question.service.js';

export interface NoticeConsumerParts {
  readonly bus: Pick<Bus, 'subscribe' | 'publish'>;
  readonly database: { transaction<Done>(work: (queries: Queries) => Promise<Done>): Promise<Done> };
  readonly subsystems: readonly SubsystemId[];
  readonly keys: KeyRing;
  readonly registry: {
    current(): RegistryView | undefined;
    readonly manifestStatement: Pick<Statement, 'payload'> | undefined;
  };
  readonly clock: Clock;
  /** How many wait or are parked now, and how many may. */
  readonly held: () => number;
  readonly maxHeld: number;
  readonly taken: (notices: number) => void;
  /** Whoever marks answers by the flags that come here. */
  readonly disputes: {
    take(queries: Queries, flags: readonly DeliveredFlag[]): Promise<void>;
    wake(): void;
  };
  readonly flawed: (flaw: NoticeFlaw, subsystem: SubsystemId, record: ReceivedRecord) => void;
  readonly failed: (what: string, cause: unknown) => void;
}

/** What a record brings: for the agency's systems, or for the connector alone. */
interface Taken {
  readonly notice: Delivery;
  readonly flag?: DeliveredFlag;
}

const MAX_BATCH = 100;
const RETRY_MS = 1_000;
/** A member of a group says that it lives every few seconds, also where it has no partition. */
const SILENT_MS = 15_000;

/**
 * Takes what feedback delivers into the connector's own database, still sealed; a batch is settled, and its offset
 * committed, when its transaction is. After a crash in between it comes again, and the inbox knows it. All connectors of a
 * subsystem share one group and one database.
 */
export class NoticeConsumer {
  /** By subsystem; set when subscribing begins, taken back when it fails. */
  private readonly listening = new Map<SubsystemId, Promise<Subscription>>();
  /** Those of `listening` that have begun. */
  private readonly heard = new Map<SubsystemId, Subscription>();
  /** Since when there has been something to listen to. */
  private readonly followedMs = new Map<SubsystemId, number>();
  private readonly inbox = new Inbox();
  private readonly outbox = new Outbox();
  private retry: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(private readonly parts: NoticeConsumerParts) {}

  /** Subscribes to what the snapshot names and is not listened to yet. */
  follow(view: RegistryView): void {
    for (const subsystem of this.parts.subsystems) {
      const topics = view.correctionsOf(subsystem);
      if (this.isStopped || topics === undefined || this.listening.has(subsystem)) continue;
      if (!this.followedMs.has(subsystem)) this.followedMs.set(subsystem, this.parts.clock.now());
      const listening = this.listen(subsystem, topics.topic, topics.dead);
      this.listening.set(subsystem, listening);
      const begun = listening.then((subscription) => this.heard.set(subsystem, subscription));
      begun.catch((cause: unknown) => {
        this.parts.failed('notices-unheard', cause);
        this.listening.delete(subsystem);
        if (!this.isStopped) this.retry = setTimeout(() => this.follow(view), RETRY_MS);
      });
    }
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

  private listen(subsystem: SubsystemId, topic: string, dead: string): Promise<Subscription> {
    return this.parts.bus.subscribe({
      topics: [topic],
      group: `connector.${topic}`,
      startAt: { kind: 'committed' },
      maxInFlight: MAX_BATCH * 2,
      maxBatch: MAX_BATCH,
      onError: (cause) => this.parts.failed('notice-failed', cause),
      batch: (records) => this.take(subsystem, dead, records),
    });
  }

  /** Flags first: they have to hold within a second, whatever a notice of the same batch waits for. */
  private async take(subsystem: SubsystemId, dead: string, records: readonly ReceivedRecord[]): Promise<void> {
    const { held, maxHeld } = this.parts;
    const flags = records.filter(bringsFlag);
    if (flags.length > 0) await this.takeAll(subsystem, dead, flags);
    if (flags.length === records.length) return;
    // What is there was counted seconds ago: the bound may be passed by what has come since.
    if (held() + records.length > maxHeld) throw noticeErrors.error('notices-full', { details: { held: held() } });
    const others = records.filter((record) => !flags.includes(record));
    await this.takeAll(subsystem, dead, others);
  }

  private async takeAll(subsystem: SubsystemId, dead: string, records: readonly ReceivedRecord[]): Promise<void> {
    const { database, taken } = this.parts;
    const notices: Taken[] = [];
    const flawed: { readonly flaw: NoticeFlaw; readonly record: ReceivedRecord }[] = [];
    for (const record of records) {
      const read = await this.read(subsystem, record);
      if (read.ok) notices.push(read.value);
      else flawed.push({ flaw: read.reason, record });
    }
    // Only now: a batch that has to come again, because one of it cannot be judged yet, has put nothing away.
    for (const { flaw, record } of flawed) await this.putAway(flaw, subsystem, dead, record);
    const fresh = await database.transaction((queries) => this.keep(queries, subsystem, notices));
    if (fresh.some(({ flag }) => flag === undefined)) taken(fresh.length);
    if (fresh.some(({ flag }) => flag !== undefined)) this.parts.disputes.wake();
  }

  /** Those that were not taken before. */
  private async keep(queries: Queries, subsystem: SubsystemId, all: readonly Taken[]): Promise<Taken[]> {
    const added: Taken[] = [];
    for (const one of all) if (await this.inbox.take(queries, subsystem, one.notice.id)) added.push(one);
    await this.outbox.add(
      queries,
      added.filter(({ flag }) => flag === undefined).map(({ notice }) => notice),
    );
    await this.parts.disputes.take(
      queries,
      added.flatMap(({ flag }) => flag ?? []),
    );
    return added;
  }

  /**
   * Opened only to see that it opens and, if it is a question, that feedback has stated it: nothing that waits here can be
   * read without the subsystem's key.
   */
  private async read(
    subsystem: SubsystemId,
    { value, timestampMs }: ReceivedRecord,
  ): Promise<Result<Taken, NoticeFlaw>> {
    const read = readDelivery(value);
    if (!read.ok) return read;
    const { head, sealed } = read.value;
    if (head.to !== subsystem) return refuse('delivery-foreign');
    const opened = await openDelivery(head, sealed, (to, kid) => this.parts.keys.unsealKey(to, kid));
    if (!opened.ok) return opened;
    if (head.kind === QUESTION_KIND) {
      const stated = this.judge(head, opened.value, timestampMs);
      if (!stated.ok) return stated;
    }
    const notice = { id: head.id, recipient: subsystem, kind: head.kind, value, dueMs: head.dueMs };
    if (head.kind !== CASE_KINDS.dispute) return ok({ notice });
    const dispute = readDispute(opened.value);
    if (dispute === undefined || flagOf(subsystem, dispute) === undefined) return refuse('dispute-malformed');
    const { flag, isOn, at } = dispute;
    return ok({ notice, flag: { subsystem, flag, isOn, atMs: Date.parse(at), value } });
  }

  /** By a snapshot that was in force after the question was written: before there is one, the batch comes again. */
  private judge(head: DeliveryHead, content: unknown, writtenMs: number): Result<true, QuestionFlaw> {
    const { registry, clock } = this.parts;
    const view = this.view();
    const stated = checkQuestion(head, content, view);
    const isUnknown = !stated.ok && stated.reason === 'question-key-unknown';
    if (isUnknown && mayBeOutdated(view, registry.manifestStatement, writtenMs, clock.now()))
      throw noticeErrors.error('question-key-awaited');
    return stated;
  }

  /** Without one nobody's key is known: the batch comes again. */
  private view(): RegistryView {
    const view = this.parts.registry.current();
    if (view === undefined) throw noticeErrors.error('notice-keys-unknown');
    return view;
  }

  /** Before its offset is committed: a crash in between puts it away twice. A broker that is away holds up the batch. */
  private async putAway(flaw: NoticeFlaw, subsystem: SubsystemId, dead: string, record: ReceivedRecord): Promise<void> {
    await this.parts.bus.publish([deadLetterRecord(dead, record, flaw)]);
    this.parts.flawed(flaw, subsystem, record);
  }
}

function lastHeardMs(subscription: Subscription | undefined): number {
  return subscription === undefined ? 0 : Math.max(subscription.lastAnswerAtMs(), subscription.lastFetchAtMs());
}

function bringsFlag({ value }: ReceivedRecord): boolean {
  const read = readDelivery(value);
  return read.ok && read.value.head.kind === CASE_KINDS.dispute;
}
