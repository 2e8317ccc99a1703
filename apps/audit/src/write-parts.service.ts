import { fixedTopics } from '#contracts';
import type { Bus } from '#bus';
import type { AppError, Clock } from '#kernel';
import type { AppMetrics, Logger, Tracing } from '#platform';
import type { Database } from '#postgres';
import type { AuditConfig } from './audit.config.js';
import { Intake } from './intake/intake.service.js';
import { SignatureCheck } from './intake/signature-check.service.js';
import { SnapshotKeeper } from './intake/snapshot.consumer.js';
import { SnapshotStore } from './intake/snapshot.store.js';
import type { AuditKeys } from './keys.service.js';
import type { AuditMetrics } from './ops/audit-metrics.service.js';
import { CheckpointPublisher } from './sequencer/checkpoint-publisher.service.js';
import { LogLease } from './sequencer/log-lease.service.js';
import { newestPublished } from './sequencer/published-size.service.js';
import { Sequencer } from './sequencer/sequencer.service.js';
import { TakeoverRefusals } from './sequencer/takeover-refusals.service.js';
import { Sweeper } from './sweeper/sweeper.service.js';
import { SweeperStore } from './sweeper/sweeper.store.js';
import { makeTimestamper } from './trusted-time/make-timestamper.service.js';
import type { Timestamper } from './trusted-time/timestamper.service.js';
import { IntakeWindows } from './windows/intake-windows.service.js';
import { RotationWatch } from './windows/rotation-watch.service.js';
import { Rotation } from './windows/rotation.service.js';
import { WindowSides } from './windows/window-sides.service.js';
import { ownGroup, WriteWindows } from './windows/write-windows.service.js';

export interface WriteSideOptions extends AuditKeys {
  readonly config: AuditConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: Database;
  /** Number of the window that the keys are of. */
  readonly logId: number;
  /** For the export, which must not take the writer's connections. */
  readonly reading: Database;
  readonly metrics: AppMetrics;
  readonly tracing: Tracing;
  /** Told of each window that this process opens: what follows one log is to follow the next from then on. */
  readonly onOpened?: () => void;
}

export interface WriteParts {
  readonly windows: WriteWindows;
  readonly sequencer: Sequencer;
  readonly lease: LogLease;
  readonly refusals: TakeoverRefusals;
  readonly snapshots: SnapshotKeeper;
  readonly signatures: SignatureCheck;
  readonly sides: WindowSides;
  readonly checkpoints: CheckpointPublisher;
  readonly intake: Intake;
  readonly rotation: Rotation;
  readonly rotationWatch: RotationWatch;
  readonly sweeper: Sweeper;
  readonly time: Timestamper;
}

export interface WritePartsOptions extends WriteSideOptions {
  readonly auditMetrics: AuditMetrics;
  /** Another process has taken the log from us. */
  readonly onFenced: (cause: AppError) => void;
}

/** Makes what writes the log, each part tied to those that it needs; starts nothing. */
export function makeWriteParts(options: WritePartsOptions): WriteParts {
  const { config, bus, clock, logger, database, auditMetrics } = options;
  const { windows, sequencer, sides } = sequencedLog(options);
  const refusals = new TakeoverRefusals(config.leaseMs, logger.child('sequencer'));
  const rotation = rotationOf(options, windows);
  const snapshots = new SnapshotKeeper(bus, new SnapshotStore(database), logger.child('snapshots'), () =>
    auditMetrics.aliens.add({}),
  );
  const signatures = new SignatureCheck(config.verifyThreads);
  const checkpoints = new CheckpointPublisher(bus, clock, logger.child('checkpoints'), (note) => sides.publish(note));
  const intake = new Intake({
    ...options,
    windows: new IntakeWindows(database, windows.store, clock),
    rotation,
    snapshots,
    signatures,
    sequencer,
    checkpoints,
    onOpened: (logId, key) => {
      sides.at(logId, key);
      sides.lookSoon();
      options.onOpened?.();
    },
    stampsPerSecond: config.stampsPerSecond,
    acceptNewTopic: config.acceptNewTopic,
    metrics: auditMetrics,
    logger: logger.child('intake'),
  });
  const rotationWatch = new RotationWatch({
    windows: windows.store,
    intake,
    sequencer,
    intervalMs: config.rotationIntervalMs,
    logger: logger.child('rotation'),
  });
  const time = makeTimestamper(options, {
    windows: windows.store,
    logId: () => sequencer.logId,
    head: () => (sides.mayPublish ? sequencer.head : undefined),
  });
  return {
    windows,
    sequencer,
    lease: leaseOf(options, sequencer, refusals),
    refusals,
    snapshots,
    signatures,
    sides,
    checkpoints,
    intake,
    rotation,
    rotationWatch,
    sweeper: sweeperOf(options, windows, sequencer),
    time,
  };
}

/** The sequencer with the windows that it writes and what goes along with each; each of the three asks the others. */
function sequencedLog(options: WritePartsOptions): Pick<WriteParts, 'windows' | 'sequencer' | 'sides'> {
  const { config, bus, logger, database } = options;
  const windows: WriteWindows = new WriteWindows({
    config,
    database,
    compare: (logId, key, size, isContinued) => sides.at(logId, key).witnesses.compare(size, isContinued),
  });
  const sequencer = new Sequencer({
    ...windows.sequenced(options.logId, { signer: options.noteSigner, key: options.noteKey, vkey: options.vkey }),
    newest: (inHand) => windows.newest(inHand),
    logger: logger.child('sequencer'),
    topic: fixedTopics.stamp.name,
  });
  const sides: WindowSides = new WindowSides({
    ...options,
    windows: windows.store,
    keys: windows.keys,
    intervalMs: config.rotationIntervalMs,
    sequencer,
    published: async (logId, key) =>
      newestPublished(bus, key, ownGroup('checkpoints', key.name), undefined, await windows.keyBefore(logId)),
  });
  return { windows, sequencer, sides };
}

function leaseOf(
  { config, bus, clock, logger, onFenced }: WritePartsOptions,
  sequencer: Sequencer,
  refusals: TakeoverRefusals,
): LogLease {
  return new LogLease({
    sequencer,
    leaseMs: config.leaseMs,
    hears: () => bus.isReachable(),
    onFenced,
    onOwned: () => refusals.end(),
    clock,
    logger: logger.child('lease'),
  });
}

function rotationOf({ config, signer, clock, logger }: WritePartsOptions, windows: WriteWindows): Rotation {
  return new Rotation({
    windows: windows.store,
    keys: windows.keys,
    signer,
    instanceId: config.instanceId,
    maxLeaves: config.windowLeaves,
    sequenced: windows.sequenced,
    clock,
    logger: logger.child('rotation'),
  });
}

function sweeperOf(options: WritePartsOptions, windows: WriteWindows, sequencer: Sequencer): Sweeper {
  const { config, bus, clock, logger, database } = options;
  return new Sweeper({
    bus,
    stores: async () => SweeperStore.ofWindows(database, await windows.store.lookedInto()),
    signer: options.signer,
    clock,
    intervalMs: config.sweepIntervalMs,
    waitMs: config.longestDeadlineMs + config.sweepGraceMs,
    isOwner: () => sequencer.isOwner,
    metrics: options.auditMetrics,
    logger: logger.child('sweeper'),
  });
}
