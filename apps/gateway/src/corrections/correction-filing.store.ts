import type { SubsystemId } from '#kernel';
import type { Database } from '#postgres';
import { filingKey, openFiling, sealFiling, type KeptFiling } from './kept-filing.js';

/** How long a filing may wait to be verified; the longest terms with an appeal lie within it. */
const KEPT_MS = 400 * 24 * 60 * 60_000;

/** Filings of this gateway whose answer will be looked at again. Every write may be repeated. */
export class CorrectionFilings {
  private readonly key: Buffer;

  /** `secret` is this gateway's own; without it the rows are noise. */
  constructor(
    private readonly database: Database,
    secret: Uint8Array,
  ) {
    this.key = filingKey(secret);
  }

  /** Keeps it unless one is kept under this id; whether it was not. Before filing: a filed case without its row is never verified. */
  async begin(id: string, consumer: SubsystemId, filing: KeptFiling, nowMs: number): Promise<boolean> {
    const rows = await this.database.query(
      `INSERT INTO correction_filing (id, consumer, sealed_by_key, made_ms, state) VALUES ($1, $2, $3, $4, 'begun')
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [id, consumer, sealFiling(this.key, id, consumer, filing), nowMs],
    );
    return rows.length > 0;
  }

  /** Feedback has taken it. */
  async filed(id: string, consumer: SubsystemId, filing: KeptFiling): Promise<void> {
    await this.database.query(
      `UPDATE correction_filing SET sealed_by_key = $3, state = 'filed' WHERE id = $1 AND consumer = $2`,
      [id, consumer, sealFiling(this.key, id, consumer, filing)],
    );
  }

  async find(id: string, consumer: SubsystemId): Promise<KeptFiling | undefined> {
    const [row] = await this.database.query<{ sealed_by_key: Buffer }>(
      'SELECT sealed_by_key FROM correction_filing WHERE id = $1 AND consumer = $2',
      [id, consumer],
    );
    return row && openFiling(this.key, id, consumer, row.sealed_by_key);
  }

  /** Consumers that wait for a verification. */
  async consumers(): Promise<SubsystemId[]> {
    const rows = await this.database.query<{ consumer: SubsystemId }>(
      'SELECT DISTINCT consumer FROM correction_filing ORDER BY consumer',
    );
    return rows.map(({ consumer }) => consumer);
  }

  /** A case that was refused, or whose correction was found in the answer. */
  async drop(id: string, consumer: SubsystemId): Promise<void> {
    await this.database.erase('DELETE FROM correction_filing WHERE id = $1 AND consumer = $2', [id, consumer]);
  }

  /** Those that nobody has corrected in all that time; at most `limit` of them; how many. */
  async sweep(nowMs: number, limit: number): Promise<number> {
    const rows = await this.database.erase(
      `DELETE FROM correction_filing WHERE id IN (SELECT id FROM correction_filing WHERE made_ms < $1 LIMIT $2)
       RETURNING id`,
      [nowMs - KEPT_MS, limit],
    );
    return rows.length;
  }
}
