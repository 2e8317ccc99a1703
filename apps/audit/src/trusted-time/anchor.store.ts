import type { Database } from '#postgres';
import { withSignatureLines } from '#tlog';

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

/** Tokens of published notes (`audit-log.md` §3.2). Grows only; the same row again is no second row. */
export class AnchorStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {}

  /** After an answer that was lost it may be done again. */
  async add(token: StoredToken): Promise<void> {
    await this.database.query(
      'INSERT INTO log_anchor (log_id, size, kind, source, data) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
      [this.logId, token.size, TIMESTAMP, token.source, token.data],
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

  /** The note of that size, with its cosignatures, if a token stamps it. */
  async stampedNote(size: number): Promise<string | undefined> {
    const rows = await this.database.query<{ kind: string; data: Buffer }>(
      'SELECT kind, data FROM log_anchor WHERE log_id = $1 AND size = $2 ORDER BY kind, source',
      [this.logId, size],
    );
    const texts = (wanted: string) =>
      rows.flatMap(({ kind, data }) => (kind === wanted ? [data.toString('utf8')] : []));
    const [note] = texts('note');
    if (note === undefined || texts(TIMESTAMP).length === 0) return undefined;
    return withSignatureLines(note, texts('cosignature'));
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
