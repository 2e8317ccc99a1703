import { parse } from 'uuid';
import type { Database } from '#postgres';
import type { Access } from './access-statement.js';

export interface LeafPlace {
  readonly index: number;
  /** Origin of the window. */
  readonly log: string;
}

/** What was asked by whom, with the salts that open the digests in the log; and which leaves stand by now. */
export class AccessLogStore {
  constructor(private readonly database: Database) {}

  async keep(id: string, { reader, query }: Access, salt: Buffer): Promise<void> {
    await this.database.query('INSERT INTO access_query (id, reader, query, salt) VALUES ($1, $2, $3, $4)', [
      Buffer.from(parse(id)),
      reader,
      query,
      salt,
    ]);
  }

  /** Those of these leaves that are in the log, by hash in hex; in whichever window they came to stand. */
  async standing(hashes: readonly Buffer[]): Promise<Map<string, LeafPlace>> {
    const rows = await this.database.query<{ idx: string; leaf_hash: Buffer; origin: string }>(
      'SELECT idx, leaf_hash, origin FROM log_leaf JOIN log_head USING (log_id) WHERE leaf_hash = ANY ($1::bytea[])',
      [hashes],
    );
    return new Map(
      rows.map(({ idx, leaf_hash: hash, origin }) => [hash.toString('hex'), { index: Number(idx), log: origin }]),
    );
  }
}
