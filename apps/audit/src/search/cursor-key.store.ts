import { randomBytes } from 'node:crypto';
import type { Database } from '#postgres';

/** The key under which cursors are handed out: made once, and the same for every process that reads this database. */
export class CursorKeyStore {
  private key: Promise<Buffer> | undefined;

  constructor(private readonly database: Database) {}

  get(): Promise<Buffer> {
    this.key ??= this.load().catch((cause: unknown) => {
      this.key = undefined;
      throw cause;
    });
    return this.key;
  }

  private async load(): Promise<Buffer> {
    await this.database.query('INSERT INTO cursor_key (one, key) VALUES (true, $1) ON CONFLICT DO NOTHING', [
      randomBytes(32),
    ]);
    const [row] = await this.database.query<{ key: Buffer }>('SELECT key FROM cursor_key');
    return row?.key ?? this.load();
  }
}
