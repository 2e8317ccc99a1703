import type { Database } from '#postgres';
import type { Assertion } from './client-assertion.js';

/** Of one client, alive at once: ten in a second, on average. Who asks for more shuts out itself alone. */
const MAX_ALIVE = 3_000;
/** Clocks of the gateways that share the rows may differ. */
const KEEP_AFTER_MS = 60_000;

/**
 * Which assertions were used, for all gateways that share a database: an assertion opens once. Only what a registered key
 * has signed gets here, so nobody else can fill the table.
 */
export class ClientAssertionStore {
  constructor(
    private readonly database: Database,
    private readonly maxAlive = MAX_ALIVE,
  ) {}

  /**
   * Takes an assertion for used. After a rejection it may be used or not: its client makes another, which costs nothing.
   * The bound is looked at before and may be passed by as many as ask at the same moment.
   */
  async use({ client, jtiHash, untilMs }: Assertion, nowMs: number): Promise<'first' | 'again' | 'too-many'> {
    const [alive] = await this.database.query<{ full: boolean }>(
      `SELECT count(*) >= $3 AS full
         FROM (SELECT 1 FROM client_assertion WHERE consumer = $1 AND until_ms > $2 LIMIT $3) AS alive`,
      [client, nowMs, this.maxAlive],
    );
    if (alive?.full === true) return 'too-many';
    const rows = await this.database.query(
      `INSERT INTO client_assertion (consumer, jti_hash, until_ms) VALUES ($1, $2, $3)
       ON CONFLICT (consumer, jti_hash) DO NOTHING RETURNING consumer`,
      [client, jtiHash, untilMs],
    );
    return rows.length > 0 ? 'first' : 'again';
  }

  /** Erases those whose time is over; at most `limit` of them; how many. */
  async sweep(nowMs: number, limit: number): Promise<number> {
    const rows = await this.database.erase(
      `DELETE FROM client_assertion WHERE (consumer, jti_hash) IN
         (SELECT consumer, jti_hash FROM client_assertion WHERE until_ms < $1 LIMIT $2) RETURNING consumer`,
      [nowMs - KEEP_AFTER_MS, limit],
    );
    return rows.length;
  }
}
