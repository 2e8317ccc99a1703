import { setTimeout } from 'node:timers/promises';
import type { Bus, Subscription } from '#bus';
import { fixedTopics } from '#contracts';
import { AppError, type Clock } from '#kernel';
import type { AppMetrics, Logger, Tracing } from '#platform';
import type { Database } from '#postgres';
import type { AuditConfig } from './audit.config.js';
import { Intake } from './intake/intake.service.js';
import { SignatureCheck } from './intake/signature-check.service.js';
import { SnapshotKeeper } from './intake/snapshot.consumer.js';
import { SnapshotStore } from './intake/snapshot.store.js';
import type { AuditKeys } from './keys.service.js';
import { makeAuditMetrics, type AuditMetrics } from './ops/audit-metrics.service.js';
import type { LogState } from './ops/status-parts.service.js';
import { CheckpointPublisher } from './sequencer/checkpoint-publisher.service.js';
import { Sequencer } from './sequencer/sequencer.service.js';
import { Sweeper } from './sweeper/sweeper.service.js';
import { SweeperStore } from './sweeper/sweeper.store.js';
import { IntakeWindows } from './windows/intake-windows.service.js';
import { RotationWatch } from './windows/rotation-watch.service.js';
import { Rotation } from './windows/rotation.service.js';
import { WriteWindows } from './windows/write-windows.service.js';

export interface WriteSideOptions extends AuditKeys {
  readonly config: AuditConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: Database;
  readonly metrics: AppMetrics;
  readonly tracing: Tracing;
  /** Told of each window that this process opens: what follows one log is to follow the next from then on. */
  readonly onOpened?: () => void;
}

/** Number of a shard's first window. */
const FIRST = 1;
const RETRY_MS = 500;
/** For the batch in hand, at the end: longer than any that a database takes, shorter than a process has to end. */
const LAST_BATCH_MS = 4_000;

/** Puts intake, sequencer, snapshot keeper and sweeper together and runs them while the process lives. */
export class WriteSide {
  private readonly metrics: AuditMetrics;
  private readonly sequencer: Sequencer;
  private readonly snapshots: SnapshotKeeper;
  private readonly signatures: SignatureCheck;
  private readonly checkpoints: CheckpointPublisher;
  private readonly intake: Intake;
  private readonly sweeper: Sweeper;
  private readonly windows: WriteWindows;
  private readonly rotation: Rotation;
  private readonly rotationWatch: RotationWatch;
  /** Set by `run` once the broker has given us the partition. */
  private stamps: Subscription | undefined;
  /** Code with which the last takeover was refused; set and cleared by `takeOver`. */
  private refusal: string | undefined;
  private running: Promise<void> = Promise.resolve();
  private readonly closing = new AbortController();

  constructor(private readonly options: WriteSideOptions) {
    const { config, bus, clock, logger, database } = options;
    this.metrics = makeAuditMetrics(options.metrics, options.tracing);
    this.windows = new WriteWindows({ config, bus, database });
    this.sequencer = new Sequencer({
      ...this.windows.sequenced(FIRST, { signer: options.noteSigner, key: options.noteKey, vkey: options.vkey }),
      newest: () => this.windows.newest(),
      logger: logger.child('sequencer'),
      topic: fixedTopics.stamp.name,
    });
    this.rotation = this.makeRotation();
    this.snapshots = new SnapshotKeeper(bus, new SnapshotStore(database), logger.child('snapshots'), () =>
      this.metrics.aliens.add({}),
    );
    this.signatures = new SignatureCheck(config.verifyThreads);
    this.checkpoints = new CheckpointPublisher(bus, clock, logger.child('checkpoints'));
    this.intake = new Intake({
      bus,
      windows: new IntakeWindows(database, this.windows.store, clock),
      rotation: this.rotation,
      snapshots: this.snapshots,
      signatures: this.signatures,
      sequencer: this.sequencer,
      checkpoints: this.checkpoints,
      ...(options.onOpened === undefined ? {} : { onOpened: options.onOpened }),
      clock,
      registryKeys: options.registryKeys,
      signer: options.signer,
      stampsPerSecond: config.stampsPerSecond,
      acceptNewTopic: config.acceptNewTopic,
      metrics: this.metrics,
      logger: logger.child('intake'),
    });
    this.sweeper = new Sweeper({
      bus,
      stores: () => SweeperStore.ofWindows(database, this.sequencer.logId),
      signer: options.signer,
      clock,
      intervalMs: config.sweepIntervalMs,
      waitMs: config.longestDeadlineMs + config.sweepGraceMs,
      isOwner: () => this.sequencer.isOwner,
      metrics: this.metrics,
      logger: logger.child('sweeper'),
    });
    this.rotationWatch = new RotationWatch({
      windows: this.windows.store,
      intake: this.intake,
      sequencer: this.sequencer,
      intervalMs: config.rotationIntervalMs,
      logger: logger.child('rotation'),
    });
  }

  private makeRotation(): Rotation {
    const { config, signer, clock, logger } = this.options;
    return new Rotation({
      windows: this.windows.store,
      keys: this.windows.keys,
      signer,
      instanceId: config.instanceId,
      maxLeaves: config.windowLeaves,
      sequenced: this.windows.sequenced,
      clock,
      logger: logger.child('rotation'),
    });
  }

  /** Refuses a log that does not agree with its signed head, before anything listens. */
  prepare(): Promise<void> {
    return this.sequencer.prepare();
  }

  /** Returns at once: the topics may be made later, by a registry that waits for us. */
  start(): void {
    this.running = this.run();
    this.sweeper.start();
    this.rotationWatch.start();
  }

  /** What is missing before stamps become leaves; undefined if nothing is. */
  missing(): string | undefined {
    if (!this.snapshots.isAssigned()) return 'the snapshot topic is not read yet';
    if (this.refusal !== undefined) return `the log is not taken over: ${this.refusal}`;
    if (this.stamps?.isAssigned() !== true) return 'the stamp partition is not ours';
    if (!this.sequencer.isOwner) return 'another process sequences the log';
    return this.intake.snapshotNumber === undefined ? 'no manifest is in the log yet' : undefined;
  }

  /** Undefined while another process is the writer. */
  logState(): LogState | undefined {
    return this.sequencer.isOwner ? { size: this.sequencer.head.size, last: this.metrics.lastBatch } : undefined;
  }

  /** Why the sweeper's last pass failed; undefined if it did not. */
  sweeperFailure(): string | undefined {
    return this.sweeper.failure;
  }

  /** Why a rotation that is due is not made; undefined if none is. */
  rotationProblem(): string | undefined {
    return this.rotation.problem;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([this.sweeper.stop(), this.rotationWatch.stop(), this.handOver()]);
    await this.snapshots.stop();
    await this.checkpoints.close();
    await this.signatures.close();
  }

  /**
   * Ends the batch in hand, leaves the partition to whoever stands by, and sends the receipts of what is committed:
   * nobody who waits for one has to stamp again.
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
    await this.intake.settled();
    late.abort();
    this.sequencer.stop();
  }

  private async run(): Promise<void> {
    await this.retry('snapshots', () => this.snapshots.start(this.windows.group('snapshots', crypto.randomUUID())));
    await this.retry('stamps', async () => {
      this.stamps = await this.subscribe();
    });
  }

  /**
   * One group for all sequencers of the shard: the broker gives the partition to one of them, the others stand by. The
   * epoch decides if two believe that they have it.
   */
  private subscribe(): Promise<Subscription> {
    const { bus, config, logger } = this.options;
    return bus.subscribe({
      topics: [fixedTopics.stamp.name],
      group: this.windows.group('sequencer'),
      startAt: { kind: 'stored', nextOffset: () => this.takeOver() },
      maxInFlight: config.maxBatch * 2,
      maxBatch: config.maxBatch,
      batch: (records) => this.intake.take(records),
      onError: (cause) => {
        if (isFenced(cause)) this.metrics.fenced.add({});
        logger.error({ err: cause }, 'batch of stamps not sequenced');
      },
    });
  }

  /** A refusal is tried again until its cause is gone; meanwhile /ready names it and nothing is stamped. */
  private async takeOver(): Promise<bigint> {
    try {
      const offset = await this.intake.takeOver();
      this.refusal = undefined;
      return offset;
    } catch (cause) {
      this.refusal = cause instanceof AppError ? cause.code : 'unknown';
      throw cause;
    }
  }

  /** Until the topics are there, and while the broker is away. */
  private async retry(what: string, attempt: () => Promise<void>): Promise<void> {
    while (!this.closing.signal.aborted) {
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
}

function isFenced(cause: unknown): boolean {
  return cause instanceof AppError && cause.code === 'log-fenced';
}
