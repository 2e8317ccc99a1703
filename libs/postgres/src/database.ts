import type { ClientBase, Pool } from 'pg';
import { DataSource, type DataSourceOptions, type EntityManager, type QueryRunner } from 'typeorm';
import { copyOut, copyText, type CopyQuery } from './copy-out.js';
import type { DatabaseAccess } from './database-access.js';
import { checkRole, prepareSchema } from './privileges.js';
import type { Migrations } from './migrator.js';
import { toDatabaseError } from './postgres.errors.js';
import type { Queries, Row } from './queries.js';
import { StatementNames } from './statement-names.js';

export interface DatabaseOptions {
  readonly url: string;
  /** One schema per app; it is the only one on the search path. */
  readonly schema: string;
  /** In order; each a class with raw SQL `up` and `down`. */
  readonly migrations: Migrations;
  /** Who may do what in the schema; absent: the one role is everything, as in tests of single stores. */
  readonly access?: DatabaseAccess;
  /** Connections at most. Who needs one more waits for `connectTimeoutMs`. */
  readonly poolSize: number;
  readonly entities?: NonNullable<DataSourceOptions['entities']>;
  /** The server ends a statement that takes longer. */
  readonly statementTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Called for a pooled connection that broke while nobody used it. */
  readonly onIdleError?: (error: unknown) => void;
}

export interface PoolUse {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

/**
 * A pool of connections to one app's schema.
 *
 * Durability: `query` and `transaction` resolve after the commit. Rejections carry our codes; after
 * `database-unavailable` the effect is unknown. Nothing is retried here.
 */
export interface Database extends Queries {
  /** One unit of work: all or nothing. The connection goes back to the pool either way. */
  transaction<Outcome>(work: (queries: Queries) => Promise<Outcome>): Promise<Outcome>;
  /** As `query`, under the role that may delete rows whose time is over; under the app's own if no such role is given. */
  erase<Result extends object = Row>(sql: string, parameters?: readonly unknown[]): Promise<Result[]>;
  /** True if a statement comes back. */
  isReachable(): Promise<boolean>;
  /** Connections open, those that nobody uses, and callers that wait for one. */
  poolUse(): PoolUse;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

const STATEMENT_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** Brings the schema to this version (under a lock, so any number of processes may start at once) and connects. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  await prepareSchema(options);
  const database = await connect(options);
  const { access } = options;
  if (access === undefined) return database;
  try {
    await checkRole(database, options.schema, access);
    if (access.eraserUrl !== '')
      database.eraser = await connect({ ...options, url: access.eraserUrl, poolSize: 1, entities: [] });
    return database;
  } catch (cause) {
    await database.close();
    throw cause;
  }
}

async function connect(options: DatabaseOptions): Promise<PooledDatabase> {
  const source = new DataSource(dataSourceOptions(options));
  try {
    await source.initialize();
  } catch (cause) {
    throw toDatabaseError(cause);
  }
  return new PooledDatabase(source);
}

function dataSourceOptions(options: DatabaseOptions): DataSourceOptions {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  return {
    type: 'postgres',
    url: options.url,
    schema: options.schema,
    synchronize: false,
    logging: false,
    entities: options.entities ?? [],
    // Extensions are the operator's to install, not a connecting app's.
    installExtensions: false,
    applicationName: options.applicationName ?? `kerege-${options.schema}`,
    connectTimeoutMS: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    poolSize: options.poolSize,
    poolErrorHandler: (error: unknown) => options.onIdleError?.(error),
    extra: {
      // Both are sent when the connection opens, so no statement runs without them.
      options: `-c search_path=${options.schema}`,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs * 2,
      // The server may be gone without a word; then nobody ends the statement but we.
      query_timeout: statementTimeoutMs + 5_000,
      keepAlive: true,
    },
  };
}

class PooledDatabase implements Database {
  private readonly names = new StatementNames();
  /** Set by `openDatabase`, before anybody else has this. */
  eraser: Database | undefined;

  constructor(private readonly source: DataSource) {}

  get entities(): EntityManager {
    return this.source.manager;
  }

  /** By the driver's own pool: TypeORM cannot name a statement, and an unnamed one is planned anew each time. */
  async query<Result extends object = Row>(sql: string, parameters: readonly unknown[] = []): Promise<Result[]> {
    const name = parameters.length === 0 ? undefined : this.names.of(sql);
    try {
      const statement = { text: sql, values: [...parameters], ...(name === undefined ? {} : { name }) };
      return (await this.pool.query<Result>(statement)).rows;
    } catch (cause) {
      throw toDatabaseError(cause);
    }
  }

  copy: CopyQuery = async (select, ...numbers) => {
    const text = copyText(select, numbers);
    try {
      const client = await this.pool.connect();
      // Who has taken a client hears of its end: nobody listening, it would end the process. The query rejects as well.
      client.on('error', ignore);
      let isGood = false;
      try {
        const rows = await copyOut(client, text);
        isGood = true;
        return rows;
      } finally {
        client.off('error', ignore);
        // As the pool does it: a connection on which anything failed is not used again.
        client.release(!isGood);
      }
    } catch (cause) {
      throw toDatabaseError(cause);
    }
  };

  async transaction<Outcome>(work: (queries: Queries) => Promise<Outcome>): Promise<Outcome> {
    const runner = this.source.createQueryRunner();
    try {
      await runner.startTransaction();
      const outcome = await work({
        query: (sql, parameters = []) => runQuery(runner, sql, parameters),
        copy: (select, ...numbers) => runCopy(runner, copyText(select, numbers)),
        entities: runner.manager,
      });
      await runner.commitTransaction();
      return outcome;
    } catch (cause) {
      // A rollback that fails changes nothing: the server rolls back when the connection ends.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw toDatabaseError(cause);
    } finally {
      await runner.release();
    }
  }

  erase<Result extends object = Row>(sql: string, parameters: readonly unknown[] = []): Promise<Result[]> {
    return (this.eraser ?? this).query<Result>(sql, parameters);
  }

  async isReachable(): Promise<boolean> {
    try {
      await this.query('SELECT 1');
      return true;
    } catch {
      // Any failure is the answer "no"; the reason is seen where work fails.
      return false;
    }
  }

  poolUse(): PoolUse {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return { total: totalCount, idle: idleCount, waiting: waitingCount };
  }

  async close(): Promise<void> {
    await this.eraser?.close();
    if (this.source.isInitialized) await this.source.destroy();
  }

  private get pool(): Pool {
    return (this.source.driver as unknown as { readonly master: Pool }).master;
  }
}

function ignore(): void {
  // Told by the rejection.
}

async function runQuery<Result extends object>(
  runner: QueryRunner,
  sql: string,
  parameters: readonly unknown[],
): Promise<Result[]> {
  try {
    const outcome: { records: Result[] } = await runner.query(sql, [...parameters], true);
    return outcome.records;
  } catch (cause) {
    throw toDatabaseError(cause);
  }
}

async function runCopy(runner: QueryRunner, text: string): ReturnType<CopyQuery> {
  try {
    return await copyOut((await runner.connect()) as ClientBase, text);
  } catch (cause) {
    throw toDatabaseError(cause);
  }
}
