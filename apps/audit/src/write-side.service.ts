import { setTimeout } from 'node:timers/promises';
import type { Subscription } from '#bus';
import { fixedTopics } from '#contracts';
import { AppError } from '#kernel';
import type { StatusPart } from '#platform';
import { makeAuditMetrics, type AuditMetrics } from './ops/audit-metrics.service.js';
import type { LogState } from './ops/status-parts.service.js';
import type { TakeoverRefusals } from './sequencer/takeover-refusals.service.js';
import type { Timestamper } from './trusted-time/timestamper.service.js';
import type { WitnessState } from './witness/witness-side.service.js';
import { ownGroup } from './windows/write-windows.service.js';
import { makeWriteParts, type WriteParts, type WriteSideOptions } from './write-parts.service.js';

const RETRY_MS = 500;
/** For the batch in hand, at the end: longer than any that a database takes, shorter than a process has to end. */
const LAST_BATCH_MS = 4_000;

/** Runs intake, sequencer, snapshot keeper and sweeper while the process lives. */
export class WriteSide {
  private readonly metrics: AuditMetrics;
  private readonly sequencer: WriteParts['sequencer'];
  private readonly lease: WriteParts['lease'];
  private readonly snapshots: WriteParts['snapshots'];
  private readonly signatures: WriteParts['signatures'];
  private readonly sides: WriteParts['sides'];
  private readonly checkpoints: WriteParts['checkpoints'];
  private readonly intake: WriteParts['intake'];
  private readonly rotation: WriteParts['rotation'];
  private readonly rotationWatch: WriteParts['rotationWatch'];
  private readonly sweeper: WriteParts['sweeper'];
  private readonly time: WriteParts['time'];
  /** Set by `run` while the log is ours. */
  private stamps: Subscription | undefined;
  private readonly refusals: TakeoverRefusals;
  private running: Promise<void> = Promise.resolve();
  private readonly closing = new AbortController();

  constructor(private readonly options: WriteSideOptions) {
    const auditMetrics = makeAuditMetrics(options.metrics, options.tracing);
    this.metrics = auditMetrics;
    const parts = makeWriteParts({ ...options, auditMetrics, onFenced: (cause) => this.failed(cause) });
    this.sequencer = parts.sequencer;
    this.lease = parts.lease;
    this.snapshots = parts.snapshots;
    this.signatures = parts.signatures;
    this.sides = parts.sides;
    this.checkpoints = parts.checkpoints;
    this.intake = parts.intake;
    this.rotation = parts.rotation;
    this.rotationWatch = parts.rotationWatch;
    this.sweeper = parts.sweeper;
    this.time = parts.time;
    this.refusals = parts.refusals;
  }

  /** Status of the background self-check. */
  get scrubPart(): StatusPart {
    return this.sides.scrubPart;
  }

  /** Status of the export; none if nothing is exported. */
  get exportParts(): readonly StatusPart[] {
    return this.sides.exportParts;
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
    this.sides.start();
    this.rotationWatch.start();
  }

  /** What is missing before stamps become leaves; undefined if nothing is. */
  missing(): string | undefined {
    if (!this.snapshots.isAssigned()) return 'the snapshot topic is not read yet';
    if (this.refusals.standing !== undefined) return `the log is not taken over: ${this.refusals.standing}`;
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
    return this.sides.mayPublish;
  }

  /** Undefined where no witness is configured. */
  witnessState(): WitnessState | undefined {
    return this.sides.witnessState;
  }

  /** Why a rotation that is due is not made; undefined if none is. */
  rotationProblem(): string | undefined {
    return this.rotation.problem;
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
    const stopping = [this.sweeper, this.time, this.rotationWatch, this.sides].map((part) => part.stop());
    await Promise.all([...stopping, this.handOver()]);
    await this.snapshots.stop();
    await this.checkpoints.close();
    await this.sides.close();
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

  private async run(): Promise<void> {
    const { signal } = this.closing;
    await this.retry('snapshots', () => this.snapshots.start(ownGroup('snapshots', this.options.noteKey.name)));
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
      await this.refusals.standAside(signal);
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
      group: ownGroup('sequencer', this.options.noteKey.name),
      startAt: { kind: 'stored', nextOffset: () => this.takeOver() },
      maxInFlight: config.maxBatch * 2,
      maxBatch: config.maxBatch,
      batch: (records) => this.intake.take(records),
      onError: (cause) => this.failed(cause),
    });
  }

  private failed(cause: unknown): void {
    if (this.refusals.isTold(cause)) return;
    if (isFenced(cause)) this.metrics.fenced.add({});
    this.options.logger.error({ err: cause }, 'batch of stamps not sequenced');
  }

  /**
   * A refusal is tried again until its cause is gone; meanwhile /ready names it and nothing is stamped. Where the cause
   * may be this process's own, the log is given back, so that another may take it over.
   */
  private async takeOver(): Promise<bigint> {
    try {
      const offset = await this.intake.takeOver();
      await this.sides.stateApproval().catch((cause: unknown) => {
        // No leaf, no start: who lets a log go on unwitnessed is written down first.
        this.sequencer.pause();
        throw cause;
      });
      this.refusals.end();
      // The owner before may have died before it was published.
      if (this.sequencer.head.size > 0) this.checkpoints.offer(this.sequencer.head.note);
      return offset;
    } catch (cause) {
      if (this.sequencer.isClaimed) {
        if (!this.refusals.refuse(cause)) throw cause;
        await this.sequencer.vacate();
      } else this.failed(cause);
      // Lost or given back: nothing is read while `run` gives the subscription up.
      return this.options.bus.endOffset(fixedTopics.stamp.name, 0);
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
}

function isFenced(cause: unknown): boolean {
  return cause instanceof AppError && cause.code === 'log-fenced';
}
