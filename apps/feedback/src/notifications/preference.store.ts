import type { Database, Queries } from '#postgres';
import type { EpochTag } from '../key-store/tag.js';

/** Wishes as they lie in the database; what they are only the person's data key tells. */
export interface PreferenceRow {
  readonly key: EpochTag;
  readonly preferenceEnc: Buffer;
}

interface PreferenceRecord {
  readonly epoch: number;
  readonly tag: Buffer;
  readonly preference_enc: Buffer;
}

const PUT = `INSERT INTO notification_preference (epoch, tag, portal, preference_enc, key_id, changed_ms)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (epoch, tag, portal) DO UPDATE SET preference_enc = $4, key_id = $5, changed_ms = $6`;
const FIND = `SELECT epoch, tag, preference_enc
  FROM notification_preference JOIN unnest($1::integer[], $2::bytea[]) AS person (epoch, tag) USING (epoch, tag)
 WHERE portal = $3 ORDER BY changed_ms DESC, epoch DESC`;

export class PreferenceStore {
  constructor(private readonly database: Database) {}

  async put(
    queries: Queries,
    person: EpochTag,
    {
      portal,
      keyId,
      preferenceEnc,
      atMs,
    }: Readonly<Record<'keyId' | 'preferenceEnc', Buffer>> & {
      readonly portal: string;
      readonly atMs: number;
    },
  ): Promise<void> {
    await queries.query(PUT, [person.epoch, person.tag, portal, preferenceEnc, keyId, atMs]);
  }

  /** Of a person at a portal, in all epochs; what was said last comes first. */
  async find(tags: readonly EpochTag[], portal: string): Promise<PreferenceRow[]> {
    const rows = await this.database.query<PreferenceRecord>(FIND, [
      tags.map(({ epoch }) => epoch),
      tags.map(({ tag }) => tag),
      portal,
    ]);
    return rows.map((row) => ({ key: { epoch: row.epoch, tag: row.tag }, preferenceEnc: row.preference_enc }));
  }
}
