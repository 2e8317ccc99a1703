import type { Database } from '#postgres';
import { askAgainAt } from './unopened.js';

/** A statement of which some commitment was not opened in time. */
export interface UnopenedStatement {
  readonly statement: Buffer;
  readonly exchangeId: string;
  readonly consumer: string;
  readonly seenMs: number;
}

interface UnopenedRow {
  readonly statement: Buffer;
  readonly exchange_id: string;
  readonly consumer: string;
  readonly seen_ms: string;
  readonly commitments: number;
}

export interface DueStatements {
  readonly statements: readonly UnopenedStatement[];
  /** There may be others. */
  readonly isFull: boolean;
}

export class UnopenedStore {
  constructor(private readonly database: Database) {}

  /** Those that are to be asked for now, of at most `limit` commitments. */
  async due(nowMs: number, limit: number): Promise<DueStatements> {
    const rows = await this.database.query<UnopenedRow>(
      `SELECT statement, exchange_id, consumer, min(seen_ms) AS seen_ms, count(*)::integer AS commitments
         FROM (SELECT * FROM commitment WHERE state = 'pending' AND ask_ms <= $1 ORDER BY ask_ms LIMIT $2) AS due
        GROUP BY statement, exchange_id, consumer`,
      [nowMs, limit],
    );
    const statements = rows.map((row) => ({
      statement: row.statement,
      exchangeId: row.exchange_id,
      consumer: row.consumer,
      seenMs: Number(row.seen_ms),
    }));
    return { statements, isFull: rows.reduce((sum, { commitments }) => sum + commitments, 0) >= limit };
  }

  async asked(statements: readonly UnopenedStatement[], nowMs: number): Promise<void> {
    await this.database.query(
      `UPDATE commitment SET ask_ms = asked.again FROM unnest($1::bytea[], $2::bigint[]) AS asked (statement, again)
        WHERE commitment.statement = asked.statement AND state = 'pending'`,
      [statements.map(({ statement }) => statement), statements.map(({ seenMs }) => askAgainAt(seenMs, nowMs))],
    );
  }

  /** Commitments that should have been opened by now; counted up to `most`. */
  async overdue(seenBeforeMs: number, most: number): Promise<number> {
    const [row] = await this.database.query<{ n: string }>(
      `SELECT count(*) AS n FROM (SELECT FROM commitment WHERE state = 'pending' AND seen_ms < $1 LIMIT $2) AS late`,
      [seenBeforeMs, most],
    );
    return Number(row?.n ?? 0);
  }
}
