import { Module, type DynamicModule } from '@nestjs/common';
import type { Bus } from '#bus';
import { systemClock, type Clock } from '#kernel';
import { openTokens, type AppTokens } from '#pkcs11';
import {
  AppMetrics,
  BusWatch,
  createHttpApp,
  createLogger,
  isLoopbackAddress,
  isLoopbackHost,
  noTracing,
  openTls,
  serveOpenApi,
  startHttpApp,
  StatusWatch,
  watchPool,
  type Logger,
  type RunningApp,
  type Tracing,
  whenAvailable,
} from '#platform';
import { accessBy, openDatabase, type Database } from '#postgres';
import type { AuditConfig } from './audit.config.js';
import { loadKeys, type AuditKeys } from './keys.service.js';
import { access } from './migrations/access.js';
import { migrations } from './migrations/index.js';
import { auditParts } from './ops/status-parts.service.js';
import { readiness } from './ops/readiness.service.js';
import { readersOf } from './read-gate/bearer-token.js';
import { ReadModule } from './read.module.js';
import { Review, ReviewModule, type ReviewDependencies } from './review.module.js';
import { LogKeys } from './windows/log-keys.service.js';
import { ServedWindows } from './windows/served-windows.service.js';
import { WindowStore } from './windows/window.store.js';
import { WriteSide } from './write-side.service.js';

export interface AuditDependencies {
  readonly bus: Bus;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly tracing?: Tracing;
}

/** Number of a shard's first window. */
const FIRST = 1;
const SCHEMA = 'audit';
const BEARER =
  'One request each: EdDSA or ES256 by a key that the registry publishes for the subsystem; typ kerege-reader+jwt, iss = sub = the subsystem, aud = the URL of this log, iat, exp at most 300 s later, jti.';
const READ_API = 'The log as C2SP tlog-tiles, proofs for everybody, and searches for readers who say who they are.';

@Module({})
class AuditModule {
  static with(deps: ReviewDependencies, review: Review, readers: readonly Buffer[]): DynamicModule {
    const { windows, database, clock, config } = deps;
    const reading = ReadModule.serving(windows, database, {
      clock,
      readerTokens: readers,
      archiveDir: config.archiveDir,
    });
    return { module: AuditModule, imports: [reading, ReviewModule.for(deps, review, reading)] };
  }
}

/**
 * Creates the audit service: the log's only writer and its readers' door. Resolves when it serves; the stamps are taken
 * up as soon as the registry has made their topic, and /ready says when.
 */
export async function createAudit(config: AuditConfig, deps: AuditDependencies): Promise<RunningApp> {
  const { bus, clock = systemClock, logger = createLogger('audit'), tracing = noTracing } = deps;
  const readers = readersOf(config.readerTokens, isLocal(config));
  const tls = await openTls(config, logger);
  const open = (poolSize: number) => whenAvailable('postgresql', logger, () => openLog(config, logger, poolSize));
  const database = await open(config.databasePoolSize);
  // Of their own: however many ask and however slowly they are answered, the writer finds a connection.
  const reading = await open(config.readerPoolSize);
  const metrics = new AppMetrics('audit');
  const tokens = openTokens(config, metrics, logger.child('tokens'));
  const newest = await newestLog(config, database, tokens).catch(async (cause: unknown) => {
    await Promise.all([database.close(), reading.close()]);
    throw cause;
  });
  const { keys } = newest;
  tokens.watch();
  watchPool(metrics, database);
  const busWatch = new BusWatch(bus, metrics).start();
  const served = servedWindows({ config, database: reading, clock, logger, keys });
  // Where that fails readers see the new window a second later, when they list again.
  const onOpened = () => void served.listAgain().catch(() => undefined);
  const write = new WriteSide({
    ...{ config, bus, clock, logger, database, reading, metrics, tracing, onOpened },
    ...newest,
    ...keys,
  });
  const reviewing = { config, windows: served, database: reading, bus, clock, logger, signer: keys.signer };
  const review = new Review(reviewing);
  const close = async () => {
    busWatch.stop();
    await Promise.all([review.close(), write.close()]);
    tokens.close();
    await Promise.all([database.close(), reading.close()]);
  };
  try {
    await write.prepare();
    await served.listAgain();
    const own = readiness(database, write);
    const checks = [...own, ...tokens.checks];
    const parts = [...auditParts({ bus, checks: own, write, review }), ...tokens.parts, ...write.exportParts];
    const app = await createHttpApp(AuditModule.with(reviewing, review, readers), {
      name: 'audit',
      limits: config,
      logger,
      metrics,
      readiness: checks,
      tls: tls?.options(),
      status: new StatusWatch('audit', parts, clock),
    });
    serveOpenApi(app, { title: 'Kerege audit', version: '1.0.0', description: READ_API, bearer: BEARER });
    write.start();
    review.start();
    return await startHttpApp(app, { host: config.host, port: config.port, tls, onClose: close });
  } catch (cause) {
    await close();
    throw cause;
  }
}

function openLog(config: AuditConfig, logger: Logger, poolSize: number): Promise<Database> {
  return openDatabase({
    url: config.databaseUrl.reveal(),
    schema: SCHEMA,
    migrations,
    access: accessBy(access, config, logger),
    poolSize,
    onIdleError: (cause) => logger.warn({ err: cause }, 'idle database connection broke'),
  });
}

/** The window that was opened last, with its keys; before there is any, the first one, which the settings name. */
async function newestLog(
  config: AuditConfig,
  database: Database,
  { device }: AppTokens,
): Promise<{ logId: number; keys: AuditKeys }> {
  const window = await new WindowStore(database).newest();
  return { logId: window?.logId ?? FIRST, keys: await loadKeys(config, device, window?.origin) };
}

interface ServedParts {
  readonly config: AuditConfig;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keys: AuditKeys;
}

function servedWindows({ config, database, clock, logger, keys: { policy } }: ServedParts): ServedWindows {
  const { publicUrl, cosignedWithinMs } = config;
  const parts = { windows: new WindowStore(database), keys: new LogKeys(config), logger: logger.child('windows') };
  return new ServedWindows({ ...parts, publicUrl, cosignedWithinMs, clock, policy });
}

/** Whether nobody but this machine is to reach us, directly or through a proxy. */
function isLocal({ host, publicUrl }: AuditConfig): boolean {
  return isLoopbackAddress(host) && URL.canParse(publicUrl) && isLoopbackHost(new URL(publicUrl).host);
}
