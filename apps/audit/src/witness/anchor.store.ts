import type { Database } from '#postgres';

/** A cosignature line and the key name of its witness. */
export interface StoredCosignature {
  readonly source: string;
  readonly line: string;
}

/**
 * What was published and who cosigned it (`log_anchor`, `audit-log.md` §3.2). Rows are only ever added: a size that is
 * noted twice stays as it was noted first.
 */
export class AnchorStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {}

  async addNote(size: number, origin: string, note: string): Promise<void> {
    await this.add(size, 'note', origin, note);
  }

  async addCosignature(size: number, { source, line }: StoredCosignature): Promise<void> {
    await this.add(size, 'cosignature', source, line);
  }

  /** Size that this witness cosigned last, as far as we know; 0 if none. */
  async lastCosigned(source: string): Promise<number> {
    const [row] = await this.database.query<{ size: string | null }>(
      `SELECT max(size) AS size FROM log_anchor WHERE log_id = $1 AND kind = 'cosignature' AND source = $2`,
      [this.logId, source],
    );
    return Number(row?.size ?? 0);
  }

  private async add(size: number, kind: string, source: string, text: string): Promise<void> {
    await this.database.query(
      'INSERT INTO log_anchor (log_id, size, kind, source, data) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
      [this.logId, size, kind, source, Buffer.from(text)],
    );
  }
}
