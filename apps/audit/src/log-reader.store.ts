import type { Database } from '#postgres';

/** The signed head as it stood at one commit: size and note belong together. */
export interface StoredHead {
  readonly size: number;
  readonly note: string;
}

export interface StoredLeaf {
  readonly index: number;
  readonly slot: string;
  readonly signer: string;
  readonly body: Buffer;
}

export interface ManifestPlace {
  readonly logId: number;
  readonly index: number;
}

export interface StoredManifest {
  readonly index: number;
  readonly statement: string;
  readonly digests: string;
}

/** What others said of one size of the log; `note` is the checkpoint as it was published. */
export interface StoredAnchor {
  readonly size: number;
  readonly kind: 'note' | 'cosignature' | 'timestamp';
  readonly source: string;
  readonly data: Buffer;
}

interface LeafRow {
  readonly idx: string;
  readonly slot: string;
  readonly signer: string;
  readonly body: Buffer;
}

/**
 * Reads the log's tables (`audit-log.md` §3.2) and never writes them. What lies below a head's size is immutable, so
 * reads need no transaction: callers read the head first and ask for nothing beyond it.
 */
export class LogReaderStore {
  constructor(private readonly database: Database) {}

  async head(logId: number): Promise<StoredHead | undefined> {
    const [row] = await this.database.query<{ size: string; note: string | null }>(
      'SELECT size, note FROM log_head WHERE log_id = $1',
      [logId],
    );
    return row === undefined || row.note === null ? undefined : { size: Number(row.size), note: row.note };
  }

  /** Leaf hashes of `count` leaves from `first` on, one after another. */
  async leafHashes(logId: number, first: number, count: number): Promise<Buffer> {
    const [row] = await this.database.query<{ hashes: Buffer | null }>(
      `SELECT string_agg(leaf_hash, ''::bytea ORDER BY idx) AS hashes
         FROM log_leaf WHERE log_id = $1 AND idx >= $2 AND idx < $3`,
      [logId, first, first + count],
    );
    return row?.hashes ?? Buffer.alloc(0);
  }

  /** Roots of `count` full tiles of that level from `first` on, one after another. */
  async tileRoots(logId: number, level: number, first: number, count: number): Promise<Buffer> {
    const [row] = await this.database.query<{ hashes: Buffer | null }>(
      `SELECT string_agg(root, ''::bytea ORDER BY idx) AS hashes
         FROM log_tile WHERE log_id = $1 AND lvl = $2 AND idx >= $3 AND idx < $4`,
      [logId, level, first, first + count],
    );
    return row?.hashes ?? Buffer.alloc(0);
  }

  async fullTile(logId: number, level: number, index: number): Promise<Buffer | undefined> {
    const [row] = await this.database.query<{ data: Buffer }>(
      'SELECT data FROM log_tile WHERE log_id = $1 AND lvl = $2 AND idx = $3',
      [logId, level, index],
    );
    return row?.data;
  }

  /** Bytes of `count` leaves from `first` on, in order. */
  async bodies(logId: number, first: number, count: number): Promise<Buffer[]> {
    const rows = await this.database.query<{ body: Buffer }>(
      'SELECT body FROM log_leaf WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx',
      [logId, first, first + count],
    );
    return rows.map((row) => row.body);
  }

  /** Bytes of these leaves by index; left out: what is not there. */
  async bodiesOf(logId: number, indices: readonly number[]): Promise<Map<number, Buffer>> {
    const rows = await this.database.query<{ idx: string; body: Buffer }>(
      'SELECT idx, body FROM log_leaf WHERE log_id = $1 AND idx = ANY ($2::bigint[])',
      [logId, indices],
    );
    return new Map(rows.map(({ idx, body }) => [Number(idx), body]));
  }

  /**
   * What others have said of one tree with at least `least` leaves: of the first that has a time-stamp, else of the first
   * that has a cosignature; with the note as it was published. Empty if there is none yet (`audit-log.md` §5).
   */
  async anchorsCovering(logId: number, least: number): Promise<StoredAnchor[]> {
    const rows = await this.database.query<Omit<StoredAnchor, 'size'> & { size: string }>(ANCHORS_COVERING, [
      logId,
      least,
    ]);
    return rows.map((row) => ({ ...row, size: Number(row.size) }));
  }

  async leafByHash(logId: number, hash: Buffer): Promise<StoredLeaf | undefined> {
    const [row] = await this.database.query<LeafRow>(
      'SELECT idx, slot, signer, body FROM log_leaf WHERE log_id = $1 AND leaf_hash = $2 ORDER BY idx LIMIT 1',
      [logId, hash],
    );
    return row === undefined ? undefined : leafOf(row);
  }

  /** Leaves of one exchange or case; at most `limit`, in order of index. */
  async leavesOf(logId: number, id: Buffer, limit: number): Promise<StoredLeaf[]> {
    const rows = await this.database.query<LeafRow>(
      'SELECT idx, slot, signer, body FROM log_leaf WHERE log_id = $1 AND xid = $2 ORDER BY idx LIMIT $3',
      [logId, id, limit],
    );
    return rows.map(leafOf);
  }

  /** The last manifest leaf strictly before that index (`statements.md` §2, validity). */
  async manifestBefore(logId: number, index: number): Promise<StoredManifest | undefined> {
    const [row] = await this.database.query<{ idx: string; statement: string; digests: string }>(
      'SELECT idx, statement, digests FROM manifest WHERE log_id = $1 AND idx < $2 ORDER BY idx DESC LIMIT 1',
      [logId, index],
    );
    return row === undefined ? undefined : { index: Number(row.idx), statement: row.statement, digests: row.digests };
  }

  /** Manifests behind that place, over all windows, in order, without those that the next one only renews. */
  async manifestsAfter({ logId, index }: ManifestPlace): Promise<(ManifestPlace & { readonly digests: string })[]> {
    const rows = await this.database.query<{ log_id: number; idx: string; digests: string }>(
      `SELECT log_id, idx, digests FROM (
         SELECT log_id, idx, digests, digest, lead(digest) OVER (ORDER BY log_id, idx) AS next
           FROM manifest WHERE (log_id, idx) > ($1, $2)
       ) AS m WHERE next IS DISTINCT FROM digest ORDER BY log_id, idx`,
      [logId, index],
    );
    return rows.map(({ log_id: id, idx, digests }) => ({ logId: id, index: Number(idx), digests }));
  }

  /** The manifest that governs each of these leaves, by the leaf's index; left out: leaves before the first. */
  async manifestsBefore(logId: number, indices: readonly number[]): Promise<Map<number, StoredManifest>> {
    const rows = await this.database.query<{ leaf: string; idx: string; statement: string; digests: string }>(
      `SELECT leaf, m.idx, m.statement, m.digests FROM unnest($2::bigint[]) AS leaf
        CROSS JOIN LATERAL (SELECT idx, statement, digests FROM manifest
          WHERE log_id = $1 AND idx < leaf ORDER BY idx DESC LIMIT 1) AS m`,
      [logId, indices],
    );
    return new Map(
      rows.map(({ leaf, idx, statement, digests }) => [Number(leaf), { index: Number(idx), statement, digests }]),
    );
  }

  /** The gzip of a snapshot, by SHA-256 of its uncompressed bytes. Kept for the life of the log. */
  async snapshot(digest: Buffer): Promise<Buffer | undefined> {
    const [row] = await this.database.query<{ body: Buffer }>('SELECT body FROM snapshot WHERE digest = $1', [digest]);
    return row?.body;
  }
}

/** The first size of each kind, which the primary key gives at once however many notes there are. */
const ANCHORS_COVERING = `
  WITH stamped AS (
    SELECT size FROM log_anchor AS said WHERE log_id = $1 AND kind = 'timestamp' AND size >= $2
       AND EXISTS (SELECT FROM log_anchor WHERE log_id = $1 AND kind = 'note' AND size = said.size)
     ORDER BY size LIMIT 1
  ), cosigned AS (
    SELECT size FROM log_anchor AS said WHERE log_id = $1 AND kind = 'cosignature' AND size >= $2
       AND EXISTS (SELECT FROM log_anchor WHERE log_id = $1 AND kind = 'note' AND size = said.size)
     ORDER BY size LIMIT 1
  )
  SELECT size, kind, source, data FROM log_anchor
   WHERE log_id = $1 AND kind IN ('note', 'cosignature', 'timestamp')
     AND size = coalesce((SELECT size FROM stamped), (SELECT size FROM cosigned))
   ORDER BY kind, source`;

function leafOf(row: LeafRow): StoredLeaf {
  return { index: Number(row.idx), slot: row.slot, signer: row.signer, body: row.body };
}
