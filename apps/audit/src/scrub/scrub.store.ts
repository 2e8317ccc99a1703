import type { CopiedRows, Database } from '#postgres';
import { MAX_ENTRY_BYTES, TILE_WIDTH } from '#tlog';
import type { Anchor } from './anchor-check.js';
import type { Finding } from './finding.js';
import type { LeafRow, LeafTile, StoredTile } from './leaf-tile.js';
import type { StoredManifestRow, StoredSnapshotRow } from './manifest-row.js';

/** Where a pass goes on after a restart: everything left of it has been looked at. */
export interface ScrubPlace {
  readonly part: 'leaves' | 'tiles';
  /** A tile of level 0, or how many of the tiles above are done. */
  readonly position: number;
  readonly passes: number;
}

export interface UpperTile {
  readonly index: number;
  /** Roots of the tiles that it covers, one after another. */
  readonly below: Buffer;
  readonly stored: StoredTile | undefined;
}

/**
 * Reads everything that a log has in the database, in pages of a few hundred rows, and only what the head has passed
 * already: nothing that it asks waits for the sequencer, nor the sequencer for it.
 */
export class ScrubStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {}

  /** Tiles `first` to `first + count - 1` of level 0 with their leaves; a tile without any leaf is not among them. */
  async leafTiles(first: number, count: number, size: number): Promise<LeafTile[]> {
    const { copy } = this.database;
    const end = Math.min((first + count) * TILE_WIDTH, size);
    // Of a body that is longer than any may be, so much as shows it.
    const leaves = await copy`
      SELECT idx, xid, slot, signer, leaf_hash, substring(body FROM 1 FOR ${MAX_ENTRY_BYTES + 1}), kafka_offset FROM log_leaf
       WHERE log_id = ${this.logId} AND idx >= ${first * TILE_WIDTH} AND idx < ${end} ORDER BY idx`;
    const tiles = new Map<number, LeafRow[]>();
    while (leaves.next()) {
      const row = leafRow(leaves);
      const tile = Math.floor(row.index / TILE_WIDTH);
      const rows = tiles.get(tile);
      if (rows === undefined) tiles.set(tile, [row]);
      else rows.push(row);
    }
    const above = await copy`
      SELECT idx, root, data FROM log_tile
       WHERE log_id = ${this.logId} AND lvl = 0 AND idx >= ${first} AND idx < ${first + count}`;
    const stored = new Map<number, StoredTile>();
    while (above.next()) stored.set(above.bigint(), { root: above.binary(), data: above.binary() });
    return Array.from(tiles, ([tile, rows]) => {
      const hashes = Buffer.concat(rows.map(({ hash }) => hash));
      return { tile, rows, hashes, stored: stored.get(tile) };
    });
  }

  /** Full tiles of a level above 0, each with what stands one level below it. */
  async upperTiles(level: number, first: number, count: number): Promise<UpperTile[]> {
    const rows = await this.database.query<{
      idx: string;
      below: Buffer | null;
      root: Buffer | null;
      data: Buffer | null;
    }>(UPPER_TILES, [this.logId, level, first, first + count]);
    return rows.map((row) => ({
      index: Number(row.idx),
      below: row.below ?? Buffer.alloc(0),
      stored: storedTile(row),
    }));
  }

  async hasHead(): Promise<boolean> {
    return (await this.database.query('SELECT FROM log_head WHERE log_id = $1', [this.logId])).length > 0;
  }

  /** What should not be there at all, as it stands at one moment. */
  async surplus(): Promise<Finding[]> {
    const rows = await this.database.query<Finding>(SURPLUS, [this.logId]);
    return rows;
  }

  async manifests(first: number, end: number): Promise<StoredManifestRow[]> {
    const rows = await this.database.query<
      Omit<StoredManifestRow, 'index' | 'number'> & { idx: string; number: string }
    >(
      `SELECT idx, number, digest, left(digests, 74) AS "firstLine", statement,
              sha256(convert_to(digests, 'UTF8')) AS "listDigest"
         FROM manifest WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx`,
      [this.logId, first, end],
    );
    return rows.map((row) => ({ ...row, index: Number(row.idx), number: Number(row.number) }));
  }

  async snapshotsOf(digest: Buffer): Promise<StoredSnapshotRow[]> {
    const rows = await this.database.query<{ number: string; digest: Buffer; body: Buffer }>(
      'SELECT number, digest, body FROM snapshot WHERE digest = $1',
      [digest],
    );
    return rows.map((row) => ({ ...row, number: Number(row.number) }));
  }

  /** All snapshots of the next few numbers after `number`. */
  async snapshotsAfter(number: number, count: number): Promise<StoredSnapshotRow[]> {
    const rows = await this.database.query<{ number: string; digest: Buffer; body: Buffer }>(
      `SELECT number, digest, body FROM snapshot WHERE number IN (
         SELECT DISTINCT number FROM snapshot WHERE number > $1 ORDER BY number LIMIT $2
       ) ORDER BY number, digest`,
      [number, count],
    );
    return rows.map((row) => ({ ...row, number: Number(row.number) }));
  }

  /** Anchors of sizes behind `last` and up to `end`, in order of size; `count` at most. */
  async anchorsAfter(last: Omit<Anchor, 'data'>, end: number, count: number): Promise<Anchor[]> {
    const rows = await this.database.query<{ size: string; kind: string; source: string; data: Buffer }>(ANCHORS, [
      this.logId,
      last.size,
      end,
      last.kind,
      last.source,
      count,
    ]);
    return rows.map((row) => ({ ...row, size: Number(row.size) }));
  }

  /** Offset of the leaf before an index; -1 if there is none. */
  async offsetBefore(index: number): Promise<number> {
    const [row] = await this.database.query<{ kafka_offset: string }>(
      'SELECT kafka_offset FROM log_leaf WHERE log_id = $1 AND idx = $2',
      [this.logId, index - 1],
    );
    return Number(row?.kafka_offset ?? -1);
  }

  async place(): Promise<ScrubPlace> {
    const [row] = await this.database.query<{ part: string; position: string; passes: string }>(
      'SELECT part, position, passes FROM scrub_cursor WHERE log_id = $1',
      [this.logId],
    );
    const isKnown = row?.part === 'leaves' || row?.part === 'tiles';
    return {
      part: row?.part === 'tiles' ? 'tiles' : 'leaves',
      position: isKnown ? Math.max(0, Number(row.position)) : 0,
      passes: Number(row?.passes ?? 0),
    };
  }

  async moveTo({ part, position, passes }: ScrubPlace, hasPassed = false): Promise<void> {
    await this.database.query(
      `INSERT INTO scrub_cursor AS c (log_id, part, position, passes, passed)
       VALUES ($1, $2, $3, $4, CASE WHEN $5::boolean THEN now() END)
       ON CONFLICT (log_id) DO UPDATE SET part = excluded.part, position = excluded.position,
         passes = excluded.passes, passed = coalesce(excluded.passed, c.passed)`,
      [this.logId, part, position, passes, hasPassed],
    );
  }

  /** Kept until a human takes it away: no sequencer, here or elsewhere, extends the log meanwhile. */
  async keep({ problem, place }: Finding): Promise<void> {
    await this.database.query(
      'INSERT INTO scrub_finding (log_id, problem, place) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [this.logId, problem, place],
    );
  }

  async kept(): Promise<Finding[]> {
    return this.database.query<Finding>(
      'SELECT problem, place FROM scrub_finding WHERE log_id = $1 ORDER BY found LIMIT 100',
      [this.logId],
    );
  }
}

const UPPER_TILES = `
  SELECT wanted.idx, t.root, t.data,
         (SELECT string_agg(b.root, ''::bytea ORDER BY b.idx) FROM log_tile b
           WHERE b.log_id = $1 AND b.lvl = $2::int - 1 AND b.idx >= wanted.idx * 256 AND b.idx < (wanted.idx + 1) * 256
         ) AS below
    FROM generate_series($3::bigint, $4::bigint - 1) AS wanted (idx)
    LEFT JOIN log_tile t ON t.log_id = $1 AND t.lvl = $2 AND t.idx = wanted.idx ORDER BY wanted.idx`;

/** Each kind by itself, so that the primary key gives the next rows and no others, in order. */
const ANCHORS = `
  SELECT * FROM (${['cosignature', 'note', 'timestamp']
    .map(
      (kind) => `(
    SELECT size, kind, source, data FROM log_anchor
     WHERE log_id = $1 AND kind = '${kind}' AND size >= $2 AND size <= $3 AND (size, '${kind}', source) > ($2, $4, $5)
     ORDER BY size, source LIMIT $6)`,
    )
    .join(' UNION ALL ')}) AS next ORDER BY size, kind, source LIMIT $6`;

/**
 * Beyond the head, below the beginning, or of a log that has no head. A level covers 8 bits of an index, and 56 bits are
 * more leaves than numbers here reach. Of other logs one row per log is looked at, by the index.
 */
const SURPLUS = `
  WITH RECURSIVE head AS (SELECT size FROM log_head WHERE log_id = $1),
  leaf_log (log_id) AS (SELECT min(log_id) FROM log_leaf
    UNION ALL SELECT (SELECT min(l.log_id) FROM log_leaf l WHERE l.log_id > leaf_log.log_id)
                FROM leaf_log WHERE leaf_log.log_id IS NOT NULL),
  tile_log (log_id) AS (SELECT min(log_id) FROM log_tile
    UNION ALL SELECT (SELECT min(l.log_id) FROM log_tile l WHERE l.log_id > tile_log.log_id)
                FROM tile_log WHERE tile_log.log_id IS NOT NULL),
  manifest_log (log_id) AS (SELECT min(log_id) FROM manifest
    UNION ALL SELECT (SELECT min(l.log_id) FROM manifest l WHERE l.log_id > manifest_log.log_id)
                FROM manifest_log WHERE manifest_log.log_id IS NOT NULL),
  anchor_log (log_id) AS (SELECT min(log_id) FROM log_anchor
    UNION ALL SELECT (SELECT min(l.log_id) FROM log_anchor l WHERE l.log_id > anchor_log.log_id)
                FROM anchor_log WHERE anchor_log.log_id IS NOT NULL)
  SELECT 'leaf-surplus' AS problem, 'outside the head' AS place FROM head
   WHERE EXISTS (SELECT FROM log_leaf WHERE log_id = $1 AND idx >= head.size)
      OR EXISTS (SELECT FROM log_leaf WHERE log_id = $1 AND idx < 0)
  UNION ALL
  SELECT 'tile-surplus', 'outside the head' FROM head
   WHERE EXISTS (SELECT FROM log_tile WHERE log_id = $1 AND lvl < 0)
      OR EXISTS (SELECT FROM log_tile WHERE log_id = $1 AND lvl > 6)
      OR EXISTS (SELECT FROM generate_series(0, 6) AS level (n) WHERE
           EXISTS (SELECT FROM log_tile WHERE log_id = $1 AND lvl = n AND idx < 0)
           OR EXISTS (SELECT FROM log_tile WHERE log_id = $1 AND lvl = n AND idx >= head.size >> (8 * (n + 1))))
  UNION ALL
  SELECT 'manifest', 'outside the head' FROM head
   WHERE EXISTS (SELECT FROM manifest WHERE log_id = $1 AND (idx < 0 OR idx >= head.size))
  UNION ALL
  SELECT 'anchor', 'outside the head' FROM head
   WHERE EXISTS (SELECT FROM (VALUES ('note'), ('cosignature'), ('timestamp')) AS kinds (name) WHERE
           EXISTS (SELECT FROM log_anchor WHERE log_id = $1 AND kind = name AND size < 0)
           OR EXISTS (SELECT FROM log_anchor WHERE log_id = $1 AND kind = name AND size > head.size))
  UNION ALL
  SELECT 'log-unknown', log_id::text FROM (
    TABLE leaf_log UNION TABLE tile_log UNION TABLE manifest_log UNION TABLE anchor_log) AS found
   WHERE log_id NOT IN (SELECT log_id FROM log_head)`;

function storedTile({ root, data }: { readonly root: Buffer | null; readonly data: Buffer | null }) {
  return root === null || data === null ? undefined : { root, data };
}

/** In the order of the columns. */
function leafRow(leaves: CopiedRows): LeafRow {
  return {
    index: leaves.bigint(),
    xid: leaves.binary(),
    slot: leaves.text(),
    signer: leaves.text(),
    hash: leaves.binary(),
    body: leaves.binary(),
    offset: leaves.bigint(),
  };
}
