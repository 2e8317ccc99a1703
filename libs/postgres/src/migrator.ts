import { DataSource, type DataSourceOptions, type Logger } from 'typeorm';
import { postgresErrors, toDatabaseError } from './postgres.errors.js';

export type Migrations = NonNullable<DataSourceOptions['migrations']>;

export interface MigrateOptions {
  readonly url: string;
  readonly schema: string;
  readonly migrations: Migrations;
  readonly connectTimeoutMs?: number;
  /** Statements of the owner after the migrations, each time: what other roles are granted. */
  readonly grants?: readonly string[];
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
export async function migrate(options: MigrateOptions): Promise<void> {
  const { url, schema, migrations, connectTimeoutMs = 5_000, grants = [] } = options;
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
    await underLock(source, schema, grants);
  } catch (cause) {
    throw failure(cause, schema);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

/** The lock belongs to the session: it is gone when we are, however we end. */
async function underLock(source: DataSource, schema: string, grants: readonly string[]): Promise<void> {
  const holder = source.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1, hashtext($2))', [LOCK_SPACE, schema]);
    // `IF NOT EXISTS` asks for the right to create schemas even if it is there, and an owner need not have that.
    const found: { records: unknown[] } = await holder.query(
      'SELECT FROM pg_namespace WHERE nspname = $1',
      [schema],
      true,
    );
    if (found.records.length === 0) await holder.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await source.runMigrations({ transaction: 'all' });
    if (grants.length > 0) {
      // One transaction: at no moment has a running app lost what it needs.
      await holder.startTransaction();
      for (const grant of grants) await holder.query(grant);
      await holder.commitTransaction();
    }
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
