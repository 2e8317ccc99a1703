import type { Database } from '#postgres';
import { say } from '../harness/report.js';

const CITIZENS = 100_000;
const ROWS_AT_ONCE = 500_000;
/** Behind every leaf that the instance has made itself. */
const FIRST_INDEX = 1_000_000_000;
const QUARTER_MS = 7_776_000_000;

/** A request, its answer, and the row of the citizen whom it concerns, from number `$1` to `$2`; nobody opens them. */
const LAY = [
  `INSERT INTO exchange (leaf_hash, log_id, idx, exchange_id, ts_ms, consumer, provider, service, endpoint, purpose,
                         legal_basis, parties)
   SELECT sha256(('request ' || n)::bytea), 1, ${FIRST_INDEX} + 2 * n, gen_random_uuid(), $3::bigint + n % $4::bigint,
          'DEMO/GOV/1003/benefits', 'DEMO/GOV/1001/population', 'DEMO/GOV/1001/population/persons', 'GET /{pin}',
          'benefit-decision', 'LB-BENEFITS', substring(sha256(n::text::bytea) FOR 16)
     FROM generate_series($1::bigint, $2::bigint) AS n`,
  `INSERT INTO sequel (log_id, idx, leaf_hash, prev, slot, type, status, parties)
   SELECT 1, ${FIRST_INDEX} + 2 * n + 1, sha256(('answer ' || n)::bytea), sha256(('request ' || n)::bytea), 'p1',
          'exchange.answered', 200, substring(sha256(n::text::bytea) FOR 16)
     FROM generate_series($1::bigint, $2::bigint) AS n WHERE $3::bigint + $4::bigint > 0`,
  `INSERT INTO subject_access (epoch, tag, ts_ms, log_id, idx, kind, position, exchange, end_user, opening_enc)
   SELECT (SELECT max(epoch) FROM subject_access), sha256(('citizen ' || n % ${CITIZENS})::bytea),
          $3::bigint + n % $4::bigint, 1, ${FIRST_INDEX} + 2 * n, 0, 0, sha256(('request ' || n)::bytea), 'none',
          sha256(n::text::bytea) || sha256((n + 1)::text::bytea) || sha256((n + 2)::text::bytea)
     FROM generate_series($1::bigint, $2::bigint) AS n`,
];

/** Rows of other citizens, so that the tables are as large as in a country. */
export async function layRows(database: Database, rows: number): Promise<void> {
  const startedAt = performance.now();
  const fromMs = Date.now() - QUARTER_MS;
  for (let from = 1; from <= rows; from += ROWS_AT_ONCE) {
    const until = Math.min(rows, from + ROWS_AT_ONCE - 1);
    for (const sql of LAY) await database.query(sql, [from, until, fromMs, QUARTER_MS]);
  }
  for (const table of ['exchange', 'sequel', 'subject_access']) await database.query(`ANALYZE ${table}`);
  say(`  ${rows} rows of ${CITIZENS} others laid in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
}
