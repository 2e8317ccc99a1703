import { join } from 'node:path';
import { ensureDatabase, provisionRoles, startKafka, startPostgres, type KafkaHome, type SchemaRoles } from '#local';
import { writeFallbackPlan } from '../fallback/fallback-plan.store.js';
import { ensurePassword } from '../keys/key-files.store.js';
import type { Stage, Supervisor } from '../supervisor/supervisor.service.js';
import type { AppName, AppPlan, ProcessName } from './app-plan.js';
import { startApp } from './app-process.service.js';
import { applyDefinition, isApplied } from './apply.service.js';
import type { InstanceMode, InstanceOptions } from './instance.js';
import {
  KEYS_DATABASE,
  KEYS_SCHEMA,
  localUrl,
  WITNESSES,
  type Ports,
  type SecondName,
  type WitnessName,
} from './layout.js';
import { awaitReady } from './readiness.service.js';
import type { Steps } from './step.js';

/** Everything that is known before the first process is started. */
export interface StartContext {
  readonly options: InstanceOptions;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
  readonly steps: Steps;
  readonly ports: Ports;
  readonly mode: InstanceMode;
  readonly missing: string | undefined;
  readonly kafkaHome: KafkaHome | undefined;
  readonly dataDir: string;
  readonly logsDir: string;
  readonly definition: string;
  readonly origin: string;
  readonly keysDir: string;
  readonly trustFile: string;
  /** Absent: there is no OpenSSL, hence no trusted time. */
  readonly timeAuthorityDir: string | undefined;
}

const STAGE_OF: Readonly<Record<ProcessName, Stage>> = {
  gateway: 'edge',
  gateway2: 'edge',
  cn1: 'providers',
  cn1b: 'providers',
  cn2: 'providers',
  cn2b: 'providers',
  agencies: 'providers',
  feedback: 'providers',
  registry: 'core',
  audit: 'core',
  audit2: 'core',
  timeAuthority: 'core',
  identityProvider: 'core',
  portal: 'edge',
  witness1: 'core',
  witness2: 'core',
};

export interface Services extends DatabasePlace {
  readonly kafkaBrokers: string;
}

interface DatabasePlace {
  /** Of a superuser, where the database is ours. */
  readonly databaseUrl: string;
  readonly roles?: Readonly<Record<string, SchemaRoles>>;
}

/** Schemas of the apps that keep rows. */
const SCHEMAS = ['audit', 'connector', 'feedback', 'gateway', 'registry'];

/** PostgreSQL and Kafka, beside each other. */
export async function startServices(context: StartContext): Promise<Services> {
  const [database, kafkaBrokers] = await Promise.all([postgres(context), kafka(context)]);
  return { ...database, kafkaBrokers };
}

async function postgres(context: StartContext): Promise<DatabasePlace> {
  const { options, steps, supervisor, ports, dataDir, logsDir, mode } = context;
  if (options.databaseUrl !== undefined && mode === 'processes') {
    steps.skip('postgres', 'yours (DATABASE_URL)');
    return { databaseUrl: options.databaseUrl };
  }
  const password = await ensurePassword(dataDir);
  const start = () =>
    startPostgres({
      dataDir: join(dataDir, 'postgres'),
      port: ports.postgres,
      password,
      logFile: join(logsDir, 'postgres.log'),
      maxConnections: 100,
    });
  let url = '';
  await steps.run('postgres', () =>
    supervisor.start({
      name: 'postgres',
      stage: 'services',
      start: async () => {
        const started = await start();
        url = started.url;
        return started.process;
      },
    }),
  );
  return { databaseUrl: url, roles: await rolesOf(url, password) };
}

/** Feedback's keys lie in another database, which would have backups of its own. */
async function rolesOf(url: string, secret: string): Promise<Readonly<Record<string, SchemaRoles>>> {
  const keysUrl = await ensureDatabase(url, KEYS_DATABASE);
  const apps = await provisionRoles({ url, secret, schemas: SCHEMAS });
  return { ...apps, ...(await provisionRoles({ url: keysUrl, secret, schemas: [KEYS_SCHEMA] })) };
}

async function kafka({ options, steps, supervisor, ports, dataDir, logsDir, mode, kafkaHome }: StartContext) {
  if (mode === 'one-process') {
    steps.skip('kafka', 'none: one process');
    return '';
  }
  if (kafkaHome === undefined) {
    steps.skip('kafka', 'yours (KAFKA_BROKERS)');
    return (options.kafkaBrokers ?? []).join(',');
  }
  const start = () =>
    startKafka({
      dataDir: join(dataDir, 'kafka'),
      port: ports.kafka,
      controllerPort: ports.kafkaController,
      logFile: join(logsDir, 'kafka.log'),
      home: kafkaHome,
    });
  await steps.run('kafka', () =>
    supervisor.start({ name: 'kafka', stage: 'services', start: async () => (await start()).process }),
  );
  return `127.0.0.1:${ports.kafka}`;
}

/** The second processes are there in a doubled instance only, the time-stamp authorities where there is OpenSSL. */
export type Plans = Readonly<Record<AppName | WitnessName | 'identityProvider' | 'portal', AppPlan>> &
  Readonly<Partial<Record<SecondName | 'timeAuthority', AppPlan>>>;

/** The apps, and the definition applied; resolves when the gateway says that an exchange would succeed. */
export async function startParts(context: StartContext, plans: Plans): Promise<void> {
  if (context.mode === 'one-process') await startOneProcess(context, plans);
  else await startProcesses(context, plans);
  const { steps, signal } = context;
  const gateways = [plans.gateway, plans.gateway2].flatMap((plan) => (plan === undefined ? [] : [readyUrl(plan)]));
  await steps.run('ready', (note) => Promise.all(gateways.map((url) => awaitReady(url, signal, note))));
}

/**
 * The registry makes the topics and the first snapshot, which all others look for. So on a first start it and the log
 * come before the edges; later everything starts at once.
 */
async function startProcesses(context: StartContext, plans: Plans): Promise<void> {
  const { steps, options } = context;
  const apply = applicationOf(context);
  const wasApplied = await isApplied(apply);
  const run = async (...names: ProcessName[]) => {
    const chosen = names.flatMap((name) => plans[name] ?? []);
    await Promise.all(chosen.map((plan) => startOne(context, plan)));
  };
  const core = async () => {
    const agencies = steps.run('agencies', () => run('agencies'));
    const identity = steps.run('identity', () => run('identityProvider'));
    const audit = steps.run('audit', () => run('audit', 'audit2', ...WITNESSES));
    const time = plans.timeAuthority === undefined ? undefined : steps.run('time', () => run('timeAuthority'));
    const registry = steps
      .run('registry', () => run('registry'))
      .then(async () => {
        if (wasApplied) steps.skip('apply', 'unchanged since the last start');
        else await steps.run('apply', () => identity.then(() => applyDefinition(apply)));
      });
    await Promise.all([agencies, audit, registry, time, identity]);
  };
  const feedback = async () => {
    if (options.isWithoutFeedback === true) steps.skip('feedback', 'left out');
    else await steps.run('feedback', () => run('feedback'));
  };
  const edges = () =>
    Promise.all([
      steps.run('connectors', () => run('cn1', 'cn2', 'cn1b', 'cn2b')),
      steps.run('gateway', () => run('gateway', 'gateway2')),
      feedback(),
      steps.run('portal', () => run('portal')),
    ]);
  if (wasApplied) {
    await Promise.all([core(), edges()]);
  } else {
    await core();
    await edges();
  }
}

function readyUrl({ liveUrl }: AppPlan): string {
  return new URL(liveUrl).origin;
}

function startOne({ supervisor, logsDir, signal }: StartContext, plan: AppPlan): Promise<void> {
  return supervisor.start({
    name: plan.name,
    stage: STAGE_OF[plan.name],
    start: () => startApp({ plan, logFile: join(logsDir, `${plan.name}.log`), signal }),
  });
}

/** All apps in one process over the in-process bus. If it dies its bus is gone, so it is not started again. */
async function startOneProcess(context: StartContext, plans: Plans): Promise<void> {
  const { steps, supervisor, dataDir, logsDir, definition, ports, signal, options } = context;
  const planFile = join(dataDir, 'plan.json');
  await writeFallbackPlan(planFile, plans, definition);
  const plan: AppPlan = {
    name: 'gateway',
    main: 'bin/one-process.js',
    env: { KEREGE_FALLBACK_PLAN: planFile },
    liveUrl: `${localUrl(ports.registry)}/live`,
  };
  const start = () => startApp({ plan, logFile: join(logsDir, 'fallback.log'), signal });
  const onDeath = () => options.tell?.('Stop with Ctrl-C and start again; nothing of this run is kept.');
  await Promise.all(WITNESSES.map((name) => startOne(context, plans[name])));
  await steps.run('identity', () => startOne(context, plans.identityProvider));
  await steps.run('portal', () => startOne(context, plans.portal));
  await steps.run('gateway', () =>
    supervisor.start({ name: 'fallback', stage: 'edge', start, restart: false, onDeath }),
  );
  for (const name of ['agencies', 'registry', 'audit', 'connectors', 'feedback'] as const)
    steps.skip(name, 'in the one process');
  if (plans.timeAuthority !== undefined) steps.skip('time', 'in the one process');
  const apply = applicationOf(context);
  await steps.run('apply', () => applyDefinition(apply));
}

function applicationOf({ definition, dataDir, keysDir, ports }: StartContext) {
  return {
    ...{ file: definition, dataDir, keysDir },
    ...{ registryUrl: localUrl(ports.registry), issuerUrl: localUrl(ports.identityProvider) },
  };
}
