import type { Database, Queries } from '#postgres';
import type { EpochTag } from '../key-store/tag.js';

/** What a person has said: from that instant on others have perhaps acted in their name. */
export interface KeptCompromise {
  readonly key: EpochTag;
  readonly leafHash: Buffer;
  readonly sinceMs: number;
  /** Of the leaf's commitment, under the person's data key. */
  readonly openingEnc: Buffer;
}

interface CompromiseRow {
  readonly epoch: number;
  readonly tag: Buffer;
  readonly leaf_hash: Buffer;
  readonly since_ms: string;
  readonly opening_enc: Buffer;
}

export class CompromiseStore {
  constructor(private readonly database: Database) {}

  /** Whatever was said under any of these tags, the earliest instant first. */
  async find(tags: readonly EpochTag[]): Promise<KeptCompromise[]> {
    const rows = await this.database.query<CompromiseRow>(
      `SELECT compromise.* FROM compromise JOIN unnest($1::integer[], $2::bytea[]) AS wanted (epoch, tag)
         USING (epoch, tag) ORDER BY since_ms`,
      [tags.map(({ epoch }) => epoch), tags.map(({ tag }) => tag)],
    );
    return rows.map((row) => ({
      key: { epoch: row.epoch, tag: row.tag },
      leafHash: row.leaf_hash,
      sinceMs: Number(row.since_ms),
      openingEnc: row.opening_enc,
    }));
  }

  /** In the transaction that keeps its statement. */
  async add(queries: Queries, { key, leafHash, sinceMs, openingEnc }: KeptCompromise, keyId: Buffer): Promise<void> {
    await queries.query(
      'INSERT INTO compromise (epoch, tag, leaf_hash, since_ms, opening_enc, key_id) VALUES ($1, $2, $3, $4, $5, $6)',
      [key.epoch, key.tag, leafHash, sinceMs, openingEnc, keyId],
    );
  }
}
