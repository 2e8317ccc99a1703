import type { Queries } from '#postgres';
import { NOW_MS } from './outbox.store.js';

type Asking = Pick<Queries, 'query'>;

/**
 * What was taken from somebody else's outbox. An outbox delivers at least once; with the effect in the transaction of
 * `take`, it happens once, for as long as what was taken is remembered: longer than it may come again.
 */
export class Inbox {
  /** In the caller's transaction, with the effect: true the first time. Two at once: the second waits for the first. */
  async take(queries: Asking, source: string, id: string): Promise<boolean> {
    const rows = await queries.query(
      `INSERT INTO taken_delivery (source, id, at_ms) VALUES ($1, $2, ${NOW_MS}) ON CONFLICT DO NOTHING RETURNING id`,
      [source, id],
    );
    return rows.length > 0;
  }

  /** Forgets what was taken longer ago, oldest first; how many of `limit`. */
  async forget(queries: Asking, keepMs: number, limit: number): Promise<number> {
    const rows = await queries.query(
      `DELETE FROM taken_delivery WHERE (source, id) IN (
         SELECT source, id FROM taken_delivery WHERE at_ms < ${NOW_MS} - $1::bigint ORDER BY at_ms LIMIT $2
       ) RETURNING 1 AS one`,
      [keepMs, limit],
    );
    return rows.length;
  }
}
