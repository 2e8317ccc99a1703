import { setTimeout } from 'node:timers/promises';
import type { Bus, Subscription } from '#bus';
import { fixedTopics } from '#contracts';
import { AppError, type Clock } from '#kernel';
import type { AppMetrics, Logger, StatusPart, Tracing } from '#platform';
import type { Database } from '#postgres';
import { signStatement } from '#signing';
import type { AuditConfig } from './audit.config.js';
import { Intake } from './intake/intake.service.js';
import { IntakeStore } from './intake/intake.store.js';
import { SignatureCheck } from './intake/signature-check.service.js';
import { SnapshotKeeper } from './intake/snapshot.consumer.js';
import { SnapshotStore } from './intake/snapshot.store.js';
import type { AuditKeys } from './keys.service.js';
import { LogReaderStore } from './log-reader.store.js';
import { makeAuditMetrics, type AuditMetrics } from './ops/audit-metrics.service.js';
import type { LogState } from './ops/status-parts.service.js';
import { CheckpointPublisher } from './sequencer/checkpoint-publisher.service.js';
import { LogLease } from './sequencer/log-lease.service.js';
import { LogStore } from './sequencer/log.store.js';
import { newestPublished } from './sequencer/published-size.service.js';
import { Sequencer } from './sequencer/sequencer.service.js';
import { StandingPath } from './sequencer/standing-path.service.js';
import { anchorChecks } from './scrub/anchor-check.js';
import { scrubMetrics } from './scrub/scrub-metrics.service.js';
import { ScrubStore } from './scrub/scrub.store.js';
import { ScrubWorker } from './scrub/scrub.worker.js';
import { Sweeper } from './sweeper/sweeper.service.js';
import { SweeperStore } from './sweeper/sweeper.store.js';
import { makeTimestamper } from './trusted-time/make-timestamper.service.js';
import type { Timestamper } from './trusted-time/timestamper.service.js';
import { WitnessSide, type WitnessState } from './witness/witness-side.service.js';

export interface WriteSideOptions extends AuditKeys {
  readonly config: AuditConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: Database;
  readonly logId: number;
  readonly metrics: AppMetrics;
  readonly tracing: Tracing;
}

const RETRY_MS = 500;
/** For the batch in hand, at the end: longer than any that a database takes, shorter than a process has to end. */
const LAST_BATCH_MS = 4_000;

/** Puts intake, sequencer, snapshot keeper and sweeper together and runs them while the process lives. */
export class WriteSide {
  private readonly metrics: AuditMetrics;
  private readonly sequencer: Sequencer;
  private readonly lease: LogLease;
  private readonly snapshots: SnapshotKeeper;
  private readonly signatures: SignatureCheck;
  private readonly witnesses: WitnessSide;
  private readonly checkpoints: CheckpointPublisher;
  private readonly intake: Intake;
  private readonly sweeper: Sweeper;
  private readonly time: Timestamper;
  private readonly scrub: ScrubWorker;
  /** Set by `run` while the log is ours. */
  private stamps: Subscription | undefined;
  /** Code with which the last takeover was refused; set and cleared by `takeOver`. */
  private refusal: string | undefined;
  private running: Promise<void> = Promise.resolve();
  private readonly closing = new AbortController();

  constructor(private readonly options: WriteSideOptions) {
    const { config, bus, clock, logger, database, logId } = options;
    this.metrics = makeAuditMetrics(options.metrics, options.tracing);
    const paths = new StandingPath(new LogReaderStore(database), logId);
    this.witnesses = this.witnessSide(paths);
    this.sequencer = new Sequencer({
      store: new LogStore(database, logId),
      signer: options.noteSigner,
      key: options.noteKey,
      logger: logger.child('sequencer'),
      topic: fixedTopics.stamp.name,
      compare: (size) => this.witnesses.compare(size),
    });
    this.lease = new LogLease({
      sequencer: this.sequencer,
      leaseMs: config.leaseMs,
      hears: () => bus.isReachable(),
      onFenced: (cause) => this.failed(cause),
      clock,
      logger: logger.child('lease'),
    });
    this.snapshots = new SnapshotKeeper(bus, new SnapshotStore(database), logger.child('snapshots'), () =>
      this.metrics.aliens.add({}),
    );
    this.signatures = new SignatureCheck(config.verifyThreads);
    this.checkpoints = new CheckpointPublisher(bus, clock, logger.child('checkpoints'), (note) =>
      this.witnesses.publish(note),
    );
    this.intake = new Intake({
      bus,
      store: new IntakeStore(database, logId),
      snapshots: this.snapshots,
      signatures: this.signatures,
      sequencer: this.sequencer,
      paths,
      checkpoints: this.checkpoints,
      registryKeys: options.registryKeys,
      signer: options.signer,
      stampsPerSecond: config.stampsPerSecond,
      acceptNewTopic: config.acceptNewTopic,
      metrics: this.metrics,
      logger: logger.child('intake'),
    });
    this.sweeper = new Sweeper({
      bus,
      store: new SweeperStore(database, logId),
      signer: options.signer,
      clock,
      intervalMs: config.sweepIntervalMs,
      waitMs: config.longestDeadlineMs + config.sweepGraceMs,
      isOwner: () => this.sequencer.isOwner,
      metrics: this.metrics,
      logger: logger.child('sweeper'),
    });
    this.time = makeTimestamper(options, () => (this.mayPublish ? this.sequencer.head : undefined));
    this.scrub = scrubOf(options, this.sequencer);
  }

  /** Status of the background self-check. */
  get scrubPart(): StatusPart {
    return this.scrub.part;
  }

  /** Refuses a log that does not agree with its signed head, before anything listens. */
  prepare(): Promise<void> {
    return this.sequencer.prepare();
  }

  /** Returns at once: the topics may be made later, by a registry that waits for us. */
  start(): void {
    this.running = this.run();
    this.sweeper.start();
    this.time.start();
    this.scrub.start();
  }

  /** What is missing before stamps become leaves; undefined if nothing is. */
  missing(): string | undefined {
    if (!this.snapshots.isAssigned()) return 'the snapshot topic is not read yet';
    if (this.refusal !== undefined) return `the log is not taken over: ${this.refusal}`;
    if (!this.sequencer.isClaimed) return 'the log is not ours: another process sequences it';
    if (this.stamps?.isAssigned() !== true || !this.sequencer.isOwner) return 'the stamp topic is not read yet';
    return this.intake.snapshotNumber === undefined ? 'no manifest is in the log yet' : undefined;
  }

  /** Undefined while another process is the writer. */
  logState(): LogState | undefined {
    return this.sequencer.isOwner ? { size: this.sequencer.head.size, last: this.metrics.lastBatch } : undefined;
  }

  /** Whether this process speaks for the log: it is its writer, and no witness has seen another tree. */
  get mayPublish(): boolean {
    return this.sequencer.isOwner && this.witnesses.mayPublish;
  }

  /** Undefined where no witness is configured. */
  witnessState(): WitnessState | undefined {
    return this.witnesses.state;
  }

  /** Why the sweeper's last pass failed; undefined if it did not. */
  sweeperFailure(): string | undefined {
    return this.sweeper.failure;
  }

  /** How trusted time stands; undefined if no authority is configured. */
  timeStanding(): Timestamper['standing'] {
    return this.time.standing;
  }

  /** Has the head stamped now: for the last checkpoint of a window. Rejects if no authority gives a good token. */
  stampTime(): Promise<void> {
    return this.time.stampNow();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([this.sweeper.stop(), this.time.stop(), this.scrub.stop(), this.handOver()]);
    await this.snapshots.stop();
    await this.checkpoints.close();
    await this.witnesses.close();
    await this.signatures.close();
  }

  /**
   * Ends the batch in hand, leaves the log to whoever stands by, and sends the receipts of what is committed: nobody who
   * waits for one has to stamp again.
   */
  private async handOver(): Promise<void> {
    const late = new AbortController();
    // A database that does not answer would keep the batch for ever. Rejects when there is no need of it.
    void setTimeout(LAST_BATCH_MS, undefined, { signal: late.signal }).then(
      () => this.sequencer.stop(),
      () => undefined,
    );
    await this.running;
    await this.stamps?.stop();
    // Where that cannot be told they wait for a lease.
    await Promise.race([this.sequencer.vacate(), setTimeout(LAST_BATCH_MS, undefined, { ref: false })]);
    await this.intake.settled();
    late.abort();
    this.sequencer.stop();
  }

  private witnessSide(paths: StandingPath): WitnessSide {
    const { config, bus, clock, logger, database, logId, metrics, noteKey, signer } = this.options;
    return new WitnessSide({
      config,
      policy: this.options.policy,
      operators: this.options.operators,
      state: async (payload) => {
        const { jws } = await signStatement(payload, signer);
        await bus.publish([{ topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(jws) }]);
      },
      key: noteKey,
      database,
      logId,
      paths,
      published: () => newestPublished(bus, noteKey, this.group('checkpoints')),
      clock,
      metrics,
      logger: logger.child('witness'),
    });
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    await this.retry('snapshots', () => this.snapshots.start(this.group('snapshots')));
    while (await this.lease.claimed(signal)) {
      const holding = this.lease.hold(signal);
      const subscribing = async () => {
        this.stamps = await this.subscribe();
      };
      await this.retry('stamps', subscribing, () => this.sequencer.isClaimed);
      await holding;
      // At the end `handOver` stops it, in order.
      if (signal.aborted) return;
      await this.stamps?.stop();
      this.stamps = undefined;
      this.refusal = undefined;
    }
  }

  /**
   * A group of our own: a shared one would give the partition to the next only when it has missed its dead member, which
   * takes it six seconds (`docs/adr/0013`). Who reads is decided by the lease, who appends by the epoch.
   */
  private subscribe(): Promise<Subscription> {
    const { bus, config } = this.options;
    return bus.subscribe({
      topics: [fixedTopics.stamp.name],
      group: this.group('sequencer'),
      startAt: { kind: 'stored', nextOffset: () => this.takeOver() },
      maxInFlight: config.maxBatch * 2,
      maxBatch: config.maxBatch,
      batch: (records) => this.intake.take(records),
      onError: (cause) => this.failed(cause),
    });
  }

  private failed(cause: unknown): void {
    if (isFenced(cause)) this.metrics.fenced.add({});
    this.options.logger.error({ err: cause }, 'batch of stamps not sequenced');
  }

  /** A refusal is tried again until its cause is gone; meanwhile /ready names it and nothing is stamped. */
  private async takeOver(): Promise<bigint> {
    try {
      const offset = await this.intake.takeOver();
      await this.witnesses.stateApproval().catch((cause: unknown) => {
        // No leaf, no start: who lets a log go on unwitnessed is written down first.
        this.sequencer.pause();
        throw cause;
      });
      this.refusal = undefined;
      // The owner before may have died before it was published.
      if (this.sequencer.head.size > 0) this.checkpoints.offer(this.sequencer.head.note);
      return offset;
    } catch (cause) {
      // Lost meanwhile: nothing is read while `run` gives the subscription up.
      if (!this.sequencer.isClaimed) {
        this.failed(cause);
        return this.options.bus.endOffset(fixedTopics.stamp.name, 0);
      }
      this.refusal = cause instanceof AppError ? cause.code : 'unknown';
      throw cause;
    }
  }

  /** Until the topics are there, and while the broker is away. */
  private async retry(what: string, attempt: () => Promise<void>, isWanted = () => true): Promise<void> {
    while (!this.closing.signal.aborted && isWanted()) {
      try {
        await attempt();
        return;
      } catch (cause) {
        this.options.logger.warn({ err: cause, what }, 'not subscribed yet, trying again');
        // Rejects when we are closing, which the loop sees.
        await setTimeout(RETRY_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
  }

  /** Ours alone: each of us reads all of it. */
  private group(purpose: string): string {
    return `audit.${purpose}.${this.options.noteKey.name.replaceAll('/', '.')}.${crypto.randomUUID()}`;
  }
}

function scrubOf(options: WriteSideOptions, sequencer: Sequencer): ScrubWorker {
  const { config, clock, logger, database, logId, noteKey } = options;
  return new ScrubWorker({
    logId,
    store: new ScrubStore(database, logId),
    log: new LogStore(database, logId),
    reader: new LogReaderStore(database),
    key: noteKey,
    anchors: anchorChecks({ ...options, key: noteKey, now: () => clock.now() }),
    percent: config.scrubPercent,
    intervalMs: config.scrubIntervalMs,
    isOwner: () => sequencer.isOwner,
    condemn: ({ problem }) => sequencer.condemn(problem),
    metrics: scrubMetrics.on(options.metrics),
    clock,
    logger: logger.child('scrub'),
  });
}

function isFenced(cause: unknown): boolean {
  return cause instanceof AppError && cause.code === 'log-fenced';
}
