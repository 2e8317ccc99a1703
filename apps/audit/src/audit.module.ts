import { Module, type DynamicModule } from '@nestjs/common';
import type { Bus } from '#bus';
import { systemClock, type Clock } from '#kernel';
import {
  AppMetrics,
  BusWatch,
  createHttpApp,
  createLogger,
  isLoopbackAddress,
  isLoopbackHost,
  noTracing,
  serveOpenApi,
  startHttpApp,
  StatusWatch,
  watchPool,
  type Logger,
  type RunningApp,
  type Tracing,
  whenAvailable,
} from '#platform';
import { accessBy, openDatabase } from '#postgres';
import type { AuditConfig } from './audit.config.js';
import type { ServedLog } from './discovery/served-log.js';
import { makeExport } from './export/start-export.service.js';
import { loadKeys, type AuditKeys } from './keys.service.js';
import { access } from './migrations/access.js';
import { migrations } from './migrations/index.js';
import { auditParts } from './ops/status-parts.service.js';
import { readiness } from './ops/readiness.service.js';
import { readersOf } from './read-gate/bearer-token.js';
import { ReadModule } from './read.module.js';
import { Review, ReviewModule, type ReviewDependencies } from './review.module.js';
import { WriteSide } from './write-side.service.js';

export interface AuditDependencies {
  readonly bus: Bus;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly tracing?: Tracing;
}

/** One log per process so far; rotation brings others (`audit-log.md` §3.7). */
const LOG_ID = 1;
const SCHEMA = 'audit';
const BEARER =
  'One request each: EdDSA or ES256 by a key that the registry publishes for the subsystem; typ kerege-reader+jwt, iss = sub = the subsystem, aud = the URL of this log, iat, exp at most 300 s later, jti.';
const READ_API = 'The log as C2SP tlog-tiles, proofs for everybody, and searches for readers who say who they are.';

@Module({})
class AuditModule {
  static with(deps: ReviewDependencies, review: Review, readers: readonly Buffer[]): DynamicModule {
    const reading = ReadModule.serving(deps.log, deps.database, deps.clock, readers);
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
  const keys = await loadKeys(config);
  const open = (poolSize: number) =>
    openDatabase({
      url: config.databaseUrl,
      schema: SCHEMA,
      migrations,
      access: accessBy(access, config, logger),
      poolSize,
      onIdleError: (cause) => logger.warn({ err: cause }, 'idle database connection broke'),
    });
  const database = await whenAvailable('postgresql', logger, () => open(config.databasePoolSize));
  // Of their own: however many ask and however slowly they are answered, the writer finds a connection.
  const reading = await whenAvailable('postgresql', logger, () => open(config.readerPoolSize));
  const metrics = new AppMetrics('audit');
  watchPool(metrics, database);
  const busWatch = new BusWatch(bus, metrics).start();
  const write = new WriteSide({ config, bus, clock, logger, database, logId: LOG_ID, metrics, tracing, ...keys });
  const served = servedLog(config, keys);
  const exported = makeExport({
    exportDir: config.exportDir,
    database: reading,
    logId: LOG_ID,
    key: keys.noteKey,
    isOwner: () => write.mayPublish,
    logger,
    metrics,
  });
  const reviewing = { config, log: served, database: reading, bus, clock, logger, signer: keys.signer };
  const review = new Review(reviewing);
  const close = async () => {
    busWatch.stop();
    await Promise.all([exported.stop(), review.close(), write.close()]);
    await Promise.all([database.close(), reading.close()]);
  };
  try {
    await write.prepare();
    const checks = readiness(database, write);
    const app = await createHttpApp(AuditModule.with(reviewing, review, readers), {
      name: 'audit',
      logger,
      metrics,
      readiness: checks,
      status: new StatusWatch('audit', [...auditParts({ bus, checks, write, review }), ...exported.parts], clock),
    });
    serveOpenApi(app, { title: 'Kerege audit', version: '1.0.0', description: READ_API, bearer: BEARER });
    write.start();
    exported.start();
    review.start();
    return await startHttpApp(app, { host: config.host, port: config.port, onClose: close });
  } catch (cause) {
    await close();
    throw cause;
  }
}

/** Whether nobody but this machine is to reach us, directly or through a proxy. */
function isLocal({ host, publicUrl }: AuditConfig): boolean {
  return isLoopbackAddress(host) && URL.canParse(publicUrl) && isLoopbackHost(new URL(publicUrl).host);
}

/** `<host>/<instance>/<shard>/<window>` is served under `/log/<shard>/<window>/`. */
function servedLog(config: AuditConfig, { noteKey, vkey, policy }: AuditKeys): ServedLog {
  const path = noteKey.name.split('/').slice(-2).join('/');
  const url = `${config.publicUrl.replace(/\/$/, '')}/log/${path}/`;
  const { origin, cosignedWithinMs } = config;
  const log = { logId: LOG_ID, origin, vkey, path, url, state: 'open', cosignedWithinMs } as const;
  return policy === undefined ? log : { ...log, policy };
}
