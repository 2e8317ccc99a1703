import type { Database } from '#postgres';

/** Every snapshot that was ever published, by the digest of its uncompressed bytes; kept for the life of the log. */
export class SnapshotStore {
  constructor(private readonly database: Database) {}

  /** `body` is the gzip as it was published. Storing it again changes nothing. */
  async store(digest: Buffer, number: number, body: Buffer): Promise<void> {
    await this.database.query(
      'INSERT INTO snapshot (digest, number, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [digest, number, body],
    );
  }

  async byDigest(digest: Buffer): Promise<Buffer | undefined> {
    const [row] = await this.database.query<{ body: Buffer }>('SELECT body FROM snapshot WHERE digest = $1', [digest]);
    return row?.body;
  }

  /** All of one number: an honest registry makes one, and a manifest says which is meant. */
  async byNumber(number: number): Promise<{ digest: Buffer; body: Buffer }[]> {
    return this.database.query('SELECT digest, body FROM snapshot WHERE number = $1 LIMIT 16', [number]);
  }
}
