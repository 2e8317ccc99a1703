import { fixedTopics } from '#contracts';
import type { Bus } from '#bus';
import type { Clock } from '#kernel';
import type { AppMetrics, Logger } from '#platform';
import type { Database } from '#postgres';
import { signStatement } from '#signing';
import type { Checkpoint, NoteKey } from '#tlog';
import type { AuditConfig } from '../audit.config.js';
import { makeExport, type LogExport } from '../export/start-export.service.js';
import type { AuditKeys } from '../keys.service.js';
import { LogReaderStore } from '../log-reader.store.js';
import { LogStore } from '../sequencer/log.store.js';
import type { Sequencer } from '../sequencer/sequencer.service.js';
import { StandingPath } from '../sequencer/standing-path.service.js';
import { anchorChecks } from '../scrub/anchor-check.js';
import { scrubMetrics } from '../scrub/scrub-metrics.service.js';
import { ScrubStore } from '../scrub/scrub.store.js';
import { ScrubWorker } from '../scrub/scrub.worker.js';
import { WitnessSide } from '../witness/witness-side.service.js';
import type { WindowState } from './window-state.js';
import type { StoredWindow } from './window.store.js';

export interface WindowSideOptions extends Pick<AuditKeys, 'signer' | 'policy' | 'operators' | 'timestampRoots'> {
  readonly config: AuditConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly database: Database;
  /** For the export, which must not take the writer's connections. */
  readonly reading: Database;
  readonly metrics: AppMetrics;
  readonly sequencer: Pick<Sequencer, 'isOwner' | 'condemn'>;
  /** The newest checkpoints of that log on the topic. */
  readonly published: (logId: number, key: NoteKey) => Promise<readonly Checkpoint[]>;
  /** Whether this process speaks for the shard: it writes, and no witness has seen another tree of any window. */
  readonly mayPublish: () => boolean;
  /** Of one core, what the scrub of one window may take, in percent. */
  readonly scrubPercent: () => number;
}

/**
 * What goes along with one window of the log in the process that writes it: witnesses, export and scrub. The window that
 * is written has all of them. One that is closed keeps them until everything of it is out: its last checkpoint is
 * exported and cosigned; it is scrubbed for as long as intake looks into it.
 */
export class WindowSide {
  readonly witnesses: WitnessSide;
  readonly scrub: ScrubWorker;
  readonly export: LogExport;
  private isStarted = false;
  private isScrubbing = false;
  /** Its last checkpoint is with its witnesses. */
  private isOffered = false;

  constructor(
    private readonly options: WindowSideOptions,
    readonly logId: number,
    readonly key: NoteKey,
  ) {
    const { config, logger, metrics } = options;
    this.witnesses = witnessSide(options, logId, key);
    this.scrub = scrubOf(options, logId, key);
    this.export = makeExport({
      exportDir: config.exportDir,
      database: options.reading,
      logId,
      key,
      isOwner: options.mayPublish,
      logger,
      metrics,
    });
  }

  /** Does what is due in that state; called again and again. */
  async follow(window: StoredWindow, state: WindowState): Promise<void> {
    if (!this.isStarted) this.export.start();
    this.isStarted = true;
    if (state === 'frozen') {
      if (this.isScrubbing) await this.scrub.stop();
      this.isScrubbing = false;
      return;
    }
    if (!this.isScrubbing) this.scrub.start();
    this.isScrubbing = true;
    if (state !== 'closed' || this.isOffered || !this.options.mayPublish()) return;
    // What the publisher did not bring out, because the process before was killed.
    await this.witnesses.publish(window.note);
    this.isOffered = true;
  }

  /** Nothing of that window is left to be brought out. */
  isDone({ size }: StoredWindow, state: WindowState): boolean {
    return state === 'frozen' && this.export.holds(size);
  }

  /** Ends export and scrub. */
  async stop(): Promise<void> {
    await Promise.all([this.export.stop(), this.scrub.stop()]);
  }

  close(): Promise<void> {
    return this.witnesses.close();
  }
}

function witnessSide(options: WindowSideOptions, logId: number, key: NoteKey): WitnessSide {
  const { config, bus, clock, logger, database, metrics, signer, published } = options;
  return new WitnessSide({
    config,
    policy: options.policy,
    operators: options.operators,
    state: async (payload) => {
      const { jws } = await signStatement(payload, signer);
      await bus.publish([{ topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(jws) }]);
    },
    key,
    database,
    logId,
    paths: new StandingPath(new LogReaderStore(database), logId),
    published: () => published(logId, key),
    clock,
    metrics,
    logger: logger.child('witness'),
  });
}

function scrubOf(options: WindowSideOptions, logId: number, key: NoteKey): ScrubWorker {
  const { config, clock, logger, database, sequencer, metrics, scrubPercent } = options;
  return new ScrubWorker({
    logId,
    store: new ScrubStore(database, logId),
    log: new LogStore(database, logId),
    reader: new LogReaderStore(database),
    key,
    anchors: anchorChecks({ ...options, key, now: () => clock.now() }),
    get percent() {
      return scrubPercent();
    },
    intervalMs: config.scrubIntervalMs,
    isOwner: () => sequencer.isOwner,
    condemn: ({ problem }) => sequencer.condemn(problem),
    metrics: scrubMetrics.on(metrics),
    clock,
    logger: logger.child('scrub'),
  });
}
