import type { Database, Queries } from '#postgres';
import { INGEST_LOCK } from '../ingest-lock.js';

/** An opening as it arrived, sealed. */
export interface ArrivedOpening {
  readonly statement: Uint8Array;
  readonly kid: string;
  readonly value: Buffer;
  readonly offset: bigint;
  readonly atMs: number;
}

export interface WaitingOpening {
  readonly id: string;
  readonly value: Buffer;
  readonly partition: number;
  readonly offset: bigint;
  readonly atMs: number;
}

interface InboxRow {
  readonly id: string;
  readonly value: Buffer;
  readonly partition: number;
  readonly record_offset: string;
  readonly at_ms: string;
}

const INSERT = `INSERT INTO inbox (statement, kid, value, record_offset, at_ms, partition, is_ready)
  SELECT arrived.*, $6::integer, EXISTS (SELECT FROM commitment WHERE commitment.statement = arrived.statement)
    FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[]) AS arrived (statement)`;

/**
 * Openings between Kafka and the index. The offset is stored in the transaction of the rows, and only an offset that
 * stands where we left it moves: so each record is taken once, by whichever process.
 */
export class InboxStore {
  constructor(private readonly database: Database) {}

  async nextOffset(partition: number): Promise<bigint> {
    const [row] = await this.database.query<{ next_offset: string }>(
      'SELECT next_offset FROM opening_offset WHERE partition = $1',
      [partition],
    );
    return BigInt(row?.next_offset ?? 0);
  }

  /** `next` is behind the last record that was looked at, also where that was no opening. */
  async take(partition: number, openings: readonly ArrivedOpening[], next: bigint): Promise<void> {
    await this.database.transaction(async (queries) => {
      await queries.query('SELECT pg_advisory_xact_lock($1)', [INGEST_LOCK]);
      const [row] = await queries.query<{ next_offset: string }>(
        'SELECT next_offset FROM opening_offset WHERE partition = $1 FOR UPDATE',
        [partition],
      );
      const from = BigInt(row?.next_offset ?? 0);
      if (next <= from) return;
      const fresh = openings.filter(({ offset }) => offset >= from);
      await queries.query(INSERT, [
        fresh.map(({ statement }) => Buffer.from(statement)),
        fresh.map(({ kid }) => kid),
        fresh.map(({ value }) => value),
        fresh.map(({ offset }) => String(offset)),
        fresh.map(({ atMs }) => atMs),
        partition,
      ]);
      await queries.query(
        `INSERT INTO opening_offset (partition, next_offset) VALUES ($1, $2)
          ON CONFLICT (partition) DO UPDATE SET next_offset = $2`,
        [partition, String(next)],
      );
    });
  }

  /** The oldest openings whose leaf is there; the caller's transaction owns them. */
  async ready(queries: Queries, limit: number): Promise<WaitingOpening[]> {
    const rows = await queries.query<InboxRow>(
      `SELECT id, value, partition, record_offset, at_ms FROM inbox WHERE is_ready ORDER BY id LIMIT $1
        FOR UPDATE SKIP LOCKED`,
      [limit],
    );
    return rows.map(waiting);
  }

  /** Openings that arrived before and whose leaf has not come. */
  async expired(queries: Queries, beforeMs: number, limit: number): Promise<WaitingOpening[]> {
    const rows = await queries.query<InboxRow>(
      `SELECT id, value, partition, record_offset, at_ms FROM inbox WHERE NOT is_ready AND at_ms < $1
        ORDER BY at_ms LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [beforeMs, limit],
    );
    return rows.map(waiting);
  }

  async remove(queries: Queries, openings: readonly WaitingOpening[]): Promise<void> {
    await queries.query('DELETE FROM inbox WHERE id = ANY($1::bigint[])', [openings.map(({ id }) => id)]);
  }

  /** Whether openings wait here that were sealed with that key and came before. */
  async holds(kid: string, beforeMs: number): Promise<boolean> {
    const sql = 'SELECT FROM inbox WHERE kid = $1 AND at_ms < $2 LIMIT 1';
    return (await this.database.query(sql, [kid, beforeMs])).length > 0;
  }

  /** By partition: where reading goes on. */
  async read(): Promise<readonly { partition: number; offset: bigint }[]> {
    const rows = await this.database.query<{ partition: number; next_offset: string }>(
      'SELECT partition, next_offset FROM opening_offset',
    );
    return rows.map((row) => ({ partition: row.partition, offset: BigInt(row.next_offset) }));
  }

  /** Openings that wait for their leaf or for their turn. */
  async size(): Promise<number> {
    const [row] = await this.database.query<{ n: string }>('SELECT count(*) AS n FROM inbox');
    return Number(row?.n ?? 0);
  }
}

function waiting({ id, value, partition, record_offset: offset, at_ms: atMs }: InboxRow): WaitingOpening {
  return { id, value, partition, offset: BigInt(offset), atMs: Number(atMs) };
}
