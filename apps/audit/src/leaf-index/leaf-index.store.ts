import type { Database, Queries } from '#postgres';
import type { IndexableLeaf, LeafEntry } from './leaf-entry.js';

interface LeafRow {
  readonly idx: string;
  readonly xid: Buffer;
  readonly slot: string;
  readonly signer: string;
  readonly leaf_hash: Buffer;
  readonly body: Buffer;
}

/** Column, its array's type, and its value, in the order in which rows are written. */
const COLUMNS: readonly (readonly [name: string, type: string, of: (entry: LeafEntry) => unknown])[] = [
  ['idx', 'bigint', (entry) => entry.index],
  ['type', 'text', (entry) => entry.type],
  ['xid', 'bytea', (entry) => entry.xid],
  ['at', 'bigint', (entry) => entry.atMs],
  ['slot', 'text', (entry) => entry.slot],
  ['signer', 'text', (entry) => entry.signer],
  ['consumer', 'text', (entry) => entry.consumer],
  ['consumer_member', 'text', (entry) => entry.consumerMember],
  ['provider', 'text', (entry) => entry.provider],
  ['provider_member', 'text', (entry) => entry.providerMember],
  ['service', 'text', (entry) => entry.service],
  ['endpoint', 'text', (entry) => entry.endpoint],
  ['purpose', 'text', (entry) => entry.purpose],
  ['legal_basis', 'text', (entry) => entry.legalBasis],
  ['status', 'smallint', (entry) => entry.status],
  ['status_class', 'smallint', (entry) => (entry.status === null ? null : Math.floor(entry.status / 100))],
  ['reason', 'text', (entry) => entry.reason],
  ['side', 'text', (entry) => entry.side],
  ['count', 'bigint', (entry) => entry.count],
  ['ref', 'text', (entry) => entry.ref],
  ['prev', 'bytea', (entry) => entry.prev],
  ['hash', 'bytea', (entry) => entry.hash],
];

const INSERT = `INSERT INTO leaf_index (log_id, ${COLUMNS.map(([name]) => name).join(', ')})
  SELECT $1, * FROM unnest(${COLUMNS.map(([, type], at) => `$${at + 2}::${type}[]`).join(', ')})
  ON CONFLICT DO NOTHING`;

/**
 * Fills `leaf_index` from the log. Rows and cursor are written in one transaction, so a crash leaves no gap; rows that
 * are there already are left, so the work may be done twice.
 */
export class LeafIndexStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {}

  /** Leaves below it are in the index. */
  async indexedTo(): Promise<number> {
    const [row] = await this.database.query<{ idx: string }>('SELECT idx FROM leaf_index_cursor WHERE log_id = $1', [
      this.logId,
    ]);
    return Number(row?.idx ?? 0);
  }

  async create(): Promise<void> {
    await this.database.query('INSERT INTO leaf_index_cursor (log_id, idx) VALUES ($1, 0) ON CONFLICT DO NOTHING', [
      this.logId,
    ]);
  }

  /** Leaves that the index has still to take up; undefined before `create`. */
  async lag(): Promise<number | undefined> {
    const [row] = await this.database.query<{ lag: string }>(
      `SELECT size - idx AS lag FROM log_head JOIN leaf_index_cursor USING (log_id) WHERE log_id = $1`,
      [this.logId],
    );
    return row === undefined ? undefined : Number(row.lag);
  }

  /** Takes up the next leaves. Resolves with their number; 0 also while another process is at it. */
  advance(limit: number, entryOf: (leaf: IndexableLeaf) => LeafEntry): Promise<number> {
    return this.database.transaction(async (queries) => {
      const [cursor] = await queries.query<{ idx: string }>(
        'SELECT idx FROM leaf_index_cursor WHERE log_id = $1 FOR UPDATE SKIP LOCKED',
        [this.logId],
      );
      const rows = cursor === undefined ? [] : await this.leavesFrom(queries, Number(cursor.idx), limit);
      const last = rows.at(-1);
      if (last === undefined) return 0;
      await this.write(rows.map(leafOf).map(entryOf), queries);
      await queries.query('UPDATE leaf_index_cursor SET idx = $2 WHERE log_id = $1', [
        this.logId,
        Number(last.idx) + 1,
      ]);
      return rows.length;
    });
  }

  async write(entries: readonly LeafEntry[], queries: Queries = this.database): Promise<void> {
    const columns = COLUMNS.map(([, , of]) => entries.map(of));
    await queries.query(INSERT, [this.logId, ...columns]);
  }

  /** Only what the signed head covers. */
  private leavesFrom(queries: Queries, from: number, limit: number): Promise<LeafRow[]> {
    return queries.query<LeafRow>(
      `SELECT idx, xid, slot, signer, leaf_hash, body FROM log_leaf
        WHERE log_id = $1 AND idx >= $2 AND idx < (SELECT size FROM log_head WHERE log_id = $1)
        ORDER BY idx LIMIT $3`,
      [this.logId, from, limit],
    );
  }
}

function leafOf({ idx, leaf_hash: hash, xid, slot, signer, body }: LeafRow): IndexableLeaf {
  return { index: Number(idx), xid, slot, signer, hash, body };
}
