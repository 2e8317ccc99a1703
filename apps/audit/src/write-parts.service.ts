import { fixedTopics } from '#contracts';
import type { Bus } from '#bus';
import type { AppError, Clock } from '#kernel';
import type { AppMetrics, Logger, Tracing } from '#platform';
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
import type { AuditMetrics } from './ops/audit-metrics.service.js';
import { CheckpointPublisher } from './sequencer/checkpoint-publisher.service.js';
import { LogLease } from './sequencer/log-lease.service.js';
import { LogStore } from './sequencer/log.store.js';
import { newestPublished } from './sequencer/published-size.service.js';
import { Sequencer } from './sequencer/sequencer.service.js';
import { StandingPath } from './sequencer/standing-path.service.js';
import { noteCheck } from './scrub/anchor-check.js';
import { scrubMetrics } from './scrub/scrub-metrics.service.js';
import { ScrubStore } from './scrub/scrub.store.js';
import { ScrubWorker } from './scrub/scrub.worker.js';
import { Sweeper } from './sweeper/sweeper.service.js';
import { SweeperStore } from './sweeper/sweeper.store.js';
import { makeTimestamper } from './trusted-time/make-timestamper.service.js';
import type { Timestamper } from './trusted-time/timestamper.service.js';
import { WitnessSide } from './witness/witness-side.service.js';

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

export interface WriteParts {
  readonly sequencer: Sequencer;
  readonly lease: LogLease;
  readonly snapshots: SnapshotKeeper;
  readonly signatures: SignatureCheck;
  readonly witnesses: WitnessSide;
  readonly checkpoints: CheckpointPublisher;
  readonly intake: Intake;
  readonly sweeper: Sweeper;
  readonly time: Timestamper;
  readonly scrub: ScrubWorker;
}

export interface WritePartsOptions extends WriteSideOptions {
  readonly auditMetrics: AuditMetrics;
  /** Another process has taken the log from us. */
  readonly onFenced: (cause: AppError) => void;
}

/** Makes what writes the log, each part tied to those that it needs; starts nothing. */
export function makeWriteParts(options: WritePartsOptions): WriteParts {
  const { config, bus, clock, logger, database, logId } = options;
  const paths = new StandingPath(new LogReaderStore(database), logId);
  const witnesses = witnessSide(options, paths);
  const sequencer = new Sequencer({
    store: new LogStore(database, logId),
    signer: options.noteSigner,
    key: options.noteKey,
    logger: logger.child('sequencer'),
    topic: fixedTopics.stamp.name,
    compare: (size) => witnesses.compare(size),
  });
  const lease = new LogLease({
    sequencer,
    leaseMs: config.leaseMs,
    hears: () => bus.isReachable(),
    onFenced: options.onFenced,
    clock,
    logger: logger.child('lease'),
  });
  const snapshots = new SnapshotKeeper(bus, new SnapshotStore(database), logger.child('snapshots'), () =>
    options.auditMetrics.aliens.add({}),
  );
  const signatures = new SignatureCheck(config.verifyThreads);
  const checkpoints = new CheckpointPublisher(bus, clock, logger.child('checkpoints'), (note) =>
    witnesses.publish(note),
  );
  const intake = new Intake({
    bus,
    store: new IntakeStore(database, logId),
    snapshots,
    signatures,
    sequencer,
    paths,
    checkpoints,
    registryKeys: options.registryKeys,
    signer: options.signer,
    stampsPerSecond: config.stampsPerSecond,
    acceptNewTopic: config.acceptNewTopic,
    metrics: options.auditMetrics,
    logger: logger.child('intake'),
  });
  const mayPublish = () => sequencer.isOwner && witnesses.mayPublish;
  return {
    sequencer,
    lease,
    snapshots,
    signatures,
    witnesses,
    checkpoints,
    intake,
    sweeper: sweeperOf(options, sequencer),
    time: makeTimestamper(options, () => (mayPublish() ? sequencer.head : undefined)),
    scrub: scrubOf(options, sequencer),
  };
}

function sweeperOf(options: WritePartsOptions, sequencer: Sequencer): Sweeper {
  const { config, bus, clock, logger, database, logId } = options;
  return new Sweeper({
    bus,
    store: new SweeperStore(database, logId),
    signer: options.signer,
    clock,
    intervalMs: config.sweepIntervalMs,
    waitMs: config.longestDeadlineMs + config.sweepGraceMs,
    isOwner: () => sequencer.isOwner,
    metrics: options.auditMetrics,
    logger: logger.child('sweeper'),
  });
}

function witnessSide(options: WritePartsOptions, paths: StandingPath): WitnessSide {
  const { config, bus, clock, logger, database, logId, metrics, noteKey, signer } = options;
  return new WitnessSide({
    config,
    policy: options.policy,
    operators: options.operators,
    state: async (payload) => {
      const { jws } = await signStatement(payload, signer);
      await bus.publish([{ topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(jws) }]);
    },
    key: noteKey,
    database,
    logId,
    paths,
    published: () => newestPublished(bus, noteKey, ownGroup('checkpoints', noteKey.name)),
    clock,
    metrics,
    logger: logger.child('witness'),
  });
}

function scrubOf(options: WritePartsOptions, sequencer: Sequencer): ScrubWorker {
  const { config, clock, logger, database, logId, noteKey } = options;
  return new ScrubWorker({
    logId,
    store: new ScrubStore(database, logId),
    log: new LogStore(database, logId),
    reader: new LogReaderStore(database),
    key: noteKey,
    anchors: [noteCheck(noteKey)],
    percent: config.scrubPercent,
    intervalMs: config.scrubIntervalMs,
    isOwner: () => sequencer.isOwner,
    condemn: ({ problem }) => sequencer.condemn(problem),
    metrics: scrubMetrics.on(options.metrics),
    clock,
    logger: logger.child('scrub'),
  });
}

/** A consumer group of this process alone: each of us reads all of it. */
export function ownGroup(purpose: string, origin: string): string {
  return `audit.${purpose}.${origin.replaceAll('/', '.')}.${crypto.randomUUID()}`;
}
