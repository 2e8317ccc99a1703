import { parse } from 'uuid';
import type { Database } from '#postgres';
import type { Access } from './access-statement.js';

/** What was asked by whom, with the salts that open the digests in the log; and which leaves stand by now. */
export class AccessLogStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {}

  async keep(id: string, { reader, query }: Access, salt: Buffer): Promise<void> {
    await this.database.query('INSERT INTO access_query (id, reader, query, salt) VALUES ($1, $2, $3, $4)', [
      Buffer.from(parse(id)),
      reader,
      query,
      salt,
    ]);
  }

  /** Indices of those of these leaves that are in the log, by hash in hex. */
  async standing(hashes: readonly Buffer[]): Promise<Map<string, number>> {
    const rows = await this.database.query<{ idx: string; leaf_hash: Buffer }>(
      'SELECT idx, leaf_hash FROM log_leaf WHERE log_id = $1 AND leaf_hash = ANY ($2::bytea[])',
      [this.logId, hashes],
    );
    return new Map(rows.map(({ idx, leaf_hash: hash }) => [hash.toString('hex'), Number(idx)]));
  }
}
