import type { Database, Queries } from '#postgres';
import type { EpochTag } from '../key-store/tag.js';

/** A link as it lies in the database: whose and with whom, only the person's data key tells. */
export interface LinkRow {
  readonly id: string;
  readonly key: EpochTag;
  /** Of its `link.granted`. */
  readonly leafHash: Buffer;
  readonly grantedMs: number;
  readonly linkEnc: Buffer;
  readonly revoked: { readonly leafHash: Buffer; readonly atMs: number } | undefined;
}

interface LinkRecord {
  readonly id: string;
  readonly epoch: number;
  readonly tag: Buffer;
  readonly leaf_hash: Buffer;
  readonly granted_ms: string;
  readonly link_enc: Buffer;
  readonly revoked_hash: Buffer | null;
  readonly revoked_ms: string | null;
}

const FIND = `SELECT person_link.* FROM person_link JOIN unnest($1::integer[], $2::bytea[]) AS wanted (epoch, tag)
  USING (epoch, tag)`;

export class LinkStore {
  constructor(private readonly database: Database) {}

  /** All links under any of these tags, the newest first. */
  find(tags: readonly EpochTag[]): Promise<LinkRow[]> {
    return this.read(`${FIND} ORDER BY granted_ms DESC, id`, tags);
  }

  /** Those that were not revoked. */
  live(tags: readonly EpochTag[]): Promise<LinkRow[]> {
    return this.read(`${FIND} WHERE revoked_hash IS NULL ORDER BY granted_ms DESC, id`, tags);
  }

  /** In the transaction that keeps its statement. */
  async add(
    queries: Queries,
    { id, key, leafHash, grantedMs, linkEnc }: Omit<LinkRow, 'revoked'>,
    keyId: Buffer,
  ): Promise<void> {
    await queries.query(
      'INSERT INTO person_link (id, epoch, tag, leaf_hash, granted_ms, link_enc, key_id) VALUES ($1, $2, $3, $4, $5, $6, $7)',
      [id, key.epoch, key.tag, leafHash, grantedMs, linkEnc, keyId],
    );
  }

  /** False: it was revoked already. */
  async revoke(queries: Queries, id: string, leafHash: Buffer, atMs: number): Promise<boolean> {
    const rows = await queries.query(
      `UPDATE person_link SET revoked_hash = $2, revoked_ms = $3 WHERE id = $1 AND revoked_hash IS NULL RETURNING id`,
      [id, leafHash, atMs],
    );
    return rows.length > 0;
  }

  private async read(sql: string, tags: readonly EpochTag[]): Promise<LinkRow[]> {
    const rows = await this.database.query<LinkRecord>(sql, [
      tags.map(({ epoch }) => epoch),
      tags.map(({ tag }) => tag),
    ]);
    return rows.map((row) => ({
      id: row.id,
      key: { epoch: row.epoch, tag: row.tag },
      leafHash: row.leaf_hash,
      grantedMs: Number(row.granted_ms),
      linkEnc: row.link_enc,
      revoked: row.revoked_hash === null ? undefined : { leafHash: row.revoked_hash, atMs: Number(row.revoked_ms) },
    }));
  }
}
