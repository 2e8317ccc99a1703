import { deadLetterRecord, type Bus, type OutgoingRecord, type ReceivedRecord } from '#bus';
import { fixedTopics } from '#contracts';
import type { Clock } from '#kernel';
import type { Logger } from '#platform';
import { signStatement, verifyStatement, type PublicJwk, type Signer, type Statement } from '#signing';
import type { NoteKey } from '#tlog';
import { batchWatch, type AuditMetrics } from '../ops/audit-metrics.service.js';
import type { CheckpointPublisher } from '../sequencer/checkpoint-publisher.service.js';
import type { NewLeaf, NewManifest } from '../sequencer/log.store.js';
import { sequencerErrors } from '../sequencer/sequencer.errors.js';
import type { Appended, Sequencer } from '../sequencer/sequencer.service.js';
import type { IntakeWindow, IntakeWindows } from '../windows/intake-windows.service.js';
import type { Rotation } from '../windows/rotation.service.js';
import { conflictPayload } from './conflict.js';
import { decide } from './decide.js';
import { lawOfLog } from './law-of-log.service.js';
import { nextLaw, type Law, type ManifestStatement } from './law.js';
import { planBatch, type Followed, type Plan } from './plan.js';
import { RateLimit } from './rate-limit.js';
import { Receipting } from './receipting.service.js';
import { DeadLetters, publishEach } from './sending.service.js';
import type { SignatureCheck } from './signature-check.service.js';
import type { SnapshotKeeper } from './snapshot.consumer.js';
import { readStamp, type Stamp } from './stamp.js';
import { holds, type TopicRange } from './topic-range.js';
import type { Standing, Verdict } from './verdict.js';

/** A statement has half of it at most. */
const DEAD_LETTER_BYTES = 16 * 1024;

export interface IntakeOptions {
  readonly bus: Bus;
  readonly windows: IntakeWindows;
  readonly rotation: Rotation;
  readonly snapshots: SnapshotKeeper;
  readonly signatures: SignatureCheck;
  readonly sequencer: Sequencer;
  readonly checkpoints: CheckpointPublisher;
  /** Told of each window that this process opens, before its first checkpoint is offered; what follows one log moves on. */
  readonly onOpened?: (logId: number, key: NoteKey) => void;
  /** Public keys of the registry from `trust.json`, never from a snapshot. */
  readonly registryKeys: readonly (PublicJwk & { readonly kid: string })[];
  /** Audit's own instance key, which is not the log key. */
  readonly signer: Signer;
  readonly stampsPerSecond: number;
  /** The operator's word that a stamp topic that lacks what is to be read next may be read from what it holds. */
  readonly acceptNewTopic: boolean;
  readonly clock: Clock;
  readonly metrics: AuditMetrics;
  readonly logger: Logger;
}

/**
 * Takes stamps in partition order and makes leaves of them (`statements.md` §2). It promises that no record stops the
 * shard, that a decision depends on the log and the record alone, and that receipts are sent only for what is
 * committed. It never changes a statement's bytes.
 *
 * Order of a batch, and what a crash leaves: dead letters and conflicts first (sent again after a crash, harmlessly),
 * then the commit, then receipts (lost ones are asked for again by their senders).
 */
export class Intake {
  /** Of the log in hand; set by `takeOver`, moved by `openNext`. */
  private window: IntakeWindow | undefined;
  /** In force at the head; set by `takeOver`, moved by `take` after a commit. */
  private law: Law | undefined;
  /** Offset of the first stamp without effect; moved with `law`. */
  private floor = 0n;
  /** Ends when the batch or takeover under way does; never rejects. */
  private turn: Promise<unknown> = Promise.resolve();
  /** Ends when the receipts of the last batch are sent; never rejects. */
  private receipting: Promise<void> = Promise.resolve();
  private readonly limit: RateLimit;
  private readonly receipts: Receipting;
  private readonly deadLetters: DeadLetters;

  constructor(private readonly options: IntakeOptions) {
    this.limit = new RateLimit(options.stampsPerSecond);
    this.receipts = new Receipting(options.bus, options.metrics, options.logger);
    this.deadLetters = new DeadLetters(options.bus, options.clock, options.logger);
  }

  /** Becomes the writer of the log, which was claimed. Returns the offset of the first stamp without effect. */
  takeOver(): Promise<bigint> {
    return this.inTurn(async () => {
      const { metrics, sequencer, snapshots } = this.options;
      const { size, nextOffset, isClosed } = await sequencer.takeOver();
      try {
        this.law = await lawOfLog((await this.windowInHand()).store, snapshots);
        metrics.size.set({}, size);
        if (isClosed === true) await this.openNext(true);
        const range = await this.topicRange();
        this.floor = holds(range, nextOffset) ? nextOffset : await this.acceptNewTopic(nextOffset, range);
        return this.floor;
      } catch (cause) {
        // Half a takeover is none: nobody may rotate, publish or sweep a log whose next step was refused.
        sequencer.pause();
        throw cause;
      }
    });
  }

  /** Looks for the window in hand where that has not been done yet, or has failed after it was opened. */
  private async windowInHand(): Promise<IntakeWindow> {
    const { sequencer, windows } = this.options;
    if (this.window?.logId !== sequencer.logId) this.window = await windows.at(sequencer.logId);
    return this.window;
  }

  /**
   * A topic that ends before the offset that we remember was made anew or truncated: reading on from there would pass
   * over every record until it has grown so long again. One that begins after it has lost stamps that nobody has read.
   * Either way a human decides. Records that come twice are duplicates by their leaf hash. The reset is committed, so
   * that the decision is asked for only once.
   */
  private async acceptNewTopic(nextOffset: bigint, { earliest, end }: TopicRange): Promise<bigint> {
    const { acceptNewTopic, logger, sequencer } = this.options;
    const details = { nextOffset: String(nextOffset), earliest: String(earliest), end: String(end) };
    if (!acceptNewTopic) {
      sequencer.pause();
      throw sequencerErrors.error('stamp-topic-truncated', { details });
    }
    logger.error(details, 'the stamp topic lacks what the log has to read next; it is read from its oldest record');
    await sequencer.append([], [], earliest);
    return earliest;
  }

  /**
   * A gap before a batch is usually a marker of the broker's own. If retention or a truncation has overtaken us, the log
   * is given up: whoever claims it next is refused at the takeover, which `/ready` shows.
   */
  private async requireUnbroken(first: bigint): Promise<void> {
    if (first === this.floor) return;
    const { earliest, end } = await this.topicRange();
    if (holds({ earliest, end }, this.floor)) return;
    await this.options.sequencer.vacate();
    const details = { nextOffset: String(this.floor), earliest: String(earliest), end: String(end) };
    throw sequencerErrors.error('stamp-topic-truncated', { details });
  }

  private async topicRange(): Promise<TopicRange> {
    const { bus } = this.options;
    const [earliest, end] = await Promise.all([
      bus.earliestOffset(fixedTopics.stamp.name, 0),
      bus.endOffset(fixedTopics.stamp.name, 0),
    ]);
    return { earliest, end };
  }

  /**
   * Closes the window now if it is due, also where no stamp comes; `isAsked` by the operator. Does nothing while the log
   * is not ours.
   */
  rotate(isAsked: boolean): Promise<void> {
    return this.inTurn(async () => {
      const { sequencer, clock } = this.options;
      if (!sequencer.isOwner) return;
      if (sequencer.head.isClosed === true) return this.openNext(true);
      const { size, origin } = sequencer.head;
      const place = { logId: sequencer.logId, origin, size, atMs: clock.now() };
      const last = await this.options.rotation.lastLeaf(place, this.law, isAsked);
      if (last === undefined) return;
      const { note } = await sequencer.append([last], [], sequencer.head.nextOffset, true);
      this.options.checkpoints.offer(note);
      await this.openNext();
    });
  }

  /**
   * Opens the successor of the closed log in hand; stamps from `floor` on go there. A crash before it leaves a closed
   * log, whose next owner does the same; it asks first whether anybody remembers that successor (`isFound`), because the
   * database may be a copy from before it was opened.
   */
  private async openNext(isFound = false): Promise<void> {
    const { sequencer, rotation, metrics, checkpoints } = this.options;
    const vkey = sequencer.vkey;
    // Nothing is closed before a manifest is in the log.
    const first = await rotation.firstLeaves(sequencer.logId, vkey, this.law as Law);
    if (isFound) await first.log.compare(0, false);
    const { note, extension } = await sequencer.open(first.log, first.leaves, first.manifests);
    metrics.size.set({}, extension.size);
    // Who hands checkpoints to witnesses has to know those of this window first.
    this.options.onOpened?.(sequencer.logId, first.log.key);
    checkpoints.offer(note);
    await this.windowInHand();
  }

  /** Number of the snapshot in force, for /ready. */
  get snapshotNumber(): number | undefined {
    return this.law?.number;
  }

  /** One batch of `audit.stamp`; rejects if it has to be handed over again. */
  take(records: readonly ReceivedRecord[]): Promise<void> {
    return this.inTurn(() => this.takeInTurn(records));
  }

  /** Resolves when the batch in hand has ended and the receipts of what is committed are sent; never rejects. */
  async settled(): Promise<void> {
    await this.turn;
    await this.receipting;
  }

  private async takeInTurn(records: readonly ReceivedRecord[]): Promise<void> {
    const { metrics } = this.options;
    const startedMs = performance.now();
    // Closed with the batch before, and the opening has failed.
    if (this.options.sequencer.head.isClosed === true) await this.openNext(true);
    const { head } = this.options.sequencer;
    const window = await this.windowInHand();
    // After a takeover a batch may be handed over that had its effect already.
    const unseen = records.filter((record) => record.offset >= this.floor);
    const [first, last] = [unseen[0], unseen.at(-1)];
    if (first === undefined || last === undefined) return;
    await this.requireUnbroken(first.offset);
    const stages = batchWatch(metrics, unseen);
    const stamps = unseen.map((record) => readStamp({ ...record, replies: record.headers['reply'] ?? [] }));
    const standing = await window.standing(stamps);
    const plan = await planBatch(stamps, standing, this.law, {
      isRegistrys: (statement) => this.isRegistrys(statement),
      follow: (statement, before) => this.follow(statement, before),
    });
    const verdicts = await this.judge(plan, standing, head.size);
    stages.passed('judged');
    await this.publishFirst(verdicts, unseen);
    const appended = await this.append(verdicts, plan, last);
    this.law = plan.law;
    this.floor = last.offset + 1n;
    stages.passed('committed');
    metrics.commit.observe({}, (performance.now() - startedMs) / 1000);
    // The next batch does not wait for these receipts, but for those before them: what is on its way stays bounded.
    await this.receipting;
    metrics.size.set({}, appended.extension.size);
    if (appended.extension.size > head.size) this.options.checkpoints.offer(appended.note);
    this.receipting = this.receipts.send(verdicts, { ...appended, oldSize: head.size, window }, plan.law).then(() => {
      stages.passed('receipted');
      stages.ended('committed', false);
    });
    // The batch has had its effect: if this fails, whoever hands it over again finds it below `floor`.
    if (this.options.sequencer.head.isClosed === true) await this.openNext();
  }

  /** A takeover must not happen under a batch: the batch would fence its own successor. */
  private inTurn<Outcome>(work: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = this.turn.then(work);
    this.turn = outcome.catch(() => undefined);
    return outcome;
  }

  private async judge(plan: Plan, standing: Standing, size: number): Promise<Verdict[]> {
    return decide(plan.stamps, {
      size,
      signatures: await this.options.signatures.check(plan.jobs),
      taken: standing.bySlot,
      // What audit itself states answers to what others did.
      admits: (signer, kid, at) => kid === this.options.signer.kid || this.limit.admits(signer, at),
    });
  }

  private isRegistrys(statement: Statement): boolean {
    const key = this.options.registryKeys.find((candidate) => candidate.kid === statement.kid);
    return key !== undefined && verifyStatement(statement, key);
  }

  private async follow(statement: ManifestStatement, before: Law | undefined): Promise<Followed> {
    const { n, doc } = statement.payload;
    const snapshot = await this.options.snapshots.announced(n, doc);
    if (snapshot === undefined) return { ok: false, reason: 'snapshot-unknown' };
    const law = nextLaw(statement, snapshot, before);
    return law.ok ? { ok: true, value: { law: law.value, snapshot } } : law;
  }

  /** What must not be lost by a crash after the commit goes out before it; all of it may be sent twice. */
  private async publishFirst(verdicts: readonly Verdict[], records: readonly ReceivedRecord[]): Promise<void> {
    const letters: OutgoingRecord[] = [];
    const conflicts: OutgoingRecord[] = [];
    for (const [at, verdict] of verdicts.entries()) {
      const record = records[at];
      if (record === undefined) continue;
      if (verdict.kind === 'refused') {
        letters.push(deadLetterRecord(fixedTopics.deadAudit.name, record, verdict.reason, DEAD_LETTER_BYTES));
        this.options.metrics.refused.add({ reason: verdict.reason });
        this.options.logger.warn({ reason: verdict.reason, offset: record.offset }, 'stamp refused');
      } else if (verdict.kind === 'taken' && verdict.leaf.slot === 'c0') {
        conflicts.push(await this.conflict(verdict.stamp));
      }
    }
    await Promise.all([this.deadLetters.bury(letters), publishEach(this.options.bus, conflicts)]);
  }

  private async conflict({ parsed, record }: Stamp): Promise<OutgoingRecord> {
    // Only a parsed statement can have found its slot taken.
    const second = (parsed as { value: Statement }).value;
    const statement = await signStatement(conflictPayload(second, record.timestampMs), this.options.signer);
    this.options.metrics.conflicts.add({});
    this.options.logger.error({ exchangeId: second.payload.id }, 'a consumer told two stories about one exchange');
    return { topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(statement.jws) };
  }

  private async append(verdicts: readonly Verdict[], plan: Plan, lastRecord: ReceivedRecord): Promise<Appended> {
    const { sequencer, rotation } = this.options;
    const leaves: NewLeaf[] = [];
    const manifests: NewManifest[] = [];
    for (const verdict of verdicts) {
      if (verdict.kind !== 'new') continue;
      const { stamp, leaf } = verdict;
      leaves.push({ ...leaf, body: stamp.record.value, offset: stamp.record.offset });
      const snapshot = plan.snapshots.get(stamp.hashKey);
      if (snapshot === undefined || !stamp.parsed.ok) continue;
      const { jws, payload } = stamp.parsed.value;
      const { digest, digests } = snapshot;
      manifests.push({ index: leaf.index, number: payload.n ?? 0, digest, digests, statement: jws });
    }
    const nextOffset = lastRecord.offset + 1n;
    const { origin, size } = sequencer.head;
    const end = { logId: sequencer.logId, origin, size: size + leaves.length, atMs: lastRecord.timestampMs };
    const closing = await rotation.lastLeaf(end, plan.law);
    if (closing === undefined) return sequencer.append(leaves, manifests, nextOffset);
    return sequencer.append([...leaves, closing], manifests, nextOffset, true);
  }
}
