import type { Database } from '#postgres';

/** A row of `log_anchor` of kind `timestamp`. */
export interface StoredToken {
  readonly size: number;
  /** Name of the authority. */
  readonly source: string;
  readonly data: Buffer;
}

interface TokenRow {
  readonly size: string;
  readonly source: string;
  readonly data: Buffer;
}

const COLUMNS = 'SELECT size, source, data FROM log_anchor WHERE log_id = $1 AND kind = $2';
const TIMESTAMP = 'timestamp';
/** `source` of the log's own note, as it was stamped. */
const NOTE_SOURCE = 'log';

/** Tokens and the notes that they stamp (`audit-log.md` §3.2). Grows only; the same row again is no second row. */
export class AnchorStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {}

  /** One transaction. After an answer that was lost it may be done again. */
  async add(token: StoredToken, note: string): Promise<void> {
    await this.database.query(
      `INSERT INTO log_anchor (log_id, size, kind, source, data)
       VALUES ($1, $2, 'note', $3, $4), ($1, $2, $5, $6, $7) ON CONFLICT DO NOTHING`,
      [this.logId, token.size, NOTE_SOURCE, Buffer.from(note), TIMESTAMP, token.source, token.data],
    );
  }

  /** The newest first. */
  async newest(limit: number): Promise<StoredToken[]> {
    const rows = await this.database.query<TokenRow>(`${COLUMNS} ORDER BY size DESC, noted DESC LIMIT $3`, [
      this.logId,
      TIMESTAMP,
      limit,
    ]);
    return rows.map(tokenOf);
  }

  /** The first token whose size is above `index`: the earliest time by which the leaf stood. */
  async firstCovering(index: number): Promise<StoredToken | undefined> {
    const [row] = await this.database.query<TokenRow>(`${COLUMNS} AND size > $3 ORDER BY size, noted LIMIT 1`, [
      this.logId,
      TIMESTAMP,
      index,
    ]);
    return row === undefined ? undefined : tokenOf(row);
  }

  /** The note of that size as it was stamped. */
  async note(size: number): Promise<Buffer | undefined> {
    const [row] = await this.database.query<{ data: Buffer }>(
      `SELECT data FROM log_anchor WHERE log_id = $1 AND kind = 'note' AND size = $2 AND source = $3`,
      [this.logId, size, NOTE_SOURCE],
    );
    return row?.data;
  }

  /** Which of these statement ids have a leaf, in this window or one that followed it, in hex. */
  async stated(ids: readonly Buffer[], signer: string): Promise<ReadonlySet<string>> {
    const rows = await this.database.query<{ xid: Buffer }>(
      `SELECT xid FROM log_leaf WHERE log_id >= $1 AND xid = ANY ($2::bytea[]) AND slot = '-' AND signer = $3`,
      [this.logId, ids, signer],
    );
    return new Set(rows.map(({ xid }) => xid.toString('hex')));
  }

  /** Whether there is a leaf in `[from, to)` besides those of these ids. */
  async holdsOthers(from: number, to: number, ids: readonly Buffer[]): Promise<boolean> {
    const rows = await this.database.query(
      'SELECT 1 FROM log_leaf WHERE log_id = $1 AND idx >= $2 AND idx < $3 AND NOT (xid = ANY ($4::bytea[])) LIMIT 1',
      [this.logId, from, to, ids],
    );
    return rows.length > 0;
  }
}

function tokenOf({ size, source, data }: TokenRow): StoredToken {
  return { size: Number(size), source, data };
}
