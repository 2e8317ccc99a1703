import { DataSource, type DataSourceOptions, type Logger } from 'typeorm';
import { postgresErrors, toDatabaseError } from './postgres.errors.js';

export type Migrations = NonNullable<DataSourceOptions['migrations']>;

export interface MigrateOptions {
  readonly url: string;
  readonly schema: string;
  readonly migrations: Migrations;
  readonly connectTimeoutMs?: number;
}

/** First half of the key of every migration lock, so that it meets no lock of another kind. */
const LOCK_SPACE = 0x6b657265;
/** TypeORM prints failed migrations whatever `logging` says; ours are told once, by the error. */
const silent: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};
const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * Creates the schema and runs what has not run yet, all in one transaction, under an advisory lock: of several
 * processes that start at once, one migrates and the others find nothing to do. A crash leaves the old version whole.
 */
export async function migrate({ url, schema, migrations, connectTimeoutMs = 5_000 }: MigrateOptions): Promise<void> {
  if (!SCHEMA_NAME.test(schema))
    throw postgresErrors.error('database-migration-failed', { details: { reason: 'schema name', schema } });
  const source = new DataSource({
    type: 'postgres',
    url,
    schema,
    migrations,
    migrationsTableName: 'migration',
    synchronize: false,
    logging: false,
    logger: silent,
    installExtensions: false,
    applicationName: `kerege-${schema}-migration`,
    connectTimeoutMS: connectTimeoutMs,
    poolSize: 2,
    poolErrorHandler: () => undefined,
    // A migration may take long, so no statement time-out; waiting for somebody's lock may not.
    extra: { options: `-c search_path=${schema} -c lock_timeout=30000` },
  });
  try {
    await source.initialize();
    await underLock(source, schema);
  } catch (cause) {
    throw failure(cause, schema);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

/** The lock belongs to the session: it is gone when we are, however we end. */
async function underLock(source: DataSource, schema: string): Promise<void> {
  const holder = source.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1, hashtext($2))', [LOCK_SPACE, schema]);
    await holder.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await source.runMigrations({ transaction: 'all' });
    await holder.query('SELECT pg_advisory_unlock($1, hashtext($2))', [LOCK_SPACE, schema]);
  } finally {
    await holder.release();
  }
}

function failure(cause: unknown, schema: string) {
  const mapped = toDatabaseError(cause);
  if (mapped.kind === 'unavailable') return mapped;
  // Migrations hold no data of anybody, so their errors may be quoted.
  return postgresErrors.error('database-migration-failed', { cause, details: { schema, ...mapped.details } });
}
