import type { Database, Queries } from '#postgres';
import { INGEST_LOCK, MATCH_LOCK } from '../ingest-lock.js';

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
  /** As its record says itself. */
  readonly statement: Buffer;
  readonly value: Buffer;
  readonly partition: number;
  readonly offset: bigint;
  readonly atMs: number;
}

/** How far a partition was read. */
export interface ReadTo {
  readonly nextOffset: bigint;
  /** SHA-256 of the record before it, if one was taken. */
  readonly lastHash: Buffer | undefined;
}

/** A stretch of a partition that was looked at, whatever it held. */
export interface Stretch {
  readonly partition: number;
  /** Where its reader stood before it. */
  readonly from: bigint;
  /** Of the last record. */
  readonly lastOffset: bigint;
  readonly lastHash: Buffer;
}

interface InboxRow {
  readonly id: string;
  readonly statement: Buffer;
  readonly value: Buffer;
  readonly partition: number;
  readonly record_offset: string;
  readonly at_ms: string;
}

/**
 * Openings are matched in two lanes beside each other, so that the process opens those of one while the database writes
 * those of the other. All openings of one statement are in one lane: what one knows of it, the next one finds written.
 */
export const LANES = [0, 1] as const;
export type Lane = (typeof LANES)[number];

/** Which statements are whose. NOTE: not by a remainder, of which the planner guesses that hardly a row has it. */
const READY = LANES.map(
  (lane) =>
    `SELECT id, statement, value, partition, record_offset, at_ms FROM inbox
      WHERE is_ready AND statement ${lane === 0 ? '<' : '>='} '\\x80'::bytea ORDER BY id LIMIT $1`,
);

const INSERT = `INSERT INTO inbox (statement, kid, value, record_offset, at_ms, partition, is_ready)
  SELECT arrived.*, $6::integer, EXISTS (SELECT FROM commitment WHERE commitment.statement = arrived.statement)
    FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[]) AS arrived (statement)`;

/**
 * Openings between Kafka and the index. The offset is stored in the transaction of the rows, and moves only over what was
 * looked at without a gap: so each record is taken once, by whichever process, and none is passed over.
 */
export class InboxStore {
  constructor(private readonly database: Database) {}

  async readTo(partition: number): Promise<ReadTo> {
    const [row] = await this.database.query<{ next_offset: string; last_hash: Buffer | null }>(
      'SELECT next_offset, last_hash FROM opening_offset WHERE partition = $1',
      [partition],
    );
    return { nextOffset: BigInt(row?.next_offset ?? 0), lastHash: row?.last_hash ?? undefined };
  }

  /** Reading begins at another offset; false: another process has moved it meanwhile. */
  async beginAt(partition: number, left: bigint, offset: bigint): Promise<boolean> {
    const rows = await this.database.query(
      `UPDATE opening_offset SET next_offset = $3, last_hash = NULL WHERE partition = $1 AND next_offset = $2
        RETURNING partition`,
      [partition, String(left), String(offset)],
    );
    return rows.length > 0;
  }

  /** The openings of a stretch. False: reading stands before it, and nothing was written. */
  take({ partition, from, lastOffset, lastHash }: Stretch, openings: readonly ArrivedOpening[]): Promise<boolean> {
    return this.database.transaction(async (queries) => {
      await queries.query('SELECT pg_advisory_xact_lock($1)', [INGEST_LOCK]);
      const [row] = await queries.query<{ next_offset: string }>(
        'SELECT next_offset FROM opening_offset WHERE partition = $1 FOR UPDATE',
        [partition],
      );
      const stored = row === undefined ? undefined : BigInt(row.next_offset);
      // Where nothing was ever read, reading begins at what the topic still has.
      if (stored !== undefined && stored < from) return false;
      if (stored !== undefined && lastOffset < stored) return true;
      const fresh = openings.filter(({ offset }) => offset >= (stored ?? 0n));
      await queries.query(INSERT, [
        fresh.map(({ statement }) => Buffer.from(statement)),
        fresh.map(({ kid }) => kid),
        fresh.map(({ value }) => value),
        fresh.map(({ offset }) => String(offset)),
        fresh.map(({ atMs }) => atMs),
        partition,
      ]);
      await queries.query(
        `INSERT INTO opening_offset (partition, next_offset, last_hash) VALUES ($1, $2, $3)
          ON CONFLICT (partition) DO UPDATE SET next_offset = $2, last_hash = $3`,
        [partition, String(lastOffset + 1n), lastHash],
      );
      return true;
    });
  }

  /** The oldest openings of a lane whose leaf is there; nobody else has any of that lane until the caller's transaction ends. */
  async ready(queries: Queries, limit: number, lane: Lane): Promise<WaitingOpening[]> {
    await queries.query('SELECT pg_advisory_xact_lock($1, $2)', [MATCH_LOCK, lane]);
    const rows = await queries.query<InboxRow>(READY[lane] ?? '', [limit]);
    return rows.map(waiting);
  }

  /** Openings that arrived before and whose leaf has not come. */
  async expired(queries: Queries, beforeMs: number, limit: number): Promise<WaitingOpening[]> {
    const rows = await queries.query<InboxRow>(
      `SELECT id, statement, value, partition, record_offset, at_ms FROM inbox WHERE NOT is_ready AND at_ms < $1
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

function waiting({ record_offset: offset, at_ms: atMs, ...row }: InboxRow): WaitingOpening {
  return { ...row, offset: BigInt(offset), atMs: Number(atMs) };
}
