import type { QuotaPeriod } from '#access';
import type { Database } from '#postgres';

/** Calls of one agreement in one period. */
export interface Count {
  readonly agreement: string;
  readonly period: QuotaPeriod;
}

/** A lot is at most this part of what is left, so that no connector sits on the last calls of a quota. */
const SHARE = 20;

/** The counters of all connectors that share this database. */
export class QuotaStore {
  constructor(private readonly database: Pick<Database, 'query'>) {}

  /**
   * Takes a lot of calls, at most `most`; 0 if all are taken. A rejection says nothing about its effect: what was taken and
   * not heard of is lost, and must not be given back.
   */
  async take({ agreement, period }: Count, most: number): Promise<number> {
    const lot = (taken: string) => `least(greatest(($3::bigint - ${taken}) / ${SHARE}, 1), $4::bigint)`;
    const rows = await this.database.query<{ lot: string }>(
      `INSERT INTO quota AS known (agreement, period, taken, lot, ends_at)
       VALUES ($1, $2, ${lot('0')}, ${lot('0')}, to_timestamp($5::float8 / 1000))
       ON CONFLICT (agreement, period) DO UPDATE
         SET taken = known.taken + ${lot('known.taken')}, lot = ${lot('known.taken')}
         WHERE known.taken < $3::bigint
       RETURNING lot::text AS lot`,
      [agreement, period.name, period.limit, most, period.endsAtMs],
    );
    return Number(rows[0]?.lot ?? 0);
  }

  /** Once at most for each call that was taken: also if it fails, since it may have been given back all the same. */
  async giveBack({ agreement, period }: Count, calls: number): Promise<void> {
    await this.database.query('UPDATE quota SET taken = taken - $3 WHERE agreement = $1 AND period = $2', [
      ...[agreement, period.name, calls],
    ]);
  }

  /** Counters of periods that ended `ageMs` ago. */
  async sweep(ageMs: number): Promise<void> {
    await this.database.query(
      `DELETE FROM quota WHERE ends_at < clock_timestamp() - $1::float8 * interval '1 millisecond'`,
      [ageMs],
    );
  }
}
