import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '#kernel';
import { postgresErrors, type Database, type Queries, type Row } from '#postgres';

const PAUSE_MS = 1_000;

/**
 * The journal's database, which may still be away when the connector starts: safe calls do not wait for it (`design.md`
 * §7). Until it is open, every query says that it is unavailable, as it does when the database goes away later.
 */
export class JournalDatabase implements Pick<
  Database,
  'query' | 'transaction' | 'erase' | 'isReachable' | 'poolUse' | 'close'
> {
  /** Written by `tryOpen`. */
  private database: Database | undefined;
  private opening: Promise<void> = Promise.resolve();
  private readonly closing = new AbortController();

  private constructor(
    private readonly connect: () => Promise<Database>,
    private readonly failed: (cause: unknown) => void,
  ) {}

  /** Resolves after the first attempt; goes on trying if the database is away, and rejects if it is not as it should be. */
  static async open(connect: () => Promise<Database>, failed: (cause: unknown) => void): Promise<JournalDatabase> {
    const opened = new JournalDatabase(connect, failed);
    try {
      opened.database = await connect();
    } catch (cause) {
      if (!(cause instanceof AppError) || cause.entry.kind !== 'unavailable') throw cause;
      failed(cause);
      opened.opening = opened.tryOpen();
    }
    return opened;
  }

  query<Result extends object = Row>(sql: string, parameters?: readonly unknown[]): Promise<Result[]> {
    return (
      this.database?.query<Result>(sql, parameters) ?? Promise.reject(postgresErrors.error('database-unavailable'))
    );
  }

  transaction<Outcome>(work: (queries: Queries) => Promise<Outcome>): Promise<Outcome> {
    return this.database?.transaction(work) ?? Promise.reject(postgresErrors.error('database-unavailable'));
  }

  erase<Result extends object = Row>(sql: string, parameters?: readonly unknown[]): Promise<Result[]> {
    return (
      this.database?.erase<Result>(sql, parameters) ?? Promise.reject(postgresErrors.error('database-unavailable'))
    );
  }

  async isReachable(): Promise<boolean> {
    return this.database !== undefined && (await this.database.isReachable());
  }

  poolUse(): ReturnType<Database['poolUse']> {
    return this.database?.poolUse() ?? { total: 0, idle: 0, waiting: 0 };
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.opening;
    await this.database?.close();
  }

  private async tryOpen(): Promise<void> {
    const { signal } = this.closing;
    while (this.database === undefined) {
      await pause(PAUSE_MS);
      if (signal.aborted) return;
      try {
        this.database = await this.connect();
      } catch (cause) {
        // Also one that came back in a state in which it cannot be used: the connector is not ready, and says why.
        this.failed(cause);
      }
    }
  }
}
