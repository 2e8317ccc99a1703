import { Module, type DynamicModule } from '@nestjs/common';
import { ContractChecks } from '#contract-check';
import type { Bus } from '#bus';
import { AppError, parseSubsystemId, registerInstanceId, systemClock, type Clock, type InstanceId } from '#kernel';
import { openTokens, type AppTokens } from '#pkcs11';
import {
  AppMetrics,
  BusWatch,
  createHttpApp,
  createLogger,
  loadKeySets,
  loadTrust,
  serveOpenApi,
  startHttpApp,
  StatusWatch,
  watchPool,
  type Logger,
  type RunningApp,
  type Tracing,
  type Trust,
  whenAvailable,
} from '#platform';
import { LogWatcher, logKeys, watchLog } from '#log-watch';
import { Openings } from '#openings';
import { accessBy, openDatabase, type Database } from '#postgres';
import { RegistryCopy, RegistryMemory } from '#registry-copy';
import { KeyRing, type Signer, type SigningDevice } from '#signing';
import type { RegistryKey } from '#snapshot';
import { COMPOSITION_ROUTE, CompositionController } from './composition/composition.controller.js';
import { CompositionService } from './composition/composition.service.js';
import { CORRECTION_ROUTES, GatewayCorrectionsController } from './corrections/corrections.controller.js';
import { Corrections } from './corrections/corrections.module.js';
import { ConsumerAuth } from './consumer-auth/consumer-auth.module.js';
import { TOKEN_ROUTE, TokenController } from './consumer-auth/token.controller.js';
import { AnswerBudget } from './edge/answer-budget.js';
import { BodyBudget } from './edge/body-budget.js';
import { edgeHttpOptions, prepareEdge } from './edge/edge-http.config.js';
import { EdgeModule } from './edge/edge.module.js';
import { AuditLogService } from './evidence/audit-log.service.js';
import { EvidenceService } from './evidence/evidence.service.js';
import { ExchangeController } from './exchange/exchange.controller.js';
import { ExchangeModule } from './exchange/exchange.module.js';
import { LinkTicketsService, noLinks, type LinkTickets } from './links/link-tickets.service.js';
import { ExchangeStore } from './exchange/exchange.store.js';
import { TakeoverService } from './exchange/takeover.service.js';
import type { GatewayConfig } from './gateway.config.js';
import { gatewayErrors } from './gateway.errors.js';
import { OpenApiDocuments } from './metaservices/openapi-documents.service.js';
import { access } from './migrations/access.js';
import { gatewayMigrations } from './migrations/index.js';
import { ExchangeReports } from './ops/exchange-reports.service.js';
import { watchQueues } from './ops/gateway-metrics.service.js';
import { LogProbe } from './ops/log-probe.service.js';
import { readinessChecks } from './ops/readiness.service.js';
import { gatewayParts } from './ops/status-parts.service.js';
import { instanceSigner } from './refusals/refusals.worker.js';
import { Rights } from './rights/rights.js';

export interface GatewayDependencies {
  /** Owned by the caller, who closes it after the app. */
  readonly bus: Bus;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly tracing?: Tracing;
}

@Module({})
class GatewayModule {}

class RegistryRights extends Rights {
  constructor(private readonly registry: RegistryCopy) {
    super();
  }

  current(): ReturnType<Rights['current']> {
    return this.registry.current();
  }
}

/** After the drain, exchanges under way get this long to end by themselves; then they are failed. */
const CLOSE_GRACE_MS = 3_500;
const REGISTRY_WAIT_MS = 60_000;
const REGISTRY_RETRY_MS = 500;

/** Everything that one gateway is made of; the parts meet their adapters here and nowhere else. */
interface Parts {
  readonly config: GatewayConfig;
  readonly instanceId: InstanceId;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: AppMetrics;
  readonly database: Database;
  readonly registry: RegistryCopy;
  readonly rights: Rights;
  /** The gateway's own key, if it is both held and published as valid. */
  readonly signer: () => Signer | undefined;
  readonly audit: AuditLogService;
  readonly exchange: ExchangeModule;
  readonly corrections: Corrections;
  readonly answers: AnswerBudget;
  readonly watcher: LogWatcher;
  readonly openings: Openings;
  readonly tokens: AppTokens;
}

/** A gateway, serving. It takes exchanges as soon as a snapshot names it and its reply topic is heard; see `/ready`. */
export async function createGateway(config: GatewayConfig, dependencies: GatewayDependencies): Promise<RunningApp> {
  const { bus, clock = systemClock, logger = createLogger('gateway') } = dependencies;
  const instanceId = ownId(config);
  const trust = await loadTrust(config.trustFile);
  const metrics = new AppMetrics('gateway');
  const tokens = openTokens(config, metrics, logger.child('tokens'));
  const keys = await loadOwnKeys(config, instanceId, tokens.device);
  tokens.watch();
  const logs = logKeys(trust);
  const reports = new ExchangeReports(metrics, logger.child('exchange'), dependencies.tracing);
  const database = await whenAvailable('postgresql', logger, () => openRows(config, logger));
  const registry = await followRegistry(trust, instanceId, { bus, clock, reports, logger, memory: config.logNotesDir });
  const audit = auditLog(config, trust);
  const watcher = await watchLog({
    ...{ config, trust, clock },
    alarm: (trouble, details) => reports.alarm('log-distrusted', { trouble, ...details }),
    failed: (what, cause) => logger.warn({ what, err: cause }, 'the log could not be watched'),
  });
  const openings = openingsOf(instanceId, { bus, clock, registry, reports });
  const rows = { database, registry, keys, links: linkTickets(config, clock, reports) };
  const contracts = new ContractChecks(config.registryUrl, ({ code }) => reports.metrics.contract.add({ code }));
  const exchange = new ExchangeModule(
    { bus, clock, ...rows, logs, log: audit, events: reports, guard: watcher, openings, contracts },
    { ...config, instanceId },
  );
  const corrections = new Corrections({
    ...{ database, registry, clock, settings: config, secret: keys.secret(instanceId), gateway: instanceId },
    ...{ keys: exchange.keys, exchanges: exchange.exchanges },
    events: {
      verified: (result) => reports.metrics.verifications.add({ result }),
      alarm: (reason, details) => reports.alarm(reason, details),
    },
    failed: (what, cause) => reports.failed(what, cause),
  });
  const answers = watchQueues(reports.metrics, exchange, new AnswerBudget(config.maxInFlightBytes));
  watchPool(metrics, database);
  const busWatch = new BusWatch(bus, metrics).start();
  exchange.start();
  corrections.start();
  const parts: Parts = {
    ...{ config, instanceId, bus, clock, logger, metrics, database, registry },
    rights: new RegistryRights(registry),
    signer: () => instanceSigner(registry.current(), registry.manifestStatement, keys, instanceId),
    ...{ audit, exchange, corrections, answers, watcher, openings, tokens },
  };
  const stop = () => {
    busWatch.stop();
    return stopParts(parts);
  };
  try {
    return await serve(parts, stop);
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/** What takes calls first, what they need last. */
async function stopParts(parts: Parts): Promise<void> {
  await parts.corrections.stop();
  await parts.exchange.close();
  parts.tokens.close();
  await parts.openings.stop();
  await parts.registry.stop();
  await parts.watcher.stop();
  await parts.audit.close();
  await parts.database.close();
}

function linkTickets(
  { feedbackUrl, linkTimeoutMs }: GatewayConfig,
  clock: Clock,
  reports: ExchangeReports,
): LinkTickets {
  if (feedbackUrl === '') return noLinks;
  const failed = (what: string, cause: unknown) => reports.failed(what, cause);
  return new LinkTicketsService({ feedbackUrl, timeoutMs: linkTimeoutMs, clock, failed });
}

async function serve(parts: Parts, stop: () => Promise<void>): Promise<RunningApp> {
  const { config, bus, clock, logger, metrics, database, registry, exchange, watcher, openings } = parts;
  const { replies, pulse, logWatch, pending } = exchange;
  const { corrections, tokens } = parts;
  const hearing = () => replies.hearing();
  const probe = new LogProbe(pulse, logWatch, clock);
  const readiness = readinessChecks({
    registry,
    hearing,
    database,
    probe,
    connectorUrls: config.readyConnectors,
    tokens,
  });
  const status = gatewayParts({
    bus,
    registry,
    checks: readiness,
    exchange,
    watcher,
    openings,
    corrections,
    tokens,
    limits: config,
  });
  const consumerAuth = await openConsumerAuth(parts);
  const app = await createHttpApp(rootModule(parts, consumerAuth), {
    name: 'gateway',
    logger,
    metrics,
    readiness,
    status: new StatusWatch('gateway', status, clock),
    tls: consumerAuth.tls?.options(),
    ...edgeHttpOptions(config),
  });
  prepareEdge(app, [COMPOSITION_ROUTE, TOKEN_ROUTE, ...CORRECTION_ROUTES]);
  serveOpenApi(app, { title: 'Kerege gateway', version: '1.0.0', description: "Native paths; /r1 is X-Road's." });
  const { host, port, drainMs } = config;
  consumerAuth.attach(app.getHttpServer());
  const onClose = async () => {
    await consumerAuth.stop();
    await stop();
  };
  const running = await startHttpApp(app, { host, port, drainMs, onClose });
  consumerAuth.start(running.url);
  return {
    url: running.url,
    close: async () => {
      const timer = setTimeout(() => pending.closeAll(), drainMs + CLOSE_GRACE_MS);
      await running.close();
      clearTimeout(timer);
    },
  };
}

function openConsumerAuth(parts: Parts): Promise<ConsumerAuth> {
  const { config, rights, instanceId, clock, database, signer, logger } = parts;
  return ConsumerAuth.open({
    ...{ settings: config, rights, gateway: instanceId, clock, database, signer },
    logger: logger.child('consumer-auth'),
  });
}

function rootModule(parts: Parts, consumerAuth: ConsumerAuth): DynamicModule {
  const { config, clock, logger, rights, audit, exchange, corrections, answers } = parts;
  const compositions = new CompositionService({
    exchanges: exchange.exchanges,
    rights,
    held: new BodyBudget(config.maxCompositionBytes, config.maxCompositionBytes),
    clock,
    logger: logger.child('composition'),
    maxHeaderBytes: config.maxHeaderBytes,
  });
  return {
    module: GatewayModule,
    imports: [
      EdgeModule.with({
        exchanges: exchange.exchanges,
        rights,
        authenticator: consumerAuth.authenticator,
        openApiDocuments: new OpenApiDocuments(config.registryUrl),
        logger,
        settings: config,
        answers,
        refusals: exchange.tally,
      }),
    ],
    controllers: [ExchangeController, CompositionController, GatewayCorrectionsController, TokenController],
    providers: [
      ...corrections.providers(),
      ...consumerAuth.providers(),
      { provide: CompositionService, useValue: compositions },
      { provide: ExchangeStore, useValue: exchange.store },
      { provide: TakeoverService, useValue: exchange.takeover },
      { provide: EvidenceService, useValue: new EvidenceService(audit) },
    ],
  };
}

function auditLog(config: GatewayConfig, trust: Trust): AuditLogService {
  return new AuditLogService({
    url: config.auditUrl,
    logs: logKeys(trust),
    registryKeys: registryKeys(trust),
    timeoutMs: config.auditTimeoutMs,
    token: config.auditToken.reveal(),
  });
}

function openRows(config: GatewayConfig, logger: Logger): Promise<Database> {
  return openDatabase({
    url: config.databaseUrl.reveal(),
    schema: 'gateway',
    migrations: gatewayMigrations,
    access: accessBy(access, config, logger),
    poolSize: config.databasePoolSize,
    statementTimeoutMs: 10_000,
    onIdleError: (cause) => logger.warn({ err: cause }, 'idle database connection broke'),
  });
}

function ownId(config: GatewayConfig): InstanceId {
  const id = registerInstanceId(config.instanceId);
  if (!id.ok) throw gatewayErrors.error('instance-id-malformed', { extensions: { problems: [id.reason] } });
  return id.value;
}

/** Its own keys and those of subsystems; member, registry and log keys that lie in the same folder are left alone. */
async function loadOwnKeys(
  config: GatewayConfig,
  instanceId: InstanceId,
  device: SigningDevice | undefined,
): Promise<KeyRing> {
  const files = [...(await loadKeySets(config.keysDir))];
  const own = files.filter(([id]) => id === instanceId || parseSubsystemId(id).ok);
  return KeyRing.parse(own, device);
}

function registryKeys(trust: Trust): RegistryKey[] {
  return trust.registryKeys.map((jwk) => ({ kid: jwk.kid, jwk }));
}

function openingsOf(
  instanceId: InstanceId,
  { bus, clock, registry, reports }: Omit<Following, 'logger' | 'memory'> & Pick<Parts, 'registry'>,
): Openings {
  return new Openings({
    bus,
    clock,
    registry,
    instanceId,
    end: 'consumer',
    counted: (event) => reports.metrics.openings.add({ event }),
    failed: (what, cause) => reports.failed(what, cause),
  }).start();
}

interface Following {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly reports: ExchangeReports;
  readonly logger: Logger;
  /** Folder of what this process remembers. */
  readonly memory: string;
}

function isBrokenMemory(cause: unknown): boolean {
  return cause instanceof AppError && cause.code === 'registry-memory-broken';
}

/** The registry makes its topic when it first starts, which may be after us. */
async function followRegistry(trust: Trust, instanceId: InstanceId, following: Following): Promise<RegistryCopy> {
  const { bus, clock, reports, logger } = following;
  const untilMs = clock.now() + REGISTRY_WAIT_MS;
  for (;;) {
    try {
      return await RegistryCopy.start({
        bus,
        clock,
        registryKeys: registryKeys(trust),
        logs: logKeys(trust),
        memory: new RegistryMemory(following.memory, (cause) => reports.failed('registry-memory', cause)),
        instanceId,
        events: {
          adopted: (view) => logger.info({ number: view.number }, 'registry snapshot adopted'),
          alarm: (reason, details) => reports.alarm(reason, details),
        },
      });
    } catch (cause) {
      // What is remembered does not mend itself.
      if (isBrokenMemory(cause)) throw cause;
      if (clock.now() >= untilMs) throw gatewayErrors.error('registry-topic-missing', { cause });
      await new Promise((resolve) => setTimeout(resolve, REGISTRY_RETRY_MS));
    }
  }
}
