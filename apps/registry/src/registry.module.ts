import { Module } from '@nestjs/common';
import type { Bus } from '#bus';
import { replyTopic } from '#contracts';
import { registerInstanceId, systemClock, type Clock, type InstanceId } from '#kernel';
import { openTokens, type AppTokens } from '#pkcs11';
import {
  AppMetrics,
  BusWatch,
  configErrors,
  consumersPart,
  createHttpApp,
  createLogger,
  isLoopbackAddress,
  loadKeySets,
  loadTrust,
  openTls,
  readinessParts,
  serveOpenApi,
  startHttpApp,
  StatusWatch,
  watchPool,
  type Logger,
  type ReadinessCheck,
  type RunningApp,
  type Trust,
  whenAvailable,
} from '#platform';
import { accessBy, openDatabase, type Database } from '#postgres';
import { KeyRing, type Signer } from '#signing';
import { parseVkey, type NoteKey } from '#tlog';
import { BusRightsService } from './bus-rights/bus-rights.service.js';
import { CatalogueController } from './catalogue/catalogue.controller.js';
import { CatalogueStore } from './catalogue/catalogue.store.js';
import { changesParts } from './changes/changes.module.js';
import { ChangesController } from './changes/changes.controller.js';
import { ApplyController } from './definition/apply.controller.js';
import { ApplyService } from './definition/apply.service.js';
import { DefinitionService } from './definition/definition.service.js';
import { RegistersStore } from './definition/registers.store.js';
import { access } from './migrations/access.js';
import { migrations } from './migrations/index.js';
import { registryMetrics, watchPublication } from './ops/registry-metrics.service.js';
import type { RegistryConfig } from './registry.config.js';
import { publicationErrors } from './snapshot/publication.errors.js';
import { PublicationService } from './snapshot/publication.service.js';
import { PublicationStore } from './snapshot/publication.store.js';
import { ReplyConsumer } from './snapshot/reply.consumer.js';
import { InstanceStatusService } from './status/instance-status.service.js';
import { parsePeers, type Peer } from './status/instance-status.js';
import { StatusController } from './status/status.controller.js';

export interface RegistryDependencies {
  /** Owned by the caller, who closes it after the app. */
  readonly bus: Bus;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

@Module({})
class RegistryModule {}

const CONTROLLERS = [ApplyController, ChangesController, CatalogueController, StatusController];
const BODY_LIMIT_BYTES = 32 * 1024 * 1024;

/** The registry, serving; publication goes on in the background and shows in `/ready`. */
export async function createRegistry(config: RegistryConfig, dependencies: RegistryDependencies): Promise<RunningApp> {
  const { bus, clock = systemClock, logger = createLogger('registry') } = dependencies;
  const tls = await openDoor(config, logger);
  const peers = statusPeers(config);
  const trust = await loadTrust(config.trustFile);
  const metrics = new AppMetrics('registry');
  const tokens = openTokens(config, metrics, logger.child('tokens'));
  const signer = registrySigner(config, trust, await ownKeys(config, tokens));
  tokens.watch();
  const database = await whenAvailable('postgresql', logger, () => openRegisters(config, logger));
  const publications = new PublicationStore(database);
  const topic = replyTopic(config.instanceId).name;
  const shown = registryMetrics.on(metrics);
  const replies = new ReplyConsumer(bus, topic, noteKeys(trust), logger.child('replies'), (reason) =>
    shown.alarms.add({ reason }),
  );
  const options = { ...config, vkeys: trust.logs };
  const rights = busRights(config, bus, logger);
  const ofSnapshot = logger.child('snapshot');
  const publication = new PublicationService(options, publications, bus, rights, replies, signer, clock, ofSnapshot);
  watchPublication(shown, publication);
  const close = observe(metrics, database, bus, tokens);
  try {
    await publication.prepare();
    const registers = new RegistersStore(database);
    const definitions = new DefinitionService(registers, publications, clock);
    const apply = new ApplyService(config.instanceId, definitions, publication, clock);
    const { providers: ofChanges, effecting } = changesParts({
      ...{ instanceId: config.instanceId, database, registers, definitions, bus, replies, signer, clock },
      logger: logger.child('changes'),
      publish: () => publication.notify(),
    });
    const own = readiness(database, bus, publication);
    const parts = [...readinessParts(own), consumersPart(bus), listsPart(rights), ...tokens.parts];
    const status = new StatusWatch('registry', parts, clock);
    const providers = [
      { provide: InstanceStatusService, useValue: new InstanceStatusService(config.instanceId, status, peers, clock) },
      { provide: ApplyService, useValue: apply },
      ...ofChanges,
      { provide: CatalogueStore, useValue: new CatalogueStore(database) },
      { provide: PublicationStore, useValue: publications },
    ];
    const http = {
      ...{ name: 'registry', limits: config, logger, metrics, readiness: [...own, ...tokens.checks], status },
      bodyLimitBytes: BODY_LIMIT_BYTES,
      tls: tls?.options(),
    };
    const app = await createHttpApp({ module: RegistryModule, controllers: CONTROLLERS, providers }, http);
    serveOpenApi(app, { title: 'Kerege registry', version: '1.0.0', description: 'Catalogue and administration.' });
    const running = await startHttpApp(app, { host: config.host, port: config.port, tls, onClose: close });
    publication.start();
    effecting.start();
    const stop = () => Promise.all([effecting.stop(), publication.stop()]);
    return { url: running.url, close: () => stop().then(() => running.close()) };
  } catch (cause) {
    await publication.stop();
    await close();
    throw cause;
  }
}

/** Whoever may change the registry sits at its machine. */
function openDoor(config: RegistryConfig, logger: Logger) {
  if (!isLoopbackAddress(config.host)) throw publicationErrors.error('admin-not-loopback');
  return openTls(config, logger);
}

function listsPart(rights: BusRightsService) {
  return { name: 'bus-rights', read: () => rights.reading() };
}

function busRights(config: RegistryConfig, { access }: Bus, logger: Logger): BusRightsService {
  return new BusRightsService({ access, firstAudits: firstAudits(config), logger: logger.child('bus-rights') });
}

function openRegisters(config: RegistryConfig, logger: Logger): Promise<Database> {
  const { databaseUrl, poolSize } = config;
  const roles = accessBy(access, config, logger);
  return openDatabase({ url: databaseUrl.reveal(), schema: 'registry', migrations, access: roles, poolSize });
}

function statusPeers(config: RegistryConfig): Peer[] {
  const peers = parsePeers(config.statusPeers);
  if (!peers.ok) throw configErrors.error('config-invalid', { extensions: { problems: [peers.reason] } });
  return peers.value;
}

function firstAudits(config: RegistryConfig): InstanceId[] {
  return config.firstAudits.map((id) => {
    const parsed = registerInstanceId(id);
    if (parsed.ok) return parsed.value;
    const problems = [`KEREGE_REGISTRY_FIRST_AUDITS: ${id} is not INSTANCE/id`];
    throw configErrors.error('config-invalid', { extensions: { problems } });
  });
}

/** Begins to show how it stands; returns how to end that, and the database with it. */
function observe(metrics: AppMetrics, database: Database, bus: Bus, tokens: AppTokens) {
  watchPool(metrics, database);
  const busWatch = new BusWatch(bus, metrics).start();
  return async () => {
    busWatch.stop();
    tokens.close();
    await database.close();
  };
}

/** Others' keys that lie in the same folder are left alone. */
async function ownKeys({ keysDir, instanceId }: RegistryConfig, { device }: AppTokens): Promise<KeyRing> {
  const files = [...(await loadKeySets(keysDir))].filter(([id]) => id === instanceId);
  return KeyRing.parse(files, device);
}

/** The key of this registry that `trust.json` names; another one would publish what nobody believes. */
function registrySigner(config: RegistryConfig, trust: Trust, keys: KeyRing): Signer {
  const trusted = new Set(trust.registryKeys.map((key) => key.kid));
  const published = keys.publicKeys(config.instanceId);
  if (!published.some((key) => trusted.has(key.kid))) throw publicationErrors.error('registry-key-unknown');
  return keys.signer(config.instanceId, trusted);
}

function noteKeys(trust: Trust): NoteKey[] {
  return trust.logs.flatMap((vkey) => {
    const parsed = parseVkey(vkey);
    return parsed.ok ? [parsed.value] : [];
  });
}

function readiness(database: Database, bus: Bus, publication: PublicationService): ReadinessCheck[] {
  return [
    { name: 'database', missing: async () => ((await database.isReachable()) ? undefined : 'does not answer') },
    { name: 'bus', missing: async () => ((await bus.isReachable()) ? undefined : 'does not answer') },
    { name: 'publication', missing: () => publication.missing() },
  ];
}
