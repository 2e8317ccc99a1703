import type { Database, Queries } from '#postgres';
import { dueAgainAt, givenUpBefore } from './own-statement.js';

export interface KeptStatement {
  readonly jws: string;
  readonly leafHash: Buffer;
}

/** Where a statement stands: in no log yet, in one, or given up because none took it in time. */
export type Standing =
  | { readonly state: 'waiting' | 'given-up' }
  | { readonly state: 'logged'; readonly log: string; readonly index: number };

interface KeptRow {
  readonly statement: string;
  readonly leaf_hash: Buffer;
  readonly attempts: number;
}

interface StandingRow {
  readonly is_given_up: boolean;
  readonly origin: string | null;
  readonly idx: string | null;
}

/** Statements that feedback brings into the log, until it has seen them there; then where they are. */
export class OwnStatementStore {
  constructor(private readonly database: Database) {}

  /** The same statement again changes nothing. */
  async keep(queries: Queries, { jws, leafHash }: KeptStatement, nowMs: number): Promise<void> {
    await queries.query(
      'INSERT INTO own_statement (leaf_hash, statement, made_ms, due_ms) VALUES ($1, $2, $3, $3) ON CONFLICT DO NOTHING',
      [leafHash, jws, nowMs],
    );
  }

  /** Those that are to go out now, the longest due first; each is due again later, whatever becomes of the sending. */
  async takeDue(nowMs: number, limit: number): Promise<KeptStatement[]> {
    return this.database.transaction(async (queries) => {
      const rows = await queries.query<KeptRow>(
        `SELECT leaf_hash, statement, attempts FROM own_statement
          WHERE idx IS NULL AND NOT is_given_up AND due_ms <= $1 ORDER BY due_ms LIMIT $2 FOR UPDATE SKIP LOCKED`,
        [nowMs, limit],
      );
      await queries.query(
        `UPDATE own_statement SET attempts = attempts + 1, due_ms = sent.due_ms
           FROM unnest($1::bytea[], $2::bigint[]) AS sent (leaf_hash, due_ms)
          WHERE own_statement.leaf_hash = sent.leaf_hash`,
        [rows.map((row) => row.leaf_hash), rows.map(({ attempts }) => dueAgainAt(nowMs, attempts))],
      );
      return rows.map((row) => ({ jws: row.statement, leafHash: row.leaf_hash }));
    });
  }

  /** Gives up what no log has taken in time; how many. */
  async giveUp(nowMs: number): Promise<number> {
    const rows = await this.database.query(
      'UPDATE own_statement SET is_given_up = true WHERE idx IS NULL AND NOT is_given_up AND made_ms < $1 RETURNING made_ms',
      [givenUpBefore(nowMs)],
    );
    return rows.length;
  }

  /** Undefined: it was never kept. */
  async find(leafHash: Buffer): Promise<Standing | undefined> {
    const [row] = await this.database.query<StandingRow>(
      `SELECT is_given_up, origin, idx FROM own_statement LEFT JOIN followed_log USING (log_id) WHERE leaf_hash = $1`,
      [leafHash],
    );
    if (row === undefined) return undefined;
    if (row.origin !== null && row.idx !== null) return { state: 'logged', log: row.origin, index: Number(row.idx) };
    return { state: row.is_given_up ? 'given-up' : 'waiting' };
  }

  /** What there is of these, in no order. */
  async kept(leafHashes: readonly Buffer[]): Promise<KeptStatement[]> {
    const rows = await this.database.query<Pick<KeptRow, 'leaf_hash' | 'statement'>>(
      'SELECT leaf_hash, statement FROM own_statement WHERE leaf_hash = ANY($1::bytea[])',
      [leafHashes],
    );
    return rows.map((row) => ({ jws: row.statement, leafHash: row.leaf_hash }));
  }

  /** By leaf hash in hex; those that no log holds are missing. */
  async places(leafHashes: readonly Buffer[]): Promise<ReadonlyMap<string, { log: string; index: number }>> {
    const rows = await this.database.query<{ leaf_hash: Buffer; origin: string; idx: string }>(
      `SELECT leaf_hash, origin, idx FROM own_statement JOIN followed_log USING (log_id)
        WHERE leaf_hash = ANY($1::bytea[]) AND idx IS NOT NULL`,
      [leafHashes],
    );
    return new Map(rows.map((row) => [row.leaf_hash.toString('hex'), { log: row.origin, index: Number(row.idx) }]));
  }

  /** Statements that no log holds yet; counted up to `most`. */
  async waiting(most: number): Promise<number> {
    const [row] = await this.database.query<{ n: string }>(
      `SELECT count(*) AS n FROM (SELECT FROM own_statement WHERE idx IS NULL AND NOT is_given_up LIMIT $1) AS waiting`,
      [most],
    );
    return Number(row?.n ?? 0);
  }
}

/** In the transaction that takes leaves in: those of them that are ours stand at these places. */
export async function markLogged(
  queries: Queries,
  logId: number,
  leaves: readonly { readonly leafHash: Buffer; readonly index: number }[],
): Promise<void> {
  if (leaves.length === 0) return;
  await queries.query(
    `UPDATE own_statement SET log_id = $1, idx = leaf.idx
       FROM unnest($2::bytea[], $3::bigint[]) AS leaf (leaf_hash, idx)
      WHERE own_statement.leaf_hash = leaf.leaf_hash AND own_statement.idx IS NULL`,
    [logId, leaves.map(({ leafHash }) => leafHash), leaves.map(({ index }) => index)],
  );
}
