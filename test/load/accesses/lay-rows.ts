import { hash, randomBytes } from 'node:crypto';
import type { Database } from '#postgres';
import type { TypedSubject } from '#signing';
import { epochOf, epochStartMs } from '../../../apps/feedback/src/key-store/epoch.js';
import type { DataKey, PersonKeys } from '../../../apps/feedback/src/key-store/person-keys.store.js';
import { tagAt } from '../../../apps/feedback/src/key-store/person-tags.js';
import { epochTagKey, type EpochTag } from '../../../apps/feedback/src/key-store/tag.js';
import { keepOpening } from '../../../apps/feedback/src/openings/kept-opening.js';
import { say } from '../harness/report.js';
import { fillWithoutIndexes } from './bulk-lay.js';

/** At ten million rows a hundred thousand citizens. */
const ROWS_EACH = 100;
/** So many of them are read, at most. */
const READ = 1_000;
const ROWS_AT_ONCE = 250_000;
const READ_AT_ONCE = 5_000;
/** Behind every leaf that the instance has made itself. */
const FIRST_INDEX = 1_000_000_000;

const REQUEST = `sha256(('request ' || n)::bytea)`;
const PARTIES = `substring(sha256(n::text::bytea) FOR 16)`;
/** `$1` and `$2` are the first and the last row, `$3` the first instant, `$4` milliseconds from row to row. */
const AT = `$3::bigint + (n * $4::double precision)::bigint`;

const LAY: Readonly<Record<string, string>> = {
  exchange: `INSERT INTO exchange (leaf_hash, log_id, idx, exchange_id, ts_ms, consumer, provider, service, endpoint,
                                   purpose, legal_basis, parties)
    SELECT ${REQUEST}, 1, ${FIRST_INDEX} + 2 * n, md5(n::text)::uuid, ${AT}, 'DEMO/GOV/1003/benefits',
           'DEMO/GOV/1001/population', 'DEMO/GOV/1001/population/persons', 'GET /{pin}', 'benefit-decision',
           'LB-BENEFITS', ${PARTIES}
      FROM generate_series($1::bigint, $2::bigint) AS n`,
  sequel: `INSERT INTO sequel (log_id, idx, leaf_hash, prev, slot, type, status, parties)
    SELECT 1, ${FIRST_INDEX} + 2 * n + 1, sha256(('answer ' || n)::bytea), ${REQUEST}, 'p1', 'exchange.answered', 200,
           ${PARTIES}
      FROM generate_series($1::bigint, $2::bigint) AS n WHERE ${AT} > 0`,
  // An opening that nobody will open is as long as one, and as random.
  subject_access: `INSERT INTO subject_access (epoch, tag, ts_ms, log_id, idx, kind, position, exchange, end_user,
                                               opening_enc, key_id)
    SELECT $5::integer, coalesce(own.tag, sha256(('citizen ' || n % $6::bigint)::bytea)), ${AT}, 1,
           ${FIRST_INDEX} + 2 * n, 0, 0, ${REQUEST}, 'none',
           coalesce(own.opening_enc, sha256(n::text::bytea) || sha256((n + 1)::text::bytea) || sha256((n + 2)::text::bytea)),
           coalesce(own.key_id, substring(sha256(('key ' || n % $6::bigint)::bytea) FOR 16))
      FROM generate_series($1::bigint, $2::bigint) AS n LEFT JOIN bench_read AS own USING (n)`,
};

/** Of everybody else: keys as many as there are citizens, which open nothing. */
const LAY_KEYS = `INSERT INTO data_key (epoch, tag, id, key_enc)
  SELECT $1::integer, sha256(('citizen ' || n)::bytea), substring(sha256(('key ' || n)::bytea) FOR 16),
         sha256(n::text::bytea) || sha256((n + 1)::text::bytea) || substring(sha256((n + 2)::text::bytea) FOR 8)
    FROM generate_series(0, $2::bigint - 1) AS n ON CONFLICT DO NOTHING`;

export interface LaidIn {
  readonly database: Database;
  readonly keysDatabase: Database;
  readonly keys: PersonKeys;
}

export interface Laid {
  readonly citizens: number;
  /** Whose rows open. */
  readonly read: readonly TypedSubject[];
}

/**
 * The history of a country, of this quarter until now: `rows` requests with their answers and the rows of the citizens
 * whom they concern, each a hundred times. They are made within PostgreSQL; nothing has gone through the topic or the log,
 * and there are no leaves of them. Columns, lengths, tags, keys and indexes are as feedback writes them; and a thousand
 * citizens, whose rows lie as far apart as everybody's, have real tags, keys and openings, as their pages are read.
 */
export async function layRows({ database, keysDatabase, keys }: LaidIn, rows: number): Promise<Laid> {
  const startedAt = performance.now();
  const nowMs = Date.now();
  const [epoch, citizens] = [epochOf(nowMs), Math.ceil(rows / ROWS_EACH)];
  const fromMs = epochStartMs(epoch);
  const stepMs = (nowMs - fromMs) / (rows + 1);
  const every = Math.max(1, Math.floor(citizens / READ));
  const read = Array.from({ length: Math.ceil(citizens / every) }, (_, at) => ({
    number: at * every,
    person: named(at),
  }));
  await database.query('CREATE TABLE bench_read (n bigint PRIMARY KEY, tag bytea, opening_enc bytea, key_id bytea)');
  await layRead(database, keys, read, { rows, citizens, epoch });
  await keysDatabase.query(LAY_KEYS, [epoch, citizens]);
  await keysDatabase.query('VACUUM (ANALYZE) data_key');
  await fillWithoutIndexes(database, Object.keys(LAY), async (table) => {
    const more = table === 'subject_access' ? [epoch, citizens] : [];
    for (let from = 1; from <= rows; from += ROWS_AT_ONCE) {
      const until = Math.min(rows, from + ROWS_AT_ONCE - 1);
      await database.query(LAY[table] ?? '', [from, until, fromMs, stepMs, ...more]);
    }
    say(`  … ${table}: ${rows} rows, indexes next`);
  });
  await database.query('DROP TABLE bench_read');
  await database.query('CHECKPOINT');
  const took = Math.round((performance.now() - startedAt) / 1_000);
  say(
    `  ${rows} rows of ${citizens} citizens laid by INSERT … SELECT in ${took} s, openings real for ${read.length} of them`,
  );
  say(`  ${await sizes(database)}`);
  return { citizens, read: read.map(({ person }) => person) };
}

function named(at: number): TypedSubject {
  return { country: 'DEMO', type: 'PIN', code: `BENCH${String(at).padStart(6, '0')}` };
}

interface Frame {
  readonly rows: number;
  readonly citizens: number;
  readonly epoch: number;
}

interface ReadRow {
  readonly n: number;
  readonly at: EpochTag;
  readonly person: TypedSubject;
}

/** The rows that will be read, as the match would have written them; row `n` is one of citizen `n % citizens`. */
async function layRead(
  database: Database,
  keys: PersonKeys,
  read: readonly { readonly number: number; readonly person: TypedSubject }[],
  { rows, citizens, epoch }: Frame,
): Promise<void> {
  const tagged = await Promise.all(
    read.map(async ({ number, person }) => ({ number, person, at: await tagAt(person, epochStartMs(epoch), keys) })),
  );
  const dataKeys = await keys.ensure(tagged.map(({ at }) => at));
  const all = tagged.flatMap(({ number, person, at }): ReadRow[] =>
    Array.from({ length: Math.floor((rows - number) / citizens) + 1 }, (_, round) => number + round * citizens)
      .filter((n) => n > 0)
      .map((n) => ({ n, at, person })),
  );
  for (let from = 0; from < all.length; from += READ_AT_ONCE) {
    const part = all.slice(from, from + READ_AT_ONCE);
    const own = part.map(({ at }) => dataKeys.get(epochTagKey(at)) as DataKey);
    await database.query(
      'INSERT INTO bench_read SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[])',
      [
        part.map(({ n }) => n),
        part.map(({ at }) => at.tag),
        part.map((row, at) => opening(row, own[at] as DataKey)),
        own.map(({ id }) => id),
      ],
    );
  }
}

function opening({ n, person }: ReadRow, { key }: DataKey): Buffer {
  const exchange = hash('sha256', `request ${n}`, 'buffer');
  const place = { exchange, index: FIRST_INDEX + 2 * n, kind: 'subject', position: 0 } as const;
  return keepOpening(key, place, { ...person, r: randomBytes(32) });
}

/** Bytes of a row with its share of the indexes, so that one sees whether they are as long as real ones. */
async function sizes(database: Database): Promise<string> {
  const tables = await database.query<{ name: string; table_mb: string; index_mb: string }>(
    `SELECT name, pg_table_size(name) / 1048576 AS table_mb, pg_indexes_size(name) / 1048576 AS index_mb
       FROM unnest($1::text[]) AS name`,
    [Object.keys(LAY)],
  );
  return tables.map((one) => `${one.name} ${one.table_mb} MB and ${one.index_mb} MB of indexes`).join(', ');
}
