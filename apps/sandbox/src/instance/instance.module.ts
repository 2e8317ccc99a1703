import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findKafka, type KafkaHome } from '#local';
import { ensureKeys, keyPlaces, trustTimestampRoots } from '../keys/key-files.store.js';
import { sandboxErrors } from '../sandbox.errors.js';
import { RunRecord } from '../supervisor/run-record.store.js';
import { Supervisor } from '../supervisor/supervisor.service.js';
import { ensureAuthorities } from '../time-authority/authority-files.store.js';
import { hasOpenssl } from '../time-authority/openssl.service.js';
import {
  appPlans,
  identityProviderPlan,
  portalPlan,
  secondPlans,
  timeAuthorityPlan,
  witnessPlans,
  type AppPlan,
  type ProcessName,
} from './app-plan.js';
import { definitionFile, readDefinition } from './apply.service.js';
import { writeDefinition } from './written-definition.store.js';
import type { Instance, InstanceMode, InstanceOptions, PartName } from './instance.js';
import { localUrl, logOrigin, nextLogOrigins, portsFrom, secondPortsFrom, type PortName } from './layout.js';
import { checkPorts, freePortBase } from './ports.service.js';
import { startParts, startServices, type Plans, type Services, type StartContext } from './start.service.js';
import { Steps } from './step.js';

/** As long as orchestrators leave a process by default, with a margin to the time that the apps give themselves. */
const TERMINATE_GRACE_MS = 20_000;

/**
 * Starts a whole bus of real processes and resolves when its first exchange would succeed. `npm start`, the system
 * tests and the benchmarks all use this. If anything fails, or the signal is given, nothing stays behind.
 */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const tell = options.tell ?? (() => undefined);
  const record = await RunRecord.take(resolve(options.dataDir));
  const supervisor = new Supervisor(record, tell);
  const abort = new AbortController();
  const giveUp = () => abort.abort(sandboxErrors.error('sandbox-stopping'));
  options.signal?.addEventListener('abort', giveUp, { once: true });
  if (options.signal?.aborted === true) giveUp();
  try {
    const context = await prepare(options, supervisor, abort.signal);
    const services = await startServices(context);
    const plans = plansOf(context, services, options.env ?? {});
    await startParts(context, plans);
    return instanceOf(context, services, supervisor);
  } catch (cause) {
    giveUp();
    await supervisor.stop();
    throw cause;
  }
}

async function prepare(options: InstanceOptions, supervisor: Supervisor, signal: AbortSignal): Promise<StartContext> {
  const steps = new Steps(options.onStep ?? (() => undefined), () => Date.now());
  const ports = portsFrom(options.portBase ?? (await freePortBase()));
  const { mode, missing, kafkaHome } = await chooseMode(options, steps);
  const isTimed = await hasOpenssl();
  await checkPorts(ports, [...unusedPorts(options, mode), ...(isTimed ? [] : (['time1', 'time2'] as const))]);
  const base = resolve(options.dataDir);
  const dataDir = mode === 'one-process' ? join(base, 'fallback') : base;
  // Without Kafka the bus is in memory: offsets in a database that outlived it would point to nothing.
  if (mode === 'one-process') await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  const places = keyPlaces(dataDir);
  const nowMs = Date.now();
  const first = logOrigin(nowMs);
  const origin = await steps.run('data', async () =>
    ensureKeys(places, await readDefinition(definitionFile()), first, nextLogOrigins(first, nowMs)),
  );
  const issuerUrl = localUrl(ports.identityProvider);
  const { isDoubled = false, isWithoutFeedback = false } = options;
  const definition = await writeDefinition({
    file: definitionFile(),
    dataDir,
    isDoubled,
    isWithoutFeedback,
    hasOfficers: options.hasOfficers === true,
    issuerUrl,
    keysDir: places.keysDir,
  });
  const timeAuthorityDir = isTimed ? join(dataDir, 'time-authority') : undefined;
  if (timeAuthorityDir === undefined) sayTimeIsOff(options, steps);
  else await trustTimestampRoots(places, await ensureAuthorities(timeAuthorityDir));
  return {
    options,
    supervisor,
    signal,
    steps,
    ports,
    mode,
    missing,
    kafkaHome,
    dataDir,
    logsDir: join(base, 'logs'),
    definition,
    origin,
    timeAuthorityDir,
    ...places,
  };
}

function sayTimeIsOff({ tell }: InstanceOptions, steps: Steps): void {
  const reason = 'openssl is not on PATH: trusted time is OFF';
  steps.skip('time', reason);
  tell?.(`${reason}. Checkpoints get no RFC 3161 time-stamps, and an old log key could back-date them.`);
}

interface Choice {
  readonly mode: InstanceMode;
  readonly missing: string | undefined;
  readonly kafkaHome: KafkaHome | undefined;
}

async function chooseMode(options: InstanceOptions, steps: Steps): Promise<Choice> {
  if (options.mode === 'one-process')
    return { mode: 'one-process', missing: 'Apache Kafka was not wanted', kafkaHome: undefined };
  if ((options.kafkaBrokers ?? []).length > 0) return { mode: 'processes', missing: undefined, kafkaHome: undefined };
  const onDownload = () => steps.note('kafka', 'fetching Apache Kafka through Maven, once (54 MB)');
  const found = await findKafka({ onDownload });
  if (found.ok) return { mode: 'processes', missing: undefined, kafkaHome: found.value };
  return { mode: 'one-process', missing: found.reason.message, kafkaHome: undefined };
}

function unusedPorts(options: InstanceOptions, mode: InstanceMode): PortName[] {
  const withoutKafka = mode === 'one-process' || (options.kafkaBrokers ?? []).length > 0;
  const withoutPostgres = mode === 'processes' && options.databaseUrl !== undefined;
  return [
    ...(withoutKafka ? (['kafka', 'kafkaController'] as const) : []),
    ...(withoutPostgres ? (['postgres'] as const) : []),
  ];
}

function plansOf(context: StartContext, services: Services, more: NonNullable<InstanceOptions['env']>): Plans {
  const { ports, dataDir, keysDir, trustFile, origin, options, timeAuthorityDir } = context;
  const places = { ports, dataDir, keysDir, trustFile };
  const exportDir = join(dataDir, 'export');
  const inputs = { ...places, logOrigin: origin, timeAuthorityDir, exportDir, ...services };
  const timeAuthority = timeAuthorityPlan(inputs);
  const apps = appPlans(inputs);
  const firsts = {
    ...apps,
    ...witnessPlans(places),
    identityProvider: identityProviderPlan(places),
    portal: portalPlan(places),
  };
  const withMore = <Name extends ProcessName>(plans: Readonly<Record<Name, AppPlan>>) => {
    const entries = Object.values<AppPlan>(plans).map((plan) => {
      const env = { ...plan.env, ...more[plan.name] };
      return [plan.name, { ...plan, env }] as const;
    });
    return Object.fromEntries(entries) as Record<Name, AppPlan>;
  };
  const plans = { ...withMore(firsts), ...(timeAuthority === undefined ? {} : withMore({ timeAuthority })) };
  if (options.isDoubled !== true) return plans;
  return { ...plans, ...withMore(secondPlans(apps, secondPortsFrom(ports.gateway))) };
}

function instanceOf(context: StartContext, services: Services, supervisor: Supervisor): Instance {
  const { ports, mode, missing, trustFile, keysDir, dataDir, logsDir } = context;
  /** In the one-process mode all apps are one part. */
  const part = (name: PartName) => supervisor.part(name) ?? supervisor.part('fallback');
  return {
    mode,
    missing,
    ports,
    gatewayUrl: localUrl(ports.gateway),
    gatewayUrls: [
      ports.gateway,
      ...(context.options.isDoubled === true ? [secondPortsFrom(ports.gateway).gateway2] : []),
    ].map((port) => localUrl(port)),
    auditUrl: localUrl(ports.audit),
    registryUrl: localUrl(ports.registry),
    feedbackUrl: localUrl(ports.feedback),
    issuerUrl: localUrl(ports.identityProvider),
    portalUrl: localUrl(ports.portal),
    definitionFile: context.definition,
    agencies: {
      population: localUrl(ports.population),
      cadastre: localUrl(ports.cadastre),
      benefits: localUrl(ports.benefits),
      clinic: localUrl(ports.clinic),
    },
    trustFile,
    keysDir,
    dataDir,
    logsDir,
    databaseUrl: services.databaseUrl,
    kafkaBrokers: services.kafkaBrokers,
    stop: () => supervisor.stop(),
    force: () => supervisor.force(),
    kill: async (name) => part(name)?.kill(),
    takeDown: async (name) => part(name)?.takeDown(),
    bringBack: async (name) => part(name)?.bringBack(),
    terminate: async (name) => (await part(name)?.terminate(TERMINATE_GRACE_MS)) ?? null,
    pause: (name) => part(name)?.pause(),
    resume: (name) => part(name)?.resume(),
    pid: (name) => part(name)?.pid,
    logs: (name) => readFile(join(logsDir, `${part(name)?.name ?? name}.log`), 'utf8'),
  };
}
