import { deadLetterRecord, type Bus, type OutgoingRecord, type ReceivedRecord } from '#bus';
import { fixedTopics } from '#contracts';
import type { Logger } from '#platform';
import { signStatement, verifyStatement, type PublicJwk, type Signer, type Statement } from '#signing';
import { batchWatch, type AuditMetrics } from '../ops/audit-metrics.service.js';
import type { CheckpointPublisher } from '../sequencer/checkpoint-publisher.service.js';
import type { NewLeaf, NewManifest } from '../sequencer/log.store.js';
import { receiptRecords } from '../sequencer/receipts.js';
import { sequencerErrors } from '../sequencer/sequencer.errors.js';
import type { Appended, Sequencer } from '../sequencer/sequencer.service.js';
import type { StandingPath } from '../sequencer/standing-path.service.js';
import { conflictPayload } from './conflict.js';
import { decide } from './decide.js';
import type { IntakeStore } from './intake.store.js';
import { lawOfLog } from './law-of-log.service.js';
import { nextLaw, type Law, type ManifestStatement } from './law.js';
import { planBatch, type Followed, type Plan } from './plan.js';
import { RateLimit } from './rate-limit.js';
import { bury, publishEach } from './sending.service.js';
import type { SignatureCheck } from './signature-check.service.js';
import type { SnapshotKeeper } from './snapshot.consumer.js';
import { readStamp, type Stamp } from './stamp.js';
import { holds, type TopicRange } from './topic-range.js';
import type { Standing, StandingLeaf, Verdict } from './verdict.js';

/** A statement has half of it at most. */
const DEAD_LETTER_BYTES = 16 * 1024;

export interface IntakeOptions {
  readonly bus: Bus;
  readonly store: IntakeStore;
  readonly snapshots: SnapshotKeeper;
  readonly signatures: SignatureCheck;
  readonly sequencer: Sequencer;
  readonly paths: StandingPath;
  readonly checkpoints: CheckpointPublisher;
  /** Public keys of the registry from `trust.json`, never from a snapshot. */
  readonly registryKeys: readonly (PublicJwk & { readonly kid: string })[];
  /** Audit's own instance key, which is not the log key. */
  readonly signer: Signer;
  readonly stampsPerSecond: number;
  /** The operator's word that a stamp topic that lacks what is to be read next may be read from what it holds. */
  readonly acceptNewTopic: boolean;
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
  /** In force at the head; set by `takeOver`, moved by `take` after a commit. */
  private law: Law | undefined;
  /** Offset of the first stamp without effect; moved with `law`. */
  private floor = 0n;
  /** Ends when the batch or takeover under way does; never rejects. */
  private turn: Promise<unknown> = Promise.resolve();
  /** Ends when the receipts of the last batch are sent; never rejects. */
  private receipting: Promise<void> = Promise.resolve();
  private readonly limit: RateLimit;

  constructor(private readonly options: IntakeOptions) {
    this.limit = new RateLimit(options.stampsPerSecond);
  }

  /** Becomes the writer of the log, which was claimed. Returns the offset of the first stamp without effect. */
  takeOver(): Promise<bigint> {
    return this.inTurn(async () => {
      const { metrics, sequencer, snapshots, store } = this.options;
      const { size, nextOffset } = await sequencer.takeOver();
      this.law = await lawOfLog(store, snapshots);
      metrics.size.set({}, size);
      const range = await this.topicRange();
      this.floor = holds(range, nextOffset) ? nextOffset : await this.acceptNewTopic(nextOffset, range);
      return this.floor;
    });
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
    const { head } = this.options.sequencer;
    // After a takeover a batch may be handed over that had its effect already.
    const unseen = records.filter((record) => record.offset >= this.floor);
    const [first, last] = [unseen[0], unseen.at(-1)];
    if (first === undefined || last === undefined) return;
    await this.requireUnbroken(first.offset);
    const stages = batchWatch(metrics, unseen);
    const stamps = unseen.map((record) => readStamp({ ...record, replies: record.headers['reply'] ?? [] }));
    const standing = await this.options.store.standing(stamps);
    const plan = await planBatch(stamps, standing, this.law, {
      isRegistrys: (statement) => this.isRegistrys(statement),
      follow: (statement, before) => this.follow(statement, before),
    });
    const verdicts = await this.judge(plan, standing, head.size);
    stages.passed('judged');
    await this.publishFirst(verdicts, unseen);
    const appended = await this.append(verdicts, plan, last.offset + 1n);
    this.law = plan.law;
    this.floor = last.offset + 1n;
    stages.passed('committed');
    metrics.commit.observe({}, (performance.now() - startedMs) / 1000);
    // The next batch does not wait for these receipts, but for those before them: what is on its way stays bounded.
    await this.receipting;
    this.receipting = this.afterCommit(verdicts, appended).then(() => {
      stages.passed('receipted');
      stages.ended('committed', false);
    });
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
    const { bus, logger } = this.options;
    await Promise.all([bury(bus, letters, logger), publishEach(bus, conflicts)]);
  }

  private async conflict({ parsed, record }: Stamp): Promise<OutgoingRecord> {
    // Only a parsed statement can have found its slot taken.
    const second = (parsed as { value: Statement }).value;
    const statement = await signStatement(conflictPayload(second, record.timestampMs), this.options.signer);
    this.options.metrics.conflicts.add({});
    this.options.logger.error({ exchangeId: second.payload.id }, 'a consumer told two stories about one exchange');
    return { topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(statement.jws) };
  }

  private append(verdicts: readonly Verdict[], plan: Plan, nextOffset: bigint): Promise<Appended> {
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
    return this.options.sequencer.append(leaves, manifests, nextOffset);
  }

  private async afterCommit(verdicts: readonly Verdict[], { extension, note }: Appended): Promise<void> {
    const { metrics, checkpoints } = this.options;
    for (const verdict of verdicts) metrics.stamps.add({ kind: verdict.kind });
    const added = verdicts.filter((verdict) => verdict.kind === 'new').length;
    metrics.batch.observe({}, added);
    metrics.size.set({}, extension.size);
    if (added > 0) checkpoints.offer(note);
    try {
      await publishEach(this.options.bus, await this.receipts(verdicts, extension.size - added, { extension, note }));
    } catch (cause) {
      // The batch is committed, so it must not be done again; who misses a receipt stamps again.
      this.options.logger.warn({ err: cause }, 'receipts not sent');
    }
  }

  private async receipts(
    verdicts: readonly Verdict[],
    oldSize: number,
    { extension, note }: Appended,
  ): Promise<OutgoingRecord[]> {
    const before = verdicts.flatMap((verdict) => (isBefore(verdict, oldSize) ? [verdict.leaf.index] : []));
    const standing = await this.options.paths.pathsOf(before, extension.size);
    const records = receiptRecords(verdicts, {
      note,
      size: extension.size,
      pathOf: (index) => (index < oldSize ? standing.get(index) : extension.path(index)),
    });
    return records.map(({ topic, value }) => ({
      topic,
      partition: 0,
      value,
      ...(this.isReply(topic) ? { headers: { type: 'receipts' } } : {}),
    }));
  }

  /** On reply topics answers travel too, so records there say what they are (`bus.md` §1). */
  private isReply(topic: string): boolean {
    return this.law?.view.instances.some((instance) => instance.reply === topic) ?? false;
  }
}

function isBefore(verdict: Verdict, oldSize: number): verdict is Extract<Verdict, { leaf: StandingLeaf }> {
  return verdict.kind !== 'refused' && verdict.leaf.index < oldSize && verdict.replies.length > 0;
}
