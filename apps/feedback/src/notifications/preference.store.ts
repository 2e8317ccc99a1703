import type { Database, Queries } from '#postgres';
import type { EpochTag } from '../key-store/tag.js';

/** Wishes as they lie in the database; what they are only the person's data key tells. */
export interface PreferenceRow {
  readonly key: EpochTag;
  readonly preferenceEnc: Buffer;
  readonly changedMs: number;
}

/** Wishes under the person's data key of an epoch. */
export type KeptWishes = Readonly<Record<'keyId' | 'preferenceEnc', Buffer>> & {
  readonly portal: string;
  readonly atMs: number;
};

interface PreferenceRecord {
  readonly epoch: number;
  readonly tag: Buffer;
  readonly preference_enc: Buffer;
  readonly changed_ms: string;
}

const PUT = `INSERT INTO notification_preference (epoch, tag, portal, preference_enc, key_id, changed_ms)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (epoch, tag, portal) DO UPDATE SET preference_enc = $4, key_id = $5, changed_ms = $6`;
const FIND = `SELECT epoch, tag, preference_enc, changed_ms
  FROM notification_preference JOIN unnest($1::integer[], $2::bytea[]) AS person (epoch, tag) USING (epoch, tag)
 WHERE portal = $3 ORDER BY changed_ms DESC, epoch DESC`;

/** A row that was moved and one that was put meanwhile: the newer one stands. */
const MOVE = `INSERT INTO notification_preference (epoch, tag, portal, preference_enc, key_id, changed_ms)
  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (epoch, tag, portal) DO NOTHING`;
const ERASE_OTHERS = `DELETE FROM notification_preference AS old USING unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)
  WHERE old.epoch = person.epoch AND old.tag = person.tag AND old.portal = $3 AND old.epoch <> $4
    AND EXISTS (SELECT FROM notification_preference AS kept
                 WHERE kept.epoch = $4 AND kept.tag = $5 AND kept.portal = $3 AND kept.changed_ms >= old.changed_ms)`;

/** Of a person at a portal there is one row, but between a change and the end of what it replaced. */
export class PreferenceStore {
  constructor(private readonly database: Database) {}

  async put(queries: Queries, { epoch, tag }: EpochTag, wishes: KeptWishes): Promise<void> {
    const { portal, preferenceEnc, keyId, atMs } = wishes;
    await queries.query(PUT, [epoch, tag, portal, preferenceEnc, keyId, atMs]);
  }

  /** As `put`, of what was said earlier: whatever stands there already is as new, or newer. */
  async move(queries: Queries, { epoch, tag }: EpochTag, wishes: KeptWishes): Promise<void> {
    const { portal, preferenceEnc, keyId, atMs } = wishes;
    await queries.query(MOVE, [epoch, tag, portal, preferenceEnc, keyId, atMs]);
  }

  /** By the eraser's role, when the row under `kept` is committed: what it replaces in the person's other epochs. */
  async eraseOthers(tags: readonly EpochTag[], portal: string, kept: EpochTag): Promise<void> {
    await this.database.erase(ERASE_OTHERS, [
      ...[tags.map(({ epoch }) => epoch), tags.map(({ tag }) => tag)],
      ...[portal, kept.epoch, kept.tag],
    ]);
  }

  /** Of a person at a portal, in all epochs; what was said last comes first. */
  async find(tags: readonly EpochTag[], portal: string, queries: Queries = this.database): Promise<PreferenceRow[]> {
    const rows = await queries.query<PreferenceRecord>(FIND, [
      tags.map(({ epoch }) => epoch),
      tags.map(({ tag }) => tag),
      portal,
    ]);
    return rows.map((row) => ({
      ...{ key: { epoch: row.epoch, tag: row.tag }, preferenceEnc: row.preference_enc },
      changedMs: Number(row.changed_ms),
    }));
  }
}
