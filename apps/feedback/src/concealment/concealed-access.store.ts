import { BulkInsert, type Database, type Queries } from '#postgres';
import { kindNumber } from '../log-follower/followed-log.store.js';
import type { StoredCommitment } from '../openings/index-row.store.js';
import type { LogPlace } from './log-place.js';

/** An access that is concealed by that countersigned order. */
export interface ConcealedAccess {
  readonly commitment: StoredCommitment;
  readonly leafHash: Buffer;
  readonly untilMs: number;
}

const CONCEALED = new BulkInsert<ConcealedAccess>('concealed_access', [
  ['log_id', 'smallint', (row) => row.commitment.logId],
  ['idx', 'bigint', (row) => row.commitment.index],
  ['kind', 'smallint', (row) => kindNumber(row.commitment.kind)],
  ['position', 'smallint', (row) => row.commitment.position],
  ['leaf_hash', 'bytea', (row) => row.leafHash],
  ['until_ms', 'bigint', (row) => row.untilMs],
]);

/** In the transaction of their rows in the index. */
export async function addConcealed(queries: Queries, accesses: readonly ConcealedAccess[]): Promise<void> {
  await CONCEALED.run(queries, accesses);
}

/** Where requests stand and when they say that they were made, by leaf hash in hex; those that are there. */
export async function requestsOf(
  queries: Queries,
  hashes: readonly Buffer[],
): Promise<ReadonlyMap<string, { readonly place: LogPlace; readonly tsMs: number }>> {
  const rows = await queries.query<{ leaf_hash: Buffer; origin: string; idx: string; ts_ms: string }>(
    `SELECT leaf_hash, origin, idx, ts_ms FROM exchange JOIN followed_log USING (log_id)
      WHERE leaf_hash = ANY($1::bytea[])`,
    [hashes],
  );
  return new Map(
    rows.map((row) => [
      row.leaf_hash.toString('hex'),
      { place: { log: row.origin, index: Number(row.idx) }, tsMs: Number(row.ts_ms) },
    ]),
  );
}

/** Names of logs by their numbers. */
export async function originsOf(queries: Queries): Promise<ReadonlyMap<number, string>> {
  const rows = await queries.query<{ log_id: number; origin: string }>('SELECT log_id, origin FROM followed_log');
  return new Map(rows.map((row) => [row.log_id, row.origin]));
}

export class ConcealedAccessStore {
  constructor(private readonly database: Database) {}

  /**
   * Those whose time is over count as any other from now on, and lie where all others do; how many they were. Whether a
   * row is shown its own `concealed_until` says, from that instant on.
   */
  async release(nowMs: number, limit: number): Promise<number> {
    const rows = await this.database.query(
      `WITH over AS (
         SELECT log_id, idx, kind, position FROM concealed_access WHERE NOT is_over AND until_ms <= $1
          ORDER BY until_ms LIMIT $2 FOR UPDATE SKIP LOCKED
       ), counted AS (
         UPDATE commitment SET state = 'indexed' FROM over
          WHERE (commitment.log_id, commitment.idx, commitment.kind, commitment.position)
                = (over.log_id, over.idx, over.kind, over.position) AND state = 'concealed'
       ), moved AS (
         UPDATE subject_access SET hidden_until = NULL FROM over
          WHERE (subject_access.log_id, subject_access.idx, subject_access.kind, subject_access.position)
                = (over.log_id, over.idx, over.kind, over.position) AND hidden_until IS NOT NULL
       )
       UPDATE concealed_access SET is_over = true FROM over
        WHERE (concealed_access.log_id, concealed_access.idx, concealed_access.kind, concealed_access.position)
              = (over.log_id, over.idx, over.kind, over.position) RETURNING until_ms`,
      [nowMs, limit],
    );
    return rows.length;
  }

  /** Accesses that this countersigned order conceals, or has concealed. */
  async byOrder(leafHash: Buffer): Promise<number> {
    const [row] = await this.database.query<{ n: string }>(
      'SELECT count(*) AS n FROM concealed_access WHERE leaf_hash = $1',
      [leafHash],
    );
    return Number(row?.n ?? 0);
  }

  /** Accesses that are concealed now. */
  async live(nowMs: number): Promise<number> {
    const [row] = await this.database.query<{ n: string }>(
      'SELECT count(*) AS n FROM concealed_access WHERE NOT is_over AND until_ms > $1',
      [nowMs],
    );
    return Number(row?.n ?? 0);
  }
}
