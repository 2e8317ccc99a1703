import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { Bus } from '#bus';
import { ContractChecks } from '#contract-check';
import { AssertionMemory } from '#end-user';
import { systemClock, type Clock, type ServiceId, type SubsystemId } from '#kernel';
import { openTokens, type AppTokens } from '#pkcs11';
import {
  AppMetrics,
  BusWatch,
  createHttpApp,
  createLogger,
  keyFileName,
  loadKeySet,
  loadTrust,
  openTls,
  serveOpenApi,
  startHttpApp,
  StatusWatch,
  watchPool,
  type Logger,
  type ReadinessCheck,
  type RunningApp,
  type Tracing,
  type Trust,
} from '#platform';
import { LogWatcher, logKeys, watchLog } from '#log-watch';
import { Openings } from '#openings';
import { accessBy, openDatabase, type Database } from '#postgres';
import { RegistryCopy, RegistryMemory } from '#registry-copy';
import { KeyRing, type SigningDevice } from '#signing';
import type { RegistryView } from '#snapshot';
import { join } from 'node:path';
import type { AgencyDoors } from './agency/agency-doors.service.js';
import { addressesOf, agencyService, openDoors } from './agency/agency.module.js';
import type { AgencyService } from './agency/agency.service.js';
import type { ConnectorConfig } from './connector.config.js';
import { alarmReason, type DispatchEvents } from './dispatch/dispatch-events.js';
import { ClockWatch } from './dispatch/clock-watch.js';
import { DeadLetters } from './dispatch/dead-letters.service.js';
import { DispatchService } from './dispatch/dispatch.service.js';
import { HeldKeys } from './dispatch/held-keys.js';
import { JournalWaits } from './dispatch/journal-waits.js';
import { Judgement } from './dispatch/judgement.service.js';
import { RegistryWaits } from './dispatch/registry-waits.service.js';
import { RequestConsumer } from './dispatch/request.consumer.js';
import { SealingSessions } from './dispatch/sealing-sessions.js';
import { UnsafeCalls } from './dispatch/unsafe-calls.service.js';
import { disputesOf, type DisputeServices } from './disputes/disputes.module.js';
import { DeliveryService, type DeliveryLimits } from './evidence/delivery.service.js';
import { ReceiptBook } from './evidence/receipt-book.js';
import { ReceiptConsumer } from './evidence/receipt.consumer.js';
import { JournalDatabase } from './journal/journal-database.service.js';
import { JournalStore } from './journal/journal.store.js';
import { JournalWorker } from './journal/journal.worker.js';
import { Restamps } from './journal/restamps.service.js';
import { access } from './migrations/access.js';
import { connectorMigrations } from './migrations/index.js';
import {
  caseClients,
  correctionsOf,
  withCorrections,
  type CorrectionServices,
} from './corrections/corrections.module.js';
import type { NoticeAddresses } from './notices/notice-address.js';
import { noticesApi, noticesModule, noticesOf } from './notices/notices.module.js';
import type { Notices } from './notices/notices.service.js';
import type { OwnerAuth } from './notices/owner-auth.service.js';
import { QuotaStore } from './quotas/quota.store.js';
import { Quotas } from './quotas/quotas.service.js';
import {
  clockDistances,
  connectorMetrics,
  dispatchEvents,
  watchQueues,
  type ConnectorMetrics,
} from './ops/connector-metrics.service.js';
import { connectorParts } from './ops/status-parts.service.js';
import { keysMissing, registryMissing, requestsMissing, type ConnectorState } from './ops/readiness.js';

export interface ConnectorDependencies {
  readonly bus: Bus;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly tracing?: Tracing;
}

const SCHEMA = 'connector';
/** `bus.md` §4.6. */
const KEEP_AFTER_DEADLINE_MS = 60_000;
const MAX_JOURNAL_QUEUE = 5_000;

@Module({})
class ConnectorModule {}

/** What lives as long as the process. */
interface Parts {
  readonly copy: RegistryCopy;
  readonly agencies: AgencyService;
  readonly doors: AgencyDoors;
  readonly delivery: DeliveryService;
  readonly requests: RequestConsumer;
  readonly worker: JournalWorker;
  readonly database: JournalDatabase;
  readonly watcher: LogWatcher;
  readonly openings: Openings;
  readonly notices: Notices;
  readonly owners: OwnerAuth;
  readonly corrections: CorrectionServices;
  readonly disputes: DisputeServices['disputes'];
  readonly flags: DisputeServices;
  readonly quotas: Quotas;
}

/**
 * Creates a connector. Resolves when it serves `/ready`; requests are taken up as soon as the registry has published the
 * topics of its subsystems.
 */
export async function createConnector(config: ConnectorConfig, deps: ConnectorDependencies): Promise<RunningApp> {
  const { bus, clock = systemClock, logger = createLogger('connector') } = deps;
  const tls = await openTls(config, logger);
  const addresses = addressesOf(config);
  const { agencies, subsystems, noticeAddresses } = addresses;
  const doors = await openDoors(addresses, config, clock, logger.child('agency'));
  const metrics = new AppMetrics('connector');
  const tokens = openTokens(config, metrics, logger.child('tokens'));
  const keys = await loadKeys(config.keysDir, [...noticeAddresses.keys()], tokens.device);
  tokens.watch();
  const trust = await loadTrust(config.trustFile);
  const own = connectorMetrics.on(metrics);
  const events = dispatchEvents(own, logger, deps.tracing);
  const connect = () => openJournal(config, logger);
  const database = await JournalDatabase.open(connect, (cause) => events.failed('journal-unavailable', cause));
  const { distances, clockDistance } = clockDistances(own);
  const clockWatch = new ClockWatch(clock, { clockDistance, alarm: events.alarm });
  const context = {
    ...{ metrics: own, clockWatch, config, bus, clock, logger, keys, trust, database, events },
    ...{ subsystems, agencies, doors, noticeAddresses },
  };
  const parts = await assemble(context).catch(async (cause: unknown) => {
    tokens.close();
    await database.close();
    throw cause;
  });
  watchQueues(own, parts, clock);
  watchPool(metrics, database);
  const busWatch = new BusWatch(bus, metrics).start();
  const readiness = [...readinessOf(parts, new HeldKeys(keys), subsystems), ...tokens.checks];
  const status = new StatusWatch(
    'connector',
    connectorParts({ bus, checks: readiness, distances, tokens, ...parts }),
    clock,
  );
  const app = await createHttpApp(withCorrections(noticesModule(ConnectorModule, parts), parts.corrections), {
    name: 'connector',
    limits: config,
    logger,
    metrics,
    readiness,
    status,
    tls: tls?.options(),
  });
  serveOpenApi(app, noticesApi);
  const onClose = () => close(parts, busWatch, tokens);
  return startHttpApp(app, { host: config.host, port: config.port, tls, onClose });
}

function openJournal(config: ConnectorConfig, logger: Logger): Promise<Database> {
  return openDatabase({
    url: config.databaseUrl.reveal(),
    schema: SCHEMA,
    migrations: connectorMigrations,
    access: accessBy(access, config, logger),
    poolSize: config.databasePoolSize,
    onIdleError: (cause) => logger.warn({ err: cause }, 'idle database connection broke'),
  });
}

interface Context {
  readonly metrics: ConnectorMetrics;
  readonly clockWatch: ClockWatch;
  readonly config: ConnectorConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keys: KeyRing;
  readonly trust: Trust;
  readonly subsystems: readonly SubsystemId[];
  readonly database: JournalDatabase;
  readonly events: DispatchEvents;
  readonly agencies: ReadonlyMap<ServiceId, URL>;
  readonly doors: AgencyDoors;
  readonly noticeAddresses: NoticeAddresses;
}

function registryCopy({ config, bus, clock, logger, trust, events }: Context): Promise<RegistryCopy> {
  return RegistryCopy.start({
    bus,
    clock,
    registryKeys: trust.registryKeys.map((jwk) => ({ kid: jwk.kid, jwk })),
    logs: logKeys(trust),
    memory: new RegistryMemory(config.logNotesDir, (cause) => events.failed('registry-memory', cause)),
    instanceId: config.instanceId,
    events: {
      adopted: (view) => logger.info({ snapshot: view.number }, 'registry snapshot adopted'),
      alarm: (reason, details) => events.alarm(alarmReason(reason), { said: reason, ...details }),
    },
  });
}

async function assemble(context: Context): Promise<Parts> {
  const { config, bus, clock, trust, subsystems, database, events } = context;
  const processId = `${config.instanceId.replaceAll('/', '.')}.${randomUUID()}`;
  const heldKeys = new HeldKeys(context.keys);
  const copy = await registryCopy(context);
  const agencies = agencyService(context.agencies, config, clock, context.doors);
  const book = new ReceiptBook();
  const watcher = await watchLog({
    ...context,
    alarm: (trouble, details) => events.alarm('log-distrusted', { trouble, ...details }),
    failed: (what, cause) => events.failed(what, cause),
  });
  const receipts = new ReceiptConsumer(book, logKeys(trust), events.alarm, watcher);
  const delivery = new DeliveryService(bus, book, deliveryLimits(config), events);
  const journal = new JournalStore(database, MAX_JOURNAL_QUEUE);
  const unsafe = unsafeCalls(context, processId, journal, delivery);
  const sessions = new SealingSessions(context.keys);
  const waits = new RegistryWaits(copy, clock, config.maxInFlight);
  const deadLetters = new DeadLetters(bus, copy, clock, events);
  const openings = openingsOf(context, copy);
  const clients = caseClients({ ...context, copy });
  const flags = disputesOf({ ...context, copy, clients, processId });
  const { disputes } = flags;
  const quotas = quotasOf(context);
  // Before the first request is taken: its answer may hold what is disputed.
  await flags.start();
  const dispatch = new DispatchService({
    ...{ deadLetters, clock, clockWatch: context.clockWatch, sessions, agencies, delivery, unsafe },
    judgement: new Judgement({ copy, waits, keys: heldKeys, clock }),
    assertions: new AssertionMemory(),
    endUserServices: new Set(config.endUserServices),
    endUserToken: config.endUserToken.isEmpty ? undefined : config.endUserToken,
    ...{ openings, disputes, quotas, events },
    contracts: new ContractChecks(config.registryUrl, events.contract),
  });
  const { maxInFlight } = config;
  const requests = new RequestConsumer({ bus, subsystems, processId, maxInFlight, dispatch, receipts, events });
  const worker = new JournalWorker({
    ...{ journal, unsafe, copy, subsystems, clock, events },
    restamps: new Restamps({ journal, delivery, subsystems, afterMs: KEEP_AFTER_DEADLINE_MS }),
    keys: heldKeys,
    keepMs: config.journalKeepMs,
  });
  const { notices, owners } = noticesOf({ ...context, copy });
  const corrections = correctionsOf(context, clients);
  watchRegistry({ copy, requests, flags, notices, deadLetters, keys: heldKeys, subsystems, events });
  context.doors.start();
  worker.start();
  notices.start();
  corrections.receipts.start();
  const { doors } = context;
  const workers = { doors, requests, worker, notices, openings, watcher, quotas };
  return { corrections, copy, agencies, delivery, database, owners, disputes, flags, ...workers };
}

function deliveryLimits(config: ConnectorConfig): DeliveryLimits {
  return {
    keptCount: config.keptAnswers,
    keptBytes: config.keptAnswerBytes,
    keepAfterDeadlineMs: KEEP_AFTER_DEADLINE_MS,
  };
}

function openingsOf({ bus, clock, config, metrics, events }: Context, registry: RegistryCopy): Openings {
  return new Openings({
    bus,
    clock,
    registry,
    instanceId: config.instanceId,
    end: 'provider',
    counted: (event) => metrics.openings.add({ event }),
    failed: (what, cause) => events.failed(what, cause),
  }).start();
}

function unsafeCalls(
  { config, clock, events }: Context,
  processId: string,
  journal: JournalStore,
  delivery: DeliveryService,
): UnsafeCalls {
  const limits = { graceMs: config.journalGraceMs };
  return new UnsafeCalls(journal, delivery, processId, clock, new JournalWaits(config.maxInFlight), limits, events);
}

function quotasOf({ config, clock, database, events }: Context): Quotas {
  const { quotaLot, maxInFlight } = config;
  const failed = (what: string, cause: unknown) => events.failed(what, cause);
  const limits = { lot: quotaLot, maxWaiting: Math.ceil(maxInFlight / 4) };
  return new Quotas({ store: new QuotaStore(database), clock, failed }, limits).start();
}

interface Watch {
  readonly copy: RegistryCopy;
  readonly requests: RequestConsumer;
  readonly flags: DisputeServices;
  readonly notices: Notices;
  readonly deadLetters: DeadLetters;
  readonly keys: HeldKeys;
  readonly subsystems: readonly SubsystemId[];
  readonly events: DispatchEvents;
}

/** Follows each new snapshot: topics that have come, and published keys that are not ours. */
function watchRegistry(watch: Watch): void {
  const { copy, requests, flags, notices, deadLetters, keys, subsystems, events } = watch;
  const follow = (view: RegistryView) => {
    flags.follow(view);
    requests.follow(view);
    notices.follow(view);
    for (const subsystem of subsystems) deadLetters.remember(view, subsystem);
    for (const subsystem of subsystems)
      for (const kid of keys.strangers(view, subsystem)) events.alarm('foreign-key-published', { subsystem, kid });
  };
  copy.onChange(follow);
  const view = copy.current();
  if (view !== undefined) follow(view);
}

function readinessOf(parts: Parts, keys: HeldKeys, subsystems: readonly SubsystemId[]): ReadinessCheck[] {
  const state = (): ConnectorState => {
    const view = parts.copy.current();
    const stopped =
      view === undefined ? [] : subsystems.filter((subsystem) => keys.strangers(view, subsystem).length > 0);
    return { view, unheard: parts.requests.unheard(), stopped };
  };
  return [
    { name: 'registry-copy', missing: () => registryMissing(state()) },
    { name: 'requests', missing: () => requestsMissing(state()) },
    { name: 'disputes', missing: () => parts.disputes.missing() },
    { name: 'keys', missing: () => keysMissing(state()) },
    {
      name: 'journal',
      missing: async () => ((await parts.database.isReachable()) ? undefined : 'the database does not answer'),
    },
  ];
}

/** Takes nothing new, ends what is under way, then lets go of everything. */
async function close(parts: Parts, busWatch: BusWatch, tokens: AppTokens): Promise<void> {
  busWatch.stop();
  // First: a reload of files would open anew what is closed below.
  await parts.doors.stop();
  await Promise.all([parts.requests.stop(), parts.notices.stop(), parts.corrections.receipts.stop()]);
  await parts.flags.stop();
  await parts.worker.stop();
  await parts.quotas.stop();
  await parts.delivery.close();
  tokens.close();
  await parts.openings.stop();
  await parts.copy.stop();
  await parts.watcher.stop();
  await parts.agencies.close();
  await parts.database.close();
}

async function loadKeys(
  dir: string,
  subsystems: readonly SubsystemId[],
  device: SigningDevice | undefined,
): Promise<KeyRing> {
  const files = subsystems.map(async (id) => [id, await loadKeySet(join(dir, keyFileName(id)))] as const);
  return KeyRing.parse(await Promise.all(files), device);
}
