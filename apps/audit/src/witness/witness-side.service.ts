import { newExchangeId, type Clock } from '#kernel';
import type { AppMetrics, Logger } from '#platform';
import type { Database } from '#postgres';
import type { UnwitnessedPayload } from '#signing';
import { publicDigest } from '#snapshot';
import type { Checkpoint, NoteKey, WitnessPolicy } from '#tlog';
import type { AuditConfig } from '../audit.config.js';
import type { AuditKeys } from '../keys.service.js';
import { LogReaderStore } from '../log-reader.store.js';
import { makeWitnessMetrics } from '../ops/witness-metrics.service.js';
import type { StandingPath } from '../sequencer/standing-path.service.js';
import { AnchorStore } from './anchor.store.js';
import { exportedLog } from '../export/exported-log.js';
import { ExportedCheckpoint } from './exported-checkpoint.store.js';
import type { Fork } from './fork-alarm.js';
import { StartApprovals } from './start-approval.store.js';
import { StartCheck } from './start-check.service.js';
import { WitnessClient } from './witness-client.service.js';
import type { LaneState } from './witness-lane.worker.js';
import { witnessAddresses } from './witness-set.js';
import { witnessErrors } from './witness.errors.js';
import { Witnessing } from './witnessing.service.js';

export interface WitnessSideOptions {
  readonly config: Pick<AuditConfig, 'witnesses' | 'exportDir' | 'startApproval'>;
  /** Of `trust.json`; undefined: nobody witnesses this log. */
  readonly policy: WitnessPolicy | undefined;
  readonly operators: AuditKeys['operators'];
  /** Puts a statement of audit's own on the stamp topic; resolves when the broker holds it. */
  readonly state: (payload: UnwitnessedPayload) => Promise<void>;
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
  private readonly approvals: StartApprovals;

  constructor(private readonly options: WitnessSideOptions) {
    const { config, operators, key, database, logId, paths, published, clock, metrics, logger } = options;
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
    this.approvals = new StartApprovals({
      file: config.startApproval,
      operators,
      log: key.name,
      now: () => clock.now(),
      logger,
    });
    const exported = new ExportedCheckpoint(exportedLog(config.exportDir, key.name), key);
    this.start = new StartCheck({
      witnesses: clients,
      published,
      exported: () => exported.read(),
      rootAt: (size) => paths.rootAt(size),
      isApproved: (size) => this.approvals.isApproved(size),
      logger,
    });
  }

  /** Before the log is taken over; see `StartCheck`. */
  compare(size: number, isContinued: boolean): Promise<void> {
    return this.start.check(size, isContinued);
  }

  /** What two operators took upon themselves becomes a leaf; rejects if the broker does not take it. */
  async stateApproval(): Promise<void> {
    const approved = this.approvals.take();
    if (approved === undefined) return;
    const { clock, state } = this.options;
    const { size, text } = approved;
    await state({ v: 1, t: 'log.unwitnessed', id: newExchangeId(), ts: clock.now(), n: size, doc: publicDigest(text) });
    this.approvals.stated();
  }

  /** Notes a checkpoint for readers and hands it to witnesses; false: nothing may be published any more. */
  async publish(note: string): Promise<boolean> {
    await this.witnessing.publish(note);
    return this.mayPublish;
  }

  /** False once a witness has seen another tree: nothing that speaks for this one may leave us any more. */
  get mayPublish(): boolean {
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
