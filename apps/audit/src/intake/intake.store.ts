import type { Database } from '#postgres';
import type { StandingLeaf } from './verdict.js';

interface LeafRow {
  idx: string;
  xid: Buffer;
  slot: string;
  signer: string;
  leaf_hash: Buffer;
}

export interface ManifestRow {
  readonly index: number;
  readonly digest: Buffer;
  readonly digests: string;
  readonly statement: string;
}

const LEAF = 'idx, xid, slot, signer, leaf_hash';

/** What intake asks the log: does this leaf stand, is this slot taken, which manifests are there. */
export class IntakeStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {}

  /** Leaves that stand, by leaf hash (as `latin1`). Asked for every batch, before any signature. */
  async byLeafHash(hashes: readonly Buffer[]): Promise<Map<string, StandingLeaf>> {
    const rows = await this.database.query<LeafRow>(
      `SELECT ${LEAF} FROM log_leaf WHERE log_id = $1 AND leaf_hash = ANY ($2::bytea[])`,
      [this.logId, hashes],
    );
    return new Map(rows.map((row) => [row.leaf_hash.toString('latin1'), leafOf(row)]));
  }

  async bySlot(slots: readonly Pick<StandingLeaf, 'xid' | 'slot' | 'signer'>[]): Promise<StandingLeaf[]> {
    if (slots.length === 0) return [];
    const rows = await this.database.query<LeafRow>(
      `SELECT ${LEAF} FROM unnest($2::bytea[], $3::text[], $4::text[]) AS asked (x, s, g)
         JOIN log_leaf ON log_id = $1 AND xid = x AND slot = s AND signer = g`,
      [this.logId, slots.map((one) => one.xid), slots.map((one) => one.slot), slots.map((one) => one.signer)],
    );
    return rows.map(leafOf);
  }

  /** Manifests in the order of the log, without those that only renewed the one before. */
  async manifests(): Promise<ManifestRow[]> {
    const rows = await this.database.query<{ idx: string; digest: Buffer; digests: string; statement: string }>(
      `SELECT idx, digest, digests, statement FROM (
         SELECT *, lead(digest) OVER (ORDER BY idx) AS next FROM manifest WHERE log_id = $1
       ) AS m WHERE next IS DISTINCT FROM digest ORDER BY idx`,
      [this.logId],
    );
    return rows.map((row) => ({ ...row, index: Number(row.idx) }));
  }
}

function leafOf(row: LeafRow): StandingLeaf {
  return { xid: row.xid, slot: row.slot, signer: row.signer, leafHash: row.leaf_hash, index: Number(row.idx) };
}
