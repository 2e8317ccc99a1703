import type { Database } from '#postgres';
import type { OtherLeaf } from './unfinished.js';

export interface LeafBody {
  readonly index: number;
  readonly xid: Buffer;
  readonly body: Buffer;
}

/** What the sweeper reads of the log, and how far it has come. */
export class SweeperStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
    /** Numbers of the windows in which a sequel may stand, this one among them. */
    private readonly beside: readonly number[] = [logId],
  ) {}

  /** Of windows that are looked into, whose last requests may still be without their sequel. */
  static ofWindows(database: Database, ids: readonly number[]): SweeperStore[] {
    return ids.map((logId) => new SweeperStore(database, logId, ids));
  }

  /** No request before this index is without its sequel. */
  async cursor(): Promise<number> {
    const [row] = await this.database.query<{ idx: string }>('SELECT idx FROM sweep_cursor WHERE log_id = $1', [
      this.logId,
    ]);
    return Number(row?.idx ?? 0);
  }

  async moveCursor(index: number): Promise<void> {
    await this.database.query(
      `INSERT INTO sweep_cursor (log_id, idx) VALUES ($1, $2)
       ON CONFLICT (log_id) DO UPDATE SET idx = greatest(sweep_cursor.idx, excluded.idx)`,
      [this.logId, index],
    );
  }

  /** Leaves in order, of whatever kind: requests are picked by the caller, which also learns how far it has come. */
  async requests(from: number, limit: number): Promise<{ readonly requests: LeafBody[]; readonly end: number }> {
    const rows = await this.database.query<{ idx: string; slot: string; xid: Buffer; body: Buffer }>(
      'SELECT idx, slot, xid, body FROM log_leaf WHERE log_id = $1 AND idx >= $2 ORDER BY idx LIMIT $3',
      [this.logId, from, limit],
    );
    const requests = rows.filter((row) => row.slot === 'c0');
    const last = rows.at(-1);
    return {
      requests: requests.map(({ idx, xid, body }) => ({ index: Number(idx), xid, body })),
      end: last === undefined ? from : Number(last.idx) + 1,
    };
  }

  /**
   * Everything else that was stated about these exchanges, also in the windows beside this one: a sequel counts on
   * whichever side of the border it stands.
   */
  async others(xids: readonly Buffer[]): Promise<OtherLeaf[]> {
    return this.database.query(
      `SELECT xid, slot, body FROM log_leaf
        WHERE log_id = ANY ($1::int[]) AND xid = ANY ($2::bytea[]) AND slot <> 'c0'`,
      [this.beside, xids],
    );
  }
}
