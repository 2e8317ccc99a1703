import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connectKafkaBus, type Bus } from '#bus';
import { freePort, startKafka, startPostgres, type LocalPostgres, type LocalPostgresOptions } from '#local';
import { eventually, processRunner } from '#testing';
import { AuditNetwork } from '../../../audit/audit-network.js';
import { temporaryDirectory } from '../../../system/spec-support/bus-under-test.js';
import { AuditProcess, PATIENCE } from './audit-process.js';
import { judgeReleased, type OutsideVerdict } from './outside-judge.js';
import { Stampers } from './stampers.js';

/** PostgreSQL that is stopped in every way that there is, and started again on the same data and port. */
export class DrillDatabase {
  private constructor(
    readonly options: LocalPostgresOptions,
    /** Of the newest start. */
    private server: LocalPostgres,
  ) {}

  static async start(options: LocalPostgresOptions): Promise<DrillDatabase> {
    return new DrillDatabase(options, await startPostgres(options));
  }

  get url(): string {
    return this.server.url;
  }

  /** What it has written since its newest start. */
  log(): string {
    return this.server.process.tail(256 * 1024);
  }

  /** `pg_ctl stop -m immediate`: no checkpoint, every session ended at once. */
  async stopImmediately(): Promise<void> {
    this.server.process.signal('SIGQUIT');
    await this.server.process.ended;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  async startAgain(): Promise<void> {
    this.server = await startPostgres(this.options);
  }

  /** As a supervisor does: starts it again if it has given up, until it answers. */
  async recovered(answers: () => Promise<unknown>): Promise<void> {
    await eventually(async () => {
      if (!this.server.process.isRunning) await this.startAgain();
      await answers();
      return true;
    }, PATIENCE);
  }
}

export interface GroundOptions {
  /** Of PostgreSQL, elsewhere than in the ground's own folder. */
  readonly dataDir?: string;
  /** Trust anchors of time-stamp tokens, PEM. */
  readonly timestampRoots?: readonly string[];
}

/**
 * One log with a database, a broker and built audit processes that are its own, somebody who stamps, and an outside
 * verifier that judges at the end: every receipt ever released still holds.
 */
export class DrillGround {
  constructor(
    readonly directory: string,
    readonly database: DrillDatabase,
    readonly brokers: string,
    readonly network: AuditNetwork,
    readonly stampers: Stampers,
    private readonly undo: (() => Promise<unknown>)[],
    private readonly addProcess: () => Promise<AuditProcess>,
  ) {}

  static async prepare(options: GroundOptions = {}): Promise<DrillGround> {
    const directory = await temporaryDirectory();
    const undo: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
    try {
      return await build(directory, undo, options);
    } catch (cause) {
      await unwind(undo);
      throw cause;
    }
  }

  /** A process that is not started yet. */
  audit(): Promise<AuditProcess> {
    return this.addProcess();
  }

  /** Undone before everything that was there before it. */
  atEnd(step: () => Promise<unknown>): void {
    this.undo.push(step);
  }

  /**
   * Lets every statement get its receipt, then asks the outside verifier about the log as this process shows it, or as
   * it lies in a folder.
   */
  async judge(shown: AuditProcess | string): Promise<OutsideVerdict> {
    await this.stampers.settle();
    const size = Math.max(0, ...this.network.receipts.map((receipt) => receipt.size));
    const released = { receipts: this.network.receipts, stamped: this.stampers.stamped };
    const log = typeof shown === 'string' ? shown : `${shown.url}/log/0/2026h2`;
    return judgeReleased({ log, size, trustDir: this.network.directory, ...released });
  }

  end(): Promise<void> {
    return unwind(this.undo);
  }
}

async function build(directory: string, undo: (() => Promise<unknown>)[], options: GroundOptions) {
  const [database, kafka] = await bothOrNone(
    DrillDatabase.start({
      dataDir: options.dataDir ?? join(directory, 'postgres'),
      port: await freePort(),
      password: 'drill',
      logFile: join(directory, 'postgres.log'),
    }),
    startKafka({
      dataDir: join(directory, 'kafka'),
      port: await freePort(),
      controllerPort: await freePort(),
      logFile: join(directory, 'kafka.log'),
    }),
    undo,
  );
  const { brokers } = kafka;
  const bus: Bus = await connectKafkaBus({ brokers: [brokers], clientId: 'drill' });
  const { timestampRoots = [] } = options;
  const network = await AuditNetwork.create({ timestampRoots, services: { url: database.url, bus } });
  undo.push(() => network.close());
  const runner = processRunner();
  undo.push(() => runner.stopAll());
  const stampers = new Stampers(network);
  undo.push(() => stampers.stop());
  const env = { ...network.env, KAFKA_BROKERS: brokers };
  return new DrillGround(directory, database, brokers, network, stampers, undo, async () => {
    const audit = await AuditProcess.create({ runner, databaseUrl: database.url, env });
    undo.push(() => audit.close());
    return audit;
  });
}

/** One may fail: the other must not stay behind. */
async function bothOrNone<A extends { stop(): Promise<unknown> }, B extends { stop(): Promise<unknown> }>(
  first: Promise<A>,
  second: Promise<B>,
  undo: (() => Promise<unknown>)[],
): Promise<[A, B]> {
  for (const one of [first, second])
    undo.push(() =>
      one.then(
        (service) => service.stop(),
        () => undefined,
      ),
    );
  return Promise.all([first, second]);
}

async function unwind(undo: (() => Promise<unknown>)[]): Promise<void> {
  for (const step of undo.splice(0).reverse()) await step();
}
