import { parse, stringify } from 'uuid';
import type { Database } from '#postgres';
import { parseStatement } from '#signing';
import { isStep, partiesOf } from './case-chain.js';
import { slotKey } from './decide.js';
import type { Stamp } from './stamp.js';
import type { Standing, StandingLeaf } from './verdict.js';

interface LeafRow {
  log_id: number;
  idx: string;
  xid: Buffer;
  slot: string;
  signer: string;
  leaf_hash: Buffer;
  /** Of a case's transition: who its parties are stands nowhere else. */
  body: Buffer | null;
}

export interface ManifestRow {
  readonly index: number;
  readonly digest: Buffer;
  readonly digests: string;
  readonly statement: string;
}

/** What intake asks the log: what stands of these exchanges, which manifests are there. */
export class IntakeStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {}

  /**
   * All leaves of the exchanges that the stamps name, in one question: they tell duplicates as well as taken slots. What
   * is no statement cannot stand.
   */
  async standing(stamps: readonly Stamp[]): Promise<Standing> {
    const leaves = (await this.rows([this.logId], stamps)).map(leafOf);
    return {
      byHash: new Map(leaves.map((leaf) => [leaf.leafHash.toString('latin1'), leaf])),
      bySlot: new Map(leaves.map((leaf) => [slotKey(stringify(leaf.xid), leaf), leaf])),
    };
  }

  /** What stands in these windows, by `slotKey`; each leaf with the number of its window. */
  async slotsIn(logIds: readonly number[], stamps: readonly Stamp[]): Promise<Map<string, StandingLeaf>> {
    const leaves = (await this.rows(logIds, stamps)).map((row) => ({ ...leafOf(row), logId: row.log_id }));
    return new Map(leaves.map((leaf) => [slotKey(stringify(leaf.xid), leaf), leaf]));
  }

  private rows(logIds: readonly number[], stamps: readonly Stamp[]): Promise<LeafRow[]> {
    const ids = new Set(stamps.flatMap(({ parsed }) => (parsed.ok ? [parsed.value.payload.id] : [])));
    return this.database.query<LeafRow>(
      `SELECT log_id, idx, xid, slot, signer, leaf_hash, CASE WHEN slot LIKE 's%' THEN body END AS body
       FROM log_leaf WHERE log_id = ANY ($1::smallint[]) AND xid = ANY ($2::bytea[])`,
      [logIds, [...ids].map((id) => Buffer.from(parse(id)))],
    );
  }

  /**
   * Manifests in the order of the log and of the windows before it, without those that only renewed the one before:
   * what is believed of a member does not begin anew with a window.
   */
  async manifests(): Promise<ManifestRow[]> {
    const rows = await this.database.query<{ idx: string; digest: Buffer; digests: string; statement: string }>(
      `SELECT idx, digest, digests, statement FROM (
         SELECT *, lead(digest) OVER (ORDER BY log_id, idx) AS next FROM manifest WHERE log_id <= $1
       ) AS m WHERE next IS DISTINCT FROM digest ORDER BY log_id, idx`,
      [this.logId],
    );
    return rows.map((row) => ({ ...row, index: Number(row.idx) }));
  }
}

function leafOf({ idx, xid, slot, signer, leaf_hash: leafHash, body }: LeafRow): StandingLeaf {
  const statement = body === null ? undefined : parseStatement(body.toString('latin1'));
  const payload = statement?.ok === true ? statement.value.payload : undefined;
  const parties = payload !== undefined && isStep(payload) ? { parties: partiesOf(payload) } : {};
  return { xid, slot, signer, leafHash, index: Number(idx), ...parties };
}
