import type { Database } from '#postgres';
import type { EpochTag } from './tag.js';

/** A destroyed key: whose rows are to go. */
export interface DoomedKey extends EpochTag {
  readonly id: Buffer;
}

const DESTROY = `WITH gone AS (DELETE FROM data_key WHERE id = ANY($1::bytea[]) RETURNING id, epoch, tag)
  SELECT id, epoch, tag FROM gone UNION SELECT id, epoch, tag FROM doomed_key WHERE id = ANY($1::bytea[])`;

/**
 * What is known of erased keys and commitments beside feedback's own database, so that a restore of that one brings
 * nobody back.
 */
export class DoomedKeys {
  constructor(private readonly database: Database) {}

  /** Keys that never were, of rows that go as they come. Committed when it resolves. */
  async bury(keys: readonly DoomedKey[]): Promise<void> {
    if (keys.length === 0) return;
    await this.database.query(
      'INSERT INTO doomed_key (id, epoch, tag) SELECT * FROM unnest($1::bytea[], $2::integer[], $3::bytea[])',
      [keys.map(({ id }) => id), keys.map(({ epoch }) => epoch), keys.map(({ tag }) => tag)],
    );
  }

  /** Behind `after`, in the order of their ids. */
  after(after: Buffer, limit: number): Promise<DoomedKey[]> {
    return this.database.query<DoomedKey>('SELECT id, epoch, tag FROM doomed_key WHERE id > $1 ORDER BY id LIMIT $2', [
      after,
      limit,
    ]);
  }

  /** Destroys keys of these ids, where a backup has brought them back; those of which more than the id is known. */
  async destroy(ids: readonly Buffer[]): Promise<DoomedKey[]> {
    return ids.length === 0 ? [] : this.database.query<DoomedKey>(DESTROY, [ids]);
  }

  /** The log tells of their destruction: it need not be remembered here. */
  async forget(ids: readonly Buffer[]): Promise<void> {
    await this.database.query('DELETE FROM doomed_key WHERE id = ANY($1::bytea[])', [ids]);
  }

  /** Commitments that no opening opens any more. Committed when it resolves. */
  async close(values: readonly Buffer[], untilMs: number): Promise<void> {
    if (values.length === 0) return;
    await this.database.query(
      'INSERT INTO closed_commitment (value, until_ms) SELECT value, $2 FROM unnest($1::bytea[]) AS t (value) ON CONFLICT DO NOTHING',
      [values, untilMs],
    );
  }

  /** Those of them that are closed, in hex. */
  async closed(values: readonly Buffer[]): Promise<ReadonlySet<string>> {
    if (values.length === 0) return new Set();
    const rows = await this.database.query<{ value: Buffer }>(
      'SELECT value FROM closed_commitment WHERE value = ANY($1::bytea[])',
      [values],
    );
    return new Set(rows.map(({ value }) => value.toString('hex')));
  }

  /** Lets go of those whose openings lie nowhere any more. */
  async letGo(nowMs: number, limit: number): Promise<void> {
    await this.database.query(
      `DELETE FROM closed_commitment
        WHERE value IN (SELECT value FROM closed_commitment WHERE until_ms < $1 ORDER BY until_ms LIMIT $2)`,
      [nowMs, limit],
    );
  }
}
