import { join } from 'node:path';
import { connectKafkaBus, type Bus } from '#bus';
import { replyTopic } from '#contracts';
import { systemClock } from '#kernel';
import { freePort, startPostgres, type LocalPostgres } from '#local';
import { logKeys } from '#log-watch';
import { keyFileName, loadKeySet, loadTrust } from '#platform';
import { RegistryCopy } from '#registry-copy';
import { KeyRing, type Signer } from '#signing';
import type { Instance } from '../../../apps/sandbox/src/instance/instance.js';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import { cpuTimeMs } from '../harness/cpu-time.js';
import { loadErrors } from '../harness/load.errors.js';
import { describeMachine } from '../harness/machine.js';
import { round, type Figures } from '../harness/measure.js';
import { Runs, say } from '../harness/report.js';
import type { BenchSettings } from '../harness/settings.js';
import { Workspace } from '../harness/workspace.js';
import { layLeaves } from './lay-leaves.js';
import { ReceiptMeter } from './receipt-meter.js';
import { CONSUMER, prepareStamps } from './stamps.js';

const RATES = [1_000, 2_500, 5_000, 10_000];
/** Gentle, so that batching does not hide what one stamp costs. */
const COST_RATE = 1_000;
/** A topic that the snapshot names; its owner passes over receipts that it does not wait for. */
const REPLY_TOPIC = replyTopic('DEMO/registry1').name;
const SMALL = 10_000;
const LARGE = 5_000_000;
const LARGE_WHEN_QUICK = 100_000;

interface Services {
  readonly postgres: LocalPostgres;
  readonly kafkaBrokers: string;
  readonly dataDir: string;
}

interface Cost extends Figures {
  readonly leaves: number;
  /** From a restart of audit to its first receipt. */
  readonly firstStampMs: number;
  /** CPU milliseconds per stamp of the audit process and of PostgreSQL; null where the system does not tell. */
  readonly auditCpuMs: number | null;
  readonly postgresCpuMs: number | null;
}

/**
 * Signed stamps to the built audit app, through real Kafka and PostgreSQL: receipts per second and time to receipt at
 * fixed offered rates, and what one stamp costs in a small and in a large log. The rest of the instance runs, idle.
 */
export function sequencerBenchmark(settings: BenchSettings): Promise<object> {
  return Workspace.use(async (workspace) => {
    const services = await startServices(workspace);
    say(await describeMachine(settings, services.postgres.url));
    say('sequencer: signed, verified stamps → audit.stamp → audit → receipts; everything on this machine, load too');
    const small = await withLog(services, async (log) => {
      const cost = await costAt(log, SMALL, settings);
      return { cost, offered: await offeredRates(log, settings) };
    });
    const cost: Record<string, Cost> = { [SMALL]: small.cost };
    if (settings.isLarge) {
      const size = settings.isQuick ? LARGE_WHEN_QUICK : LARGE;
      say(`  laying ${size} leaves`);
      await layLeaves({ databaseUrl: services.postgres.url, keysDir: join(services.dataDir, 'keys'), size });
      cost[size] = await withLog(services, (log) => costAt(log, size, settings));
    }
    return { offered: small.offered, cost };
  });
}

interface RunningLog {
  readonly instance: Instance;
  readonly postgres: LocalPostgres;
  readonly meter: ReceiptMeter;
  readonly prepare: (count: number) => ReturnType<typeof prepareStamps>;
}

async function startServices(workspace: Workspace): Promise<Services> {
  const postgres = await startPostgres({
    dataDir: join(workspace.directory, 'postgres'),
    port: await freePort(),
    password: 'bench',
    logFile: join(workspace.directory, 'postgres.log'),
    maxConnections: 200,
  });
  workspace.onEnd(() => postgres.stop());
  return { postgres, kafkaBrokers: await workspace.kafka(), dataDir: join(workspace.directory, 'instance') };
}

/** Starts the instance on the services, and stops it afterwards: the log stays. */
async function withLog<Value>(services: Services, work: (log: RunningLog) => Promise<Value>): Promise<Value> {
  const { postgres, kafkaBrokers, dataDir } = services;
  const brokers = kafkaBrokers.split(',');
  const instance = await startInstance({
    dataDir,
    databaseUrl: postgres.url,
    kafkaBrokers: brokers,
    // One signer makes all the load here, and nothing of it will ever have a sequel.
    env: { audit: { KEREGE_AUDIT_STAMPS_PER_SECOND: '1000000', KEREGE_AUDIT_SWEEP_INTERVAL_MS: '3600000' } },
  });
  const bus = await connectKafkaBus({ brokers, clientId: 'bench', maxQueuedCalls: 100_000 });
  const meter = new ReceiptMeter(bus, REPLY_TOPIC);
  try {
    await meter.start();
    const signer = await signerOf(instance);
    const snapshot = await snapshotNumber(bus, instance);
    return await work({ instance, postgres, meter, prepare: (count) => prepareStamps(count, signer, snapshot) });
  } finally {
    await meter.stop();
    await bus.close();
    await instance.stop();
  }
}

async function signerOf(instance: Instance): Promise<Signer> {
  const keys = await loadKeySet(join(instance.keysDir, keyFileName(CONSUMER)));
  return KeyRing.parse([[CONSUMER, keys]]).signer(CONSUMER);
}

async function snapshotNumber(bus: Bus, instance: Instance): Promise<number> {
  const trust = await loadTrust(instance.trustFile);
  const registryKeys = trust.registryKeys.map((jwk) => ({ kid: jwk.kid, jwk }));
  const events = { adopted: () => undefined, alarm: () => undefined };
  const copy = await RegistryCopy.start({
    bus,
    clock: systemClock,
    registryKeys,
    logs: logKeys(trust),
    instanceId: 'DEMO/bench',
    events,
  });
  try {
    const view = await copy.waitFor(() => true, Date.now() + 10_000);
    if (view === undefined) throw loadErrors.error('bench-tool-failed', { details: { reason: 'no snapshot' } });
    return view.number;
  } finally {
    await copy.stop();
  }
}

async function offeredRates(log: RunningLog, settings: BenchSettings): Promise<Record<string, Figures>> {
  const outcome: Record<string, Figures> = {};
  for (const perSecond of settings.loads ?? RATES) {
    const runs = new Runs(`${perSecond} offered per second`);
    for (let run = 0; run < settings.runs; run += 1) {
      const stamps = await log.prepare(perSecond * settings.seconds);
      runs.add(await log.meter.offer({ stamps, perSecond }));
    }
    outcome[perSecond] = runs.close();
  }
  return outcome;
}

/** After as many stamps as fill the small log, so that the process is as warm in the large one. */
async function costAt(log: RunningLog, leaves: number, { seconds, isQuick }: BenchSettings): Promise<Cost> {
  const firstStampMs = await firstStamp(log);
  if (!isQuick) await log.meter.offer({ stamps: await log.prepare(SMALL), perSecond: 2 * COST_RATE });
  const stamps = await log.prepare(COST_RATE * seconds);
  const before = cpuOf(log);
  const figures = await log.meter.offer({ stamps, perSecond: COST_RATE });
  const after = cpuOf(log);
  const perStamp = (from: number | undefined, to: number | undefined): number | null =>
    from === undefined || to === undefined ? null : round((to - from) / stamps.length, 3);
  const cost = {
    leaves,
    firstStampMs,
    ...figures,
    auditCpuMs: perStamp(before.audit, after.audit),
    postgresCpuMs: perStamp(before.postgres, after.postgres),
  };
  say(`  cost at ${leaves} leaves: ${JSON.stringify(cost)}`);
  return cost;
}

/** From the start of a killed audit process to the receipt of a stamp that waits for it. */
async function firstStamp({ instance, meter, prepare }: RunningLog): Promise<number> {
  const stamps = await prepare(1);
  await instance.takeDown('audit');
  const from = performance.now();
  await Promise.all([instance.bringBack('audit'), meter.offer({ stamps, perSecond: COST_RATE })]);
  return Math.round(performance.now() - from);
}

function cpuOf({ instance, postgres }: RunningLog): { audit: number | undefined; postgres: number | undefined } {
  const audit = instance.pid('audit');
  return { audit: audit === undefined ? undefined : cpuTimeMs(audit), postgres: cpuTimeMs(postgres.process.pid) };
}
