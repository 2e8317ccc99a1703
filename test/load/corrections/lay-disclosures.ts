import { hash } from 'node:crypto';
import type { Database } from '#postgres';
import type { EpochTag } from '../../../apps/feedback/src/key-store/tag.js';
import { fillWithoutIndexes } from '../accesses/bulk-lay.js';

/** Exchanges of each citizen. */
const EACH = 100;
const MEMBERS = 200;
/** Runs of snapshots in which the element stood somewhere else, beside the endpoint that all ask. */
const RUNS = 20;
const ROWS_AT_ONCE = 250_000;
const EPOCH = 8_107;
export const ELEMENT = 'person.address';

const REQUEST = `sha256(('request ' || n)::bytea)`;
const PARTIES = `substring(sha256(n::text::bytea) FOR 16)`;
const AT = `1793520000000 + n * 7`;
const ROWS = 'generate_series($1::bigint, $2::bigint) AS n';
const RANDOM_96 = `sha256(n::text::bytea) || sha256((n + 1)::text::bytea) || sha256((n + 2)::text::bytea)`;
const access = (tag: string, position: number) => `INSERT INTO subject_access
    (epoch, tag, ts_ms, log_id, idx, kind, position, exchange, end_user, opening_enc, key_id, exchange_kind, asked_ms)
  SELECT ${EPOCH}, ${tag}, ${AT}, 1, 2 * n, 0, ${position}, ${REQUEST}, 'none', ${RANDOM_96}, substring(${tag} FOR 16),
         1 + (n * 7919) % ${MEMBERS}, ${AT}
    FROM ${ROWS}`;

const LAY: Readonly<Record<string, readonly string[]>> = {
  exchange: [
    `INSERT INTO exchange (leaf_hash, log_id, idx, exchange_id, ts_ms, consumer, provider, service, endpoint, purpose,
                           legal_basis, parties)
     SELECT ${REQUEST}, 1, 2 * n, md5(n::text)::uuid, ${AT}, 'BENCH/GOV/' || (n * 7919) % ${MEMBERS} || '/office',
            'BENCH/GOV/1001/population', 'BENCH/GOV/1001/population/persons', 'GET /{pin}', 'benefit-decision', 'LB-1',
            ${PARTIES} FROM ${ROWS}`,
  ],
  sequel: [
    `INSERT INTO sequel (log_id, idx, leaf_hash, prev, slot, type, status, parties, snap, endpoint)
     SELECT 1, 2 * n + 1, sha256(('answer ' || n)::bytea), ${REQUEST}, 'p1', 'exchange.answered', 200, ${PARTIES},
            1 + n % ${RUNS * 10}, 'GET /{pin}' FROM ${ROWS}`,
  ],
  // Each exchange is about a citizen, and about one subject that all of them are about.
  subject_access: [access(`sha256(('citizen ' || n / ${EACH})::bytea)`, 0), access(`sha256('everybody'::bytea)`, 1)],
};

const KINDS = `INSERT INTO exchange_kind (id, consumer, service, endpoint) OVERRIDING SYSTEM VALUE
  SELECT 1 + n, 'BENCH/GOV/' || n || '/office', 'BENCH/GOV/1001/population/persons', 'GET /{pin}'
    FROM generate_series(0, ${MEMBERS - 1}) AS n`;
const LEDGER = `INSERT INTO element_ledger (first_snap, last_snap, digest)
  SELECT 1 + 10 * n, 10 + 10 * n, '' FROM generate_series(0, ${RUNS - 1}) AS n`;
const PLACES = `INSERT INTO element_places (first_snap, service, endpoint, element)
  SELECT 1 + 10 * n, 'BENCH/GOV/1001/population/persons', endpoint, $1
    FROM generate_series(0, ${RUNS - 1}) AS n, unnest(ARRAY['GET /{pin}', 'GET /former/' || n]) AS endpoint`;

export interface LaidSubjects {
  /** Of a hundred exchanges each. */
  readonly citizens: readonly EpochTag[];
  /** Of all exchanges. */
  readonly everybody: EpochTag;
}

/** `rows` disclosures of one element in feedback's tables, made within PostgreSQL, with columns as feedback writes them. */
export async function layDisclosures(database: Database, rows: number): Promise<LaidSubjects> {
  await database.query(
    `INSERT INTO followed_log (origin, next_idx) VALUES ('audit.bench.example/BENCH/0/2026h2', $1)`,
    [2 * rows],
  );
  await database.query(KINDS);
  await database.query(LEDGER);
  await database.query(PLACES, [ELEMENT]);
  await database.query('ANALYZE exchange_kind, element_ledger, element_places');
  await fillWithoutIndexes(database, Object.keys(LAY), async (table) => {
    for (const sql of LAY[table] ?? [])
      for (let from = 0; from < rows; from += ROWS_AT_ONCE)
        await database.query(sql, [from, Math.min(rows, from + ROWS_AT_ONCE) - 1]);
  });
  const tag = (name: string): EpochTag => ({ epoch: EPOCH, tag: hash('sha256', name, 'buffer') });
  const citizens = Array.from({ length: Math.floor(rows / EACH) }, (_, at) => tag(`citizen ${at}`));
  return { citizens, everybody: tag('everybody') };
}
