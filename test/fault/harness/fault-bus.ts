import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, repositoryRoot, startKafka, startPostgres, type ExtraListener, type LocalKafka } from '#local';
import { eventually } from '#testing';
import type { Instance, InstanceOptions } from '../../../apps/sandbox/src/instance/instance.js';
import { startInstance } from '../../../apps/sandbox/src/instance/instance.module.js';
import { kerege, temporaryDirectory } from '../../system/spec-support/bus-under-test.js';
import { Boundary, type Crossing, type Moment, type Plan, type Step } from './boundary.js';
import { kafkaProtocol } from './kafka-wire.js';
import { postgresProtocol } from './postgres-wire.js';
import { startProxy, type Proxy } from './wire.js';

/** Processes that speak to Kafka and PostgreSQL through a boundary of their own. */
const TESTED = ['gateway', 'cn1', 'cn2', 'audit', 'registry'] as const;
export type Tested = (typeof TESTED)[number];

export interface FaultBusOptions {
  readonly env?: NonNullable<InstanceOptions['env']>;
  /** Of every service; absent: as in the sandbox, which is shorter than a consumer group takes to miss a dead member. */
  readonly serviceTimeoutMs?: number;
}

/** A whole bus of built processes, each behind a boundary. */
export interface FaultBus {
  readonly instance: Instance;
  /** How this process reaches Kafka and PostgreSQL, for a second one of its kind. */
  envOf(name: Tested): Readonly<Record<string, string>>;
  /** SIGKILL at that very moment; resolves when the process is dead. It stays down until `bringBack`. */
  killAt(name: Tested, step: Step, moment: Moment, more?: Pick<Plan, 'onlyTopics'>): Promise<Crossing>;
  /** No kill: at that very moment the process is cut off from Kafka and PostgreSQL, until `rejoin`. */
  isolateAt(name: Tested, step: Step, moment: Moment): Promise<Crossing>;
  /** Its connections break, and new ones work. */
  rejoin(name: Tested): void;
  /** No kill: the step fails, without effect (`before`) or with it (`after`); resolves when it has, `times` times. */
  fail(name: Tested, step: Step, moment: Moment, times?: number): Promise<Crossing>;
  /** Resolves with the next crossing of that step, which goes on as if nobody had looked. */
  note(name: Tested, step: Step): Promise<Crossing>;
  /** Starts a killed process again; resolves when it says that it is ready, unless nobody waits for that. */
  bringBack(name: Tested, options?: { readonly ready: boolean }): Promise<void>;
  /** SIGSTOP and SIGCONT: alive, and does nothing. */
  freeze(name: Tested): void;
  thaw(name: Tested): void;
  /** Applies the definition with a change in it; rejects if that fails. */
  apply(change: (yaml: string) => string): Promise<void>;
  readonly broker: { kill(): Promise<void>; bringBack(): Promise<void> };
  end(): Promise<void>;
}

const PATIENCE_MS = 60_000;

interface Gate {
  readonly boundary: Boundary;
  readonly kafka: Proxy;
  readonly postgres: Proxy;
}

/** Starts it; what it needs is built before (`npm run build`). */
export async function startFaultBus(options: FaultBusOptions = {}): Promise<FaultBus> {
  const directory = await temporaryDirectory();
  const undo: (() => Promise<unknown>)[] = [];
  const end = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const services = await startServices(directory, undo);
    const env = Object.fromEntries(
      TESTED.map((name) => [name, { ...services.envOf(name), ...options.env?.[name] }] as const),
    );
    const instance = await startInstance({
      dataDir: join(directory, 'bus'),
      databaseUrl: services.databaseUrl,
      kafkaBrokers: [services.broker.brokers],
      env: { ...options.env, ...env },
    });
    undo.push(() => instance.stop());
    const { serviceTimeoutMs } = options;
    const withTimeout = (yaml: string) => yaml.replaceAll(/timeoutMs: \d+/g, `timeoutMs: ${serviceTimeoutMs}`);
    const definition = serviceTimeoutMs === undefined ? (yaml: string) => yaml : withTimeout;
    if (serviceTimeoutMs !== undefined) await applyChange(instance, definition);
    return {
      ...faultBus(instance, services),
      apply: (change) => applyChange(instance, (yaml) => change(definition(yaml))),
      end: async () => {
        await end();
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (cause) {
    await end();
    // What was wrong stands in the logs, which would go with the folder.
    process.stderr.write(`the bus under test did not start; its data are kept in ${directory}\n`);
    throw cause;
  }
}

type Services = Awaited<ReturnType<typeof startServices>>;

/** PostgreSQL, a broker with one listener per tested process, and the proxies in front of them. */
async function startServices(directory: string, undo: (() => Promise<unknown>)[]) {
  const listeners = await Promise.all(
    TESTED.map(async (name) => {
      const [port, advertisedPort] = await Promise.all([freePort(), freePort()]);
      return { process: name, name: name.toUpperCase(), port, advertisedPort };
    }),
  );
  const starting = [startDatabase(directory), startBroker(directory, listeners)] as const;
  // One may fail: the other must not stay behind.
  for (const service of starting) undo.push(() => service.then(({ stop }) => stop()).catch(() => undefined));
  const [database, broker] = await Promise.all(starting);
  const gates = new Map<Tested, Gate>();
  for (const { process: name, port, advertisedPort } of listeners) {
    const gate = await startGate({ kafkaPort: port, advertisedPort, postgresPort: Number(new URL(database.url).port) });
    gates.set(name, gate);
    undo.push(async () => {
      await gate.kafka.close();
      await gate.postgres.close();
    });
  }
  const gate = (name: Tested) => gates.get(name) as Gate;
  const envOf = (name: Tested) => {
    const url = new URL(database.url);
    url.port = String(gate(name).postgres.port);
    return { KAFKA_BROKERS: `127.0.0.1:${gate(name).kafka.port}`, DATABASE_URL: url.href };
  };
  return { databaseUrl: database.url, broker, envOf, gate };
}

async function startDatabase(directory: string) {
  return startPostgres({
    dataDir: join(directory, 'postgres'),
    port: await freePort(),
    password: 'fault',
    logFile: join(directory, 'postgres.log'),
    durable: false,
    maxConnections: 200,
  });
}

async function startBroker(directory: string, extraListeners: readonly ExtraListener[]) {
  const options = {
    dataDir: join(directory, 'kafka'),
    port: await freePort(),
    controllerPort: await freePort(),
    logFile: join(directory, 'kafka.log'),
    extraListeners,
  };
  let broker: LocalKafka = await startKafka(options);
  return {
    brokers: broker.brokers,
    stop: () => broker.stop(),
    kill: () => broker.process.kill(),
    bringBack: async () => void (broker = await startKafka(options)),
  };
}

async function startGate(ports: { kafkaPort: number; advertisedPort: number; postgresPort: number }): Promise<Gate> {
  const boundary = new Boundary();
  const meet = boundary.meet.bind(boundary);
  const [kafka, postgres] = await Promise.all([
    startProxy({ boundary, port: ports.advertisedPort, serverPort: ports.kafkaPort, speak: kafkaProtocol(meet) }),
    startProxy({ boundary, port: 0, serverPort: ports.postgresPort, speak: postgresProtocol(meet) }),
  ]);
  return { boundary, kafka, postgres };
}

/** The sandbox's definition with a change in it, applied as an operator applies it; rejects if that fails. */
async function applyChange(
  { dataDir, registryUrl, keysDir }: Instance,
  change: (yaml: string) => string,
): Promise<void> {
  const source = join(repositoryRoot(), 'apps/sandbox');
  const folder = join(dataDir, 'definition');
  await cp(join(source, 'openapi'), join(folder, 'openapi'), { recursive: true });
  const file = join(folder, 'instance.yaml');
  await writeFile(file, change(await readFile(join(source, 'instance.yaml'), 'utf8')));
  const { code, output } = await kerege(['apply', '-f', file, '--registry', registryUrl, '--keys', keysDir], folder);
  if (code !== 0) throw new TypeError(`not applied: ${output}`);
}

/** A step that never comes is a mistake of the test, which is told so before its own time is up. */
function crossed(met: Promise<Crossing>, name: Tested): Promise<Crossing> {
  const { promise, resolve, reject } = Promise.withResolvers<Crossing>();
  const timer = setTimeout(() => reject(new TypeError(`${name} has not taken the step`)), PATIENCE_MS);
  // Whoever has failed before does not wait for it any more.
  promise.catch(() => undefined);
  void met.then(resolve).finally(() => clearTimeout(timer));
  return promise;
}

function faultBus(instance: Instance, services: Services): Omit<FaultBus, 'apply' | 'end'> {
  const arm = (name: Tested, plan: Plan) => crossed(services.gate(name).boundary.arm(plan), name);
  const signal = (name: Tested, kind: NodeJS.Signals) => {
    const pid = instance.pid(name);
    if (pid !== undefined) process.kill(pid, kind);
  };
  return {
    instance,
    envOf: (name) => services.envOf(name),
    killAt: async (name, step, moment, more = {}) => {
      const crossing = await arm(name, { step, moment, fate: 'halt', ...more });
      await instance.takeDown(name);
      services.gate(name).boundary.reset();
      return crossing;
    },
    isolateAt: (name, step, moment) => arm(name, { step, moment, fate: 'halt' }),
    rejoin: (name) => services.gate(name).boundary.reset(),
    fail: (name, step, moment, times = 1) => arm(name, { step, moment, fate: 'cut', times }),
    note: (name, step) => arm(name, { step, moment: 'before', fate: 'pass' }),
    bringBack: async (name, { ready } = { ready: true }) => {
      await instance.bringBack(name);
      if (!ready) return;
      const url = `http://127.0.0.1:${instance.ports[name]}/ready`;
      await eventually(async () => (await fetch(url)).status === 200, { timeoutMs: PATIENCE_MS, intervalMs: 50 });
    },
    freeze: (name) => signal(name, 'SIGSTOP'),
    thaw: (name) => signal(name, 'SIGCONT'),
    broker: services.broker,
  };
}
