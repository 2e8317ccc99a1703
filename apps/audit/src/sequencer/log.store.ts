import type { Database, Queries } from '#postgres';
import { edgeWidths, type FullTile } from '#tlog';
import type { StandingLeaf } from '../intake/verdict.js';
import type { StoredEdge } from './head-check.js';
import type { LogHead } from './log-head.js';

export interface NewLeaf extends StandingLeaf {
  readonly body: Buffer;
  readonly offset: bigint;
}

/** A manifest among the new leaves, kept beside them so that its snapshot is found by index. */
export interface NewManifest {
  readonly index: number;
  readonly number: number;
  readonly digest: Buffer;
  readonly digests: string;
  readonly statement: string;
}

export interface Append {
  readonly oldSize: number;
  readonly head: LogHead;
  readonly leaves: readonly NewLeaf[];
  readonly tiles: readonly FullTile[];
  readonly manifests: readonly NewManifest[];
}

/** Where the first batch of a window goes that has a predecessor: nowhere, unless that is closed and still ours. */
export interface Opening {
  readonly predecessor: number;
  readonly topic: string;
  readonly append: Append;
}

interface HeadRow {
  origin: string;
  size: string;
  root: Buffer;
  frontier: Buffer;
  next_offset: string;
  epoch: string;
  note: string;
  is_closed: boolean;
}

const HEAD = 'origin, size, root, frontier, next_offset, epoch, note, final_size IS NOT NULL AS is_closed';

/** One log's rows, for its sequencer. Reads of everybody else go through `LogReaderStore`. */
export class LogStore {
  constructor(
    private readonly database: Database,
    readonly logId: number,
  ) {}

  /** Makes the head of an empty log, which is vacant; does nothing if the log exists. */
  async create(head: LogHead, topic: string): Promise<void> {
    await this.database.query(
      `INSERT INTO log_head
              (log_id, origin, size, root, frontier, kafka_topic, kafka_partition, next_offset, epoch, note, updated)
       VALUES ($1, $2, 0, $3, ''::bytea, $4, 0, 0, 0, $5, '-infinity') ON CONFLICT DO NOTHING`,
      [this.logId, head.origin, head.root, topic, head.note],
    );
  }

  /**
   * Counts the epoch up and returns it if the log was given back, or if its owner has not been heard of for `leaseMs`
   * where that is given: from there on every append of an older owner fails. Of two that claim at once one gets it.
   */
  async claim(leaseMs: number | undefined): Promise<bigint | undefined> {
    // Age by the database's clock, which the owner's renewals are stamped with, too.
    const rows = await this.database.query<{ epoch: string }>(
      `UPDATE log_head SET epoch = epoch + 1, updated = clock_timestamp()
        WHERE log_id = $1
          AND (updated = '-infinity' OR updated <= clock_timestamp() - make_interval(secs => $2::float8 / 1000))
       RETURNING epoch`,
      [this.logId, leaseMs ?? null],
    );
    return epochIn(rows);
  }

  /** The owner is heard of; false if it is the owner no more. */
  async renew(epoch: bigint): Promise<boolean> {
    return this.mark(epoch, 'clock_timestamp()');
  }

  /** Gives the log back: whoever stands by need not wait. */
  async vacate(epoch: bigint): Promise<boolean> {
    return this.mark(epoch, "'-infinity'");
  }

  /** The head for the owner in this epoch, after a statement that may still run on it has ended. */
  async ownHead(epoch: bigint): Promise<LogHead | undefined> {
    const [row] = await this.database.query<HeadRow>(
      `UPDATE log_head SET updated = clock_timestamp() WHERE log_id = $1 AND epoch = $2 RETURNING ${HEAD}`,
      [this.logId, epoch.toString()],
    );
    return row === undefined ? undefined : headOf(row);
  }

  /** The head; with `settled` only after a statement that may still run on it has ended. */
  async head(settled = false): Promise<LogHead> {
    return this.headBy(this.database, settled ? ' FOR UPDATE' : '');
  }

  /** Head and right edge as they stood at one moment: another process may append meanwhile. */
  standing(): Promise<{ head: LogHead; edge: StoredEdge }> {
    return this.database.transaction(async (queries) => {
      await queries.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const head = await this.headBy(queries);
      return { head, edge: await this.edge(head.size, queries) };
    });
  }

  /** The right edge as stored: at most 255 rows per level. */
  async edge(size: number, queries: Queries = this.database): Promise<StoredEdge> {
    const widths = edgeWidths(size);
    const leaves = await queries.query<{ leaf_hash: Buffer; body: Buffer }>(
      'SELECT leaf_hash, body FROM log_leaf WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx',
      [this.logId, size - (widths[0] ?? 0), size],
    );
    const surplus = await queries.query<{ n: string }>(
      'SELECT count(*) AS n FROM (SELECT FROM log_leaf WHERE log_id = $1 AND idx >= $2 LIMIT 1) AS beyond',
      [this.logId, size],
    );
    const tiles: { root: Buffer; data: Buffer }[][] = [];
    for (const [level, width] of widths.slice(1).entries()) {
      const end = Math.floor(size / 256 ** (level + 1));
      tiles.push(
        await queries.query(
          'SELECT root, data FROM log_tile WHERE log_id = $1 AND lvl = $2 AND idx >= $3 AND idx < $4 ORDER BY idx',
          [this.logId, level, end - width, end],
        ),
      );
    }
    return {
      leaves: leaves.map((row) => ({ leafHash: row.leaf_hash, body: row.body })),
      tiles,
      surplus: Number(surplus[0]?.n),
    };
  }

  /**
   * Makes this log with its first leaves, in one transaction. False if its predecessor is not closed, or not owned in
   * the epoch of the new head, or if the log is there already.
   */
  open({ predecessor, topic, append }: Opening): Promise<boolean> {
    const { head } = append;
    return this.database.transaction(async (queries) => {
      const owned = await queries.query(
        'SELECT FROM log_head WHERE log_id = $1 AND epoch = $2 AND final_size IS NOT NULL FOR UPDATE',
        [predecessor, head.epoch.toString()],
      );
      if (owned.length !== 1) return false;
      const made = await queries.query(
        `INSERT INTO log_head (log_id, origin, size, root, frontier, kafka_topic, kafka_partition, next_offset, epoch,
                               note, predecessor)
         VALUES ($1, $2, 0, ''::bytea, ''::bytea, $3, 0, $4, $5, '', $6) ON CONFLICT DO NOTHING RETURNING log_id`,
        [this.logId, head.origin, topic, head.nextOffset.toString(), head.epoch.toString(), predecessor],
      );
      return made.length === 1 && this.append(append, queries);
    });
  }

  /** The head, or undefined where there is no log yet; after an opening that may still be under way has ended. */
  headIfAny(): Promise<LogHead | undefined> {
    return this.database.transaction(async (queries) => {
      await queries.query('SELECT FROM log_head WHERE log_id = $1 FOR UPDATE', [this.logId - 1]);
      const [row] = await queries.query<HeadRow>(`SELECT ${HEAD} FROM log_head WHERE log_id = $1`, [this.logId]);
      return row === undefined ? undefined : headOf(row);
    });
  }

  /** The whole effect of a batch in one statement, hence one transaction. False if the log is not ours any more. */
  async append(
    { oldSize, head, leaves, tiles, manifests }: Append,
    queries: Pick<Queries, 'query'> = this.database,
  ): Promise<boolean> {
    const rows = await queries.query<{ n: string }>(APPEND, [
      this.logId,
      oldSize,
      head.size,
      head.root,
      head.frontier,
      head.nextOffset.toString(),
      head.note,
      head.epoch.toString(),
      Buffer.concat(leaves.map((leaf) => leaf.xid)),
      leaves.map((leaf) => leaf.slot),
      leaves.map((leaf) => leaf.signer),
      Buffer.concat(leaves.map((leaf) => leaf.leafHash)),
      Buffer.concat(leaves.map((leaf) => leaf.body)),
      bodyEnds(leaves),
      leaves.map((leaf) => leaf.offset.toString()),
      tiles.map((tile) => tile.level),
      tiles.map((tile) => tile.index),
      Buffer.concat(tiles.map((tile) => tile.root)),
      Buffer.concat(tiles.map((tile) => tile.data)),
      manifests.map((manifest) => manifest.index),
      manifests.map((manifest) => manifest.number),
      Buffer.concat(manifests.map((manifest) => manifest.digest)),
      manifests.map((manifest) => manifest.digests),
      manifests.map((manifest) => manifest.statement),
      head.isClosed === true,
    ]);
    return Number(rows[0]?.n) === 1;
  }

  /** Damage that a scrub has found in this window or one before, by whatever process, and that no human has taken away. */
  async damage(): Promise<string | undefined> {
    const [row] = await this.database.query<{ problem: string }>(
      'SELECT problem FROM scrub_finding WHERE log_id <= $1 ORDER BY found LIMIT 1',
      [this.logId],
    );
    return row?.problem;
  }

  private async mark(epoch: bigint, updated: string): Promise<boolean> {
    const rows = await this.database.query<{ epoch: string }>(
      `UPDATE log_head SET updated = ${updated} WHERE log_id = $1 AND epoch = $2 RETURNING epoch`,
      [this.logId, epoch.toString()],
    );
    return epochIn(rows) === epoch;
  }

  private async headBy(queries: Queries, lock = ''): Promise<LogHead> {
    const sql = `SELECT ${HEAD} FROM log_head WHERE log_id = $1${lock}`;
    const [row] = await queries.query<HeadRow>(sql, [this.logId]);
    return headOf(row);
  }
}

/**
 * `audit-log.md` §3.3: nothing is written unless the head is the one that we extend and its epoch is ours. Columns of
 * fixed width come packed into one value each, bodies as one value with the end of each.
 */
const APPEND = `
  WITH that AS (
    UPDATE log_head SET size = $3, root = $4, frontier = $5, next_offset = $6, note = $7, updated = clock_timestamp(),
           final_size = CASE WHEN $25::boolean THEN $3::bigint END, closed = CASE WHEN $25::boolean THEN now() END
     WHERE log_id = $1 AND size = $2 AND epoch = $8 AND final_size IS NULL RETURNING log_id
  ), leaves AS (
    INSERT INTO log_leaf (log_id, idx, xid, slot, signer, leaf_hash, body, kafka_offset)
    SELECT that.log_id, $2::bigint + leaf.n - 1,
           substring($9::bytea FROM (leaf.n::int - 1) * 16 + 1 FOR 16), leaf.slot, leaf.signer,
           substring($12::bytea FROM (leaf.n::int - 1) * 32 + 1 FOR 32),
           substring($13::bytea FROM leaf.body_start + 1 FOR leaf.body_end - leaf.body_start), leaf.kafka_offset
      FROM that, (
        SELECT slot, signer, kafka_offset, body_end, n, lag(body_end, 1, 0) OVER (ORDER BY n) AS body_start
          FROM unnest($10::text[], $11::text[], $15::bigint[], $14::int[])
               WITH ORDINALITY AS packed (slot, signer, kafka_offset, body_end, n)
      ) AS leaf
  ), tiles AS (
    INSERT INTO log_tile (log_id, lvl, idx, root, data)
    SELECT that.log_id, tile.lvl, tile.idx,
           substring($18::bytea FROM (tile.n::int - 1) * 32 + 1 FOR 32),
           substring($19::bytea FROM (tile.n::int - 1) * 8192 + 1 FOR 8192)
      FROM that, unnest($16::smallint[], $17::bigint[]) WITH ORDINALITY AS tile (lvl, idx, n)
  ), manifests AS (
    INSERT INTO manifest (log_id, idx, number, digest, digests, statement)
    SELECT that.log_id, m.idx, m.number, substring($22::bytea FROM (m.n::int - 1) * 32 + 1 FOR 32), m.digests, m.statement
      FROM that, unnest($20::bigint[], $21::bigint[], $23::text[], $24::text[])
           WITH ORDINALITY AS m (idx, number, digests, statement, n)
  )
  SELECT count(*) AS n FROM that`;

function bodyEnds(leaves: readonly NewLeaf[]): number[] {
  let end = 0;
  return leaves.map((leaf) => (end += leaf.body.length));
}

function epochIn([row]: readonly { readonly epoch: string }[]): bigint | undefined {
  return row === undefined ? undefined : BigInt(row.epoch);
}

function headOf(row: HeadRow | undefined): LogHead {
  // The row is made before anything asks for it, and nothing deletes it.
  const found = row as HeadRow;
  return {
    origin: found.origin,
    size: Number(found.size),
    root: found.root,
    frontier: found.frontier,
    nextOffset: BigInt(found.next_offset),
    epoch: BigInt(found.epoch),
    note: found.note,
    isClosed: found.is_closed,
  };
}
