import { deadLetterRecord, type Bus, type ReceivedRecord, type Subscription } from '#bus';
import {
  CASE_KINDS,
  Inbox,
  LINK_REVOKED_KIND,
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
import { CorrectionTopics } from './correction-topics.service.js';
import { noticeErrors, type NoticeFlaw } from './notices.errors.js';
import { checkQuestion, mayBeOutdated, type QuestionFlaw } from './stated-question.service.js';
import { checkRevocation, type RevocationFlaw } from './stated-revocation.service.js';

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
  readonly flawed: (flaw: NoticeFlaw, subsystem: SubsystemId, record: ReceivedRecord) => void;
  readonly failed: (what: string, cause: unknown) => void;
}

const MAX_BATCH = 100;
type Check = (head: DeliveryHead, content: unknown, view: RegistryView) => Result<true, QuestionFlaw | RevocationFlaw>;
/** What rests on a statement of feedback, by its kind. */
const STATED: ReadonlyMap<string, Check> = new Map<string, Check>([
  [QUESTION_KIND, checkQuestion],
  [LINK_REVOKED_KIND, checkRevocation],
]);

/**
 * Takes what feedback delivers into the connector's own database, still sealed; a batch is settled, and its offset
 * committed, when its transaction is. After a crash in between it comes again, and the inbox knows it. All connectors of a
 * subsystem share one group and one database. Flags of disputes are taken elsewhere (`FlagConsumer`); only malformed ones
 * are put away here.
 */
export class NoticeConsumer {
  private readonly topics: CorrectionTopics;
  private readonly inbox = new Inbox();
  private readonly outbox = new Outbox();

  constructor(private readonly parts: NoticeConsumerParts) {
    this.topics = new CorrectionTopics({
      ...parts,
      listen: (subsystem, topic, dead) => this.listen(subsystem, topic, dead),
      unheard: (cause) => parts.failed('notices-unheard', cause),
    });
  }

  /** Subscribes to what the snapshot names and is not listened to yet. */
  follow(view: RegistryView): void {
    this.topics.follow(view);
  }

  /** Takes nothing new; resolves when nothing is under way. */
  stop(): Promise<void> {
    return this.topics.stop();
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

  private async take(subsystem: SubsystemId, dead: string, records: readonly ReceivedRecord[]): Promise<void> {
    const { database, held, maxHeld, taken } = this.parts;
    const notices: Delivery[] = [];
    const flawed: { readonly flaw: NoticeFlaw; readonly record: ReceivedRecord }[] = [];
    for (const record of records) {
      const read = await this.read(subsystem, record);
      if (!read.ok) flawed.push({ flaw: read.reason, record });
      else if (read.value !== undefined) notices.push(read.value);
    }
    // What is there was counted seconds ago: the bound may be passed by what has come since.
    if (notices.length > 0 && held() + notices.length > maxHeld)
      throw noticeErrors.error('notices-full', { details: { held: held() } });
    // Only now: a batch that has to come again, because one of it cannot be judged yet, has put nothing away.
    for (const { flaw, record } of flawed) await this.putAway(flaw, subsystem, dead, record);
    if (notices.length === 0) return;
    const fresh = await database.transaction((queries) => this.keep(queries, subsystem, notices));
    if (fresh > 0) taken(fresh);
  }

  /** How many were not taken before. */
  private async keep(queries: Queries, subsystem: SubsystemId, all: readonly Delivery[]): Promise<number> {
    const added: Delivery[] = [];
    for (const one of all) if (await this.inbox.take(queries, subsystem, one.id)) added.push(one);
    await this.outbox.add(queries, added);
    return added.length;
  }

  /**
   * Opened only to see that it opens and, if it is a question or the end of a link, that feedback has stated it: nothing that waits here can be
   * read without the subsystem's key. Undefined: a flag, for others to take.
   */
  private async read(
    subsystem: SubsystemId,
    { value, timestampMs }: ReceivedRecord,
  ): Promise<Result<Delivery | undefined, NoticeFlaw>> {
    const read = readDelivery(value);
    if (!read.ok) return read;
    const { head, sealed } = read.value;
    if (head.to !== subsystem) return refuse('delivery-foreign');
    const opened = await openDelivery(head, sealed, (to, kid) => this.parts.keys.unsealKey(to, kid));
    if (!opened.ok) return opened;
    const check = STATED.get(head.kind);
    if (check !== undefined) {
      const stated = this.judge(check, head, opened.value, timestampMs);
      if (!stated.ok) return stated;
    }
    if (head.kind !== CASE_KINDS.dispute)
      return ok({ id: head.id, recipient: subsystem, kind: head.kind, value, dueMs: head.dueMs });
    const dispute = readDispute(opened.value);
    const isSound = dispute !== undefined && flagOf(subsystem, dispute) !== undefined;
    return isSound ? ok(undefined) : refuse('dispute-malformed');
  }

  /** By a snapshot that was in force after it was written: before there is one, the batch comes again. */
  private judge(
    check: Check,
    head: DeliveryHead,
    content: unknown,
    writtenMs: number,
  ): Result<true, QuestionFlaw | RevocationFlaw> {
    const { registry, clock } = this.parts;
    const view = this.view();
    const stated = check(head, content, view);
    const isUnknown = !stated.ok && stated.reason.endsWith('-key-unknown');
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
