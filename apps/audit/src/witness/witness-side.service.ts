import type { Clock } from '#kernel';
import type { AppMetrics, Logger } from '#platform';
import type { Database } from '#postgres';
import type { Checkpoint, NoteKey, WitnessPolicy } from '#tlog';
import type { AuditConfig } from '../audit.config.js';
import { LogReaderStore } from '../log-reader.store.js';
import { makeWitnessMetrics } from '../ops/witness-metrics.service.js';
import type { StandingPath } from '../sequencer/standing-path.service.js';
import { AnchorStore } from './anchor.store.js';
import { exportedCheckpoint } from './exported-checkpoint.store.js';
import type { Fork } from './fork-alarm.js';
import { StartCheck } from './start-check.service.js';
import { WitnessClient } from './witness-client.service.js';
import type { LaneState } from './witness-lane.worker.js';
import { witnessAddresses } from './witness-set.js';
import { witnessErrors } from './witness.errors.js';
import { Witnessing } from './witnessing.service.js';

export interface WitnessSideOptions {
  readonly config: Pick<AuditConfig, 'witnesses' | 'exportDir'>;
  /** Of `trust.json`; undefined: nobody witnesses this log. */
  readonly policy: WitnessPolicy | undefined;
  readonly key: NoteKey;
  readonly database: Database;
  readonly logId: number;
  readonly paths: StandingPath;
  readonly published: () => Promise<readonly Checkpoint[]>;
  readonly clock: Clock;
  readonly metrics: AppMetrics;
  readonly logger: Logger;
}

/** How the witnesses of the log do, for `/status`. */
export interface WitnessState {
  readonly fork: Fork | undefined;
  readonly lanes: readonly LaneState[];
}

/** Everything of the log's writer that has to do with what others remember of it. */
export class WitnessSide {
  private readonly witnessing: Witnessing;
  private readonly start: StartCheck;

  constructor(options: WitnessSideOptions) {
    const { config, key, database, logId, paths, published, clock, metrics, logger } = options;
    const clients = addressesOf(options).map((address) => new WitnessClient(address, key));
    const reader = new LogReaderStore(database);
    this.witnessing = new Witnessing({
      clients,
      anchors: new AnchorStore(database, logId),
      key,
      proof: (from, to) => paths.consistency(from, to),
      headSize: async () => (await reader.head(logId))?.size ?? 0,
      clock,
      metrics: makeWitnessMetrics(metrics),
      logger,
    });
    this.start = new StartCheck({
      witnesses: clients,
      published,
      exported: () => exportedCheckpoint(config.exportDir, key),
      rootAt: (size) => paths.rootAt(size),
      isApproved: () => Promise.resolve(false),
      logger,
    });
  }

  /** Before the log is taken over; see `StartCheck`. */
  compare(size: number): Promise<void> {
    return this.start.check(size);
  }

  /** Notes a checkpoint for readers and hands it to witnesses; false: nothing may be published any more. */
  async publish(note: string): Promise<boolean> {
    await this.witnessing.publish(note);
    return this.witnessing.fork === undefined;
  }

  /** Undefined where no witness is configured. */
  get state(): WitnessState | undefined {
    const { fork, states } = this.witnessing;
    return states.length === 0 ? undefined : { fork, lanes: states };
  }

  close(): Promise<void> {
    return this.witnessing.close();
  }
}

function addressesOf({ policy, config }: WitnessSideOptions) {
  if (policy === undefined) return [];
  const addresses = witnessAddresses(policy, config.witnesses);
  if (!addresses.ok) throw witnessErrors.error('witness-policy', { extensions: { problems: [addresses.reason] } });
  return addresses.value;
}
