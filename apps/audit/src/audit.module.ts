import { Module, type DynamicModule } from '@nestjs/common';
import type { Bus } from '#bus';
import { systemClock, type Clock } from '#kernel';
import {
  AppMetrics,
  BusWatch,
  createHttpApp,
  createLogger,
  noTracing,
  startHttpApp,
  StatusWatch,
  watchPool,
  type Logger,
  type RunningApp,
  type Tracing,
  whenAvailable,
} from '#platform';
import { openDatabase, type Database } from '#postgres';
import type { AuditConfig } from './audit.config.js';
import { loadKeys, type AuditKeys } from './keys.service.js';
import { migrations } from './migrations/index.js';
import { auditParts } from './ops/status-parts.service.js';
import { readiness } from './ops/readiness.service.js';
import { ReadModule } from './read.module.js';
import { LogKeys } from './windows/log-keys.service.js';
import { newestOf, ServedWindows } from './windows/served-windows.service.js';
import { WindowStore } from './windows/window.store.js';
import { WriteSide } from './write-side.service.js';

export interface AuditDependencies {
  readonly bus: Bus;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly tracing?: Tracing;
}

const SCHEMA = 'audit';

@Module({})
class AuditModule {
  static with(windows: ServedWindows, archiveDir: string, database: Database, clock: Clock): DynamicModule {
    const read = ReadModule.serving(newestOf(windows), database, clock, { windows, archiveDir });
    return { module: AuditModule, imports: [read] };
  }
}

/**
 * Creates the audit service: the log's only writer and its readers' door. Resolves when it serves; the stamps are taken
 * up as soon as the registry has made their topic, and /ready says when.
 */
export async function createAudit(config: AuditConfig, deps: AuditDependencies): Promise<RunningApp> {
  const { bus, clock = systemClock, logger = createLogger('audit'), tracing = noTracing } = deps;
  const database = await whenAvailable('postgresql', logger, () =>
    openDatabase({
      url: config.databaseUrl,
      schema: SCHEMA,
      migrations,
      poolSize: config.databasePoolSize,
      onIdleError: (cause) => logger.warn({ err: cause }, 'idle database connection broke'),
    }),
  );
  const windows = servedWindows(config, database, clock);
  const keys = await keysOfNewest(config, windows, database);
  const metrics = new AppMetrics('audit');
  watchPool(metrics, database);
  const busWatch = new BusWatch(bus, metrics).start();
  const onOpened = () => void windows.listAgain().catch(() => undefined);
  const write = new WriteSide({ config, bus, clock, logger, database, metrics, tracing, onOpened, ...keys });
  const close = async () => {
    busWatch.stop();
    await write.close();
    await database.close();
  };
  try {
    await write.prepare();
    await windows.listAgain();
    const checks = readiness(database, write);
    const app = await createHttpApp(AuditModule.with(windows, config.archiveDir, database, clock), {
      name: 'audit',
      logger,
      metrics,
      readiness: checks,
      status: new StatusWatch('audit', auditParts({ bus, checks, write }), clock),
    });
    write.start();
    return await startHttpApp(app, { host: config.host, port: config.port, onClose: close });
  } catch (cause) {
    await close();
    throw cause;
  }
}

function servedWindows(config: AuditConfig, database: Database, clock: Clock): ServedWindows {
  const { publicUrl } = config;
  return new ServedWindows({ windows: new WindowStore(database), keys: new LogKeys(config), publicUrl, clock });
}

/** Of the window that was opened last; the settings name the first. */
async function keysOfNewest(config: AuditConfig, windows: ServedWindows, database: Database): Promise<AuditKeys> {
  try {
    const newest = (await windows.listAgain()).at(-1);
    return await loadKeys(config, newest?.origin);
  } catch (cause) {
    await database.close();
    throw cause;
  }
}
