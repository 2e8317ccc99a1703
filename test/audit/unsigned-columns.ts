import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#local';
import type { Database } from '#postgres';

/** Columns that the matrix of mutations changes, each of which the scrub must tell. */
export const AUTHENTICATED: Readonly<Record<string, readonly string[]>> = {
  log_head: ['log_id', 'origin', 'size', 'root', 'frontier', 'note'],
  log_leaf: ['log_id', 'idx', 'xid', 'slot', 'signer', 'leaf_hash', 'body'],
  log_tile: ['log_id', 'lvl', 'idx', 'root', 'data'],
  log_anchor: ['log_id', 'size', 'kind', 'data'],
  manifest: ['log_id', 'idx', 'number', 'digest', 'digests', 'statement'],
  snapshot: ['digest', 'number', 'body'],
};

/**
 * A false value of every other column, as who owns the tables writes it. What it can do is said in `docs/database.md`;
 * neither detector tells it, because nothing in the log says what would be true.
 */
export const FALSE_VALUES: Readonly<Record<string, string>> = {
  'log_head.updated': `UPDATE log_head SET updated = '2001-01-01'`,
  'log_head.epoch': 'UPDATE log_head SET epoch = 0',
  'log_head.next_offset': 'UPDATE log_head SET next_offset = 5',
  'log_head.kafka_topic': `UPDATE log_head SET kafka_topic = 'x'`,
  'log_head.kafka_partition': 'UPDATE log_head SET kafka_partition = 7',
  'log_head.predecessor': 'UPDATE log_head SET predecessor = log_id - 1',
  'log_head.final_size': 'UPDATE log_head SET final_size = size',
  'log_head.closed': `UPDATE log_head SET closed = '2001-01-01'`,
  'log_leaf.kafka_offset': 'UPDATE log_leaf SET kafka_offset = kafka_offset + 1',
  'log_anchor.source': `UPDATE log_anchor SET source = 'x' WHERE kind <> 'cosignature'`,
  'log_anchor.noted': `UPDATE log_anchor SET noted = '2001-01-01'`,
  'sweep_cursor.log_id': 'INSERT INTO sweep_cursor VALUES (9, 100)',
  'sweep_cursor.idx': 'INSERT INTO sweep_cursor VALUES (1, 100)',
  ...columnsOf('scrub_cursor', ['log_id', 'part', 'position', 'passes', 'passed'], {
    sql: `INSERT INTO scrub_cursor VALUES (1, 'tiles', 3, 70, now()), (9, 'x', -1, -1, NULL)
          ON CONFLICT (log_id) DO UPDATE SET part = excluded.part, position = excluded.position,
            passes = excluded.passes, passed = excluded.passed`,
  }),
  ...columnsOf('scrub_finding', ['log_id', 'problem', 'place', 'found'], {
    sql: `INSERT INTO scrub_finding VALUES (1, 'head', 'x', '2001-01-01')`,
  }),
  ...columnsOf(
    'leaf_index',
    [
      ...['log_id', 'idx', 'type', 'xid', 'at', 'slot', 'signer', 'consumer', 'consumer_member', 'provider'],
      ...['provider_member', 'service', 'endpoint', 'purpose', 'legal_basis', 'status', 'status_class', 'reason'],
      ...['side', 'count', 'ref', 'prev', 'hash'],
    ],
    {
      sql: `INSERT INTO leaf_index (log_id, idx, type, xid, at, slot, signer, hash)
            VALUES (1, 5, 'exchange.requested', '\\x00', 1, 'c0', 'TEST/x', '\\x00')`,
    },
  ),
  ...columnsOf('leaf_index_cursor', ['log_id', 'idx'], { sql: 'INSERT INTO leaf_index_cursor VALUES (1, 100000)' }),
  ...columnsOf('access_query', ['id', 'reader', 'query', 'salt', 'asked'], {
    sql: `INSERT INTO access_query VALUES ('\\x00', 'TEST/x', 'nothing', '\\x00', '2001-01-01')`,
  }),
  ...columnsOf('cursor_key', ['one', 'key'], {
    sql: `INSERT INTO cursor_key VALUES (true, '\\x00') ON CONFLICT (one) DO UPDATE SET key = '\\x00'`,
  }),
  ...columnsOf('rotation_request', ['log_id', 'asked'], { sql: 'INSERT INTO rotation_request (log_id) VALUES (1)' }),
  ...columnsOf('migration', ['id', 'timestamp', 'name'], { sql: `UPDATE migration SET name = 'x', "timestamp" = 1` }),
};

function columnsOf(table: string, columns: readonly string[], { sql }: { readonly sql: string }) {
  return Object.fromEntries(columns.map((column) => [`${table}.${column}`, sql]));
}

/** `table.column` of everything that stands in the schema; partitions have their table's. */
export async function storedColumns(database: Database): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `SELECT c.relname || '.' || a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Whether the table of `docs/database.md` says what a false value of this column can do: by its name, or for the table. */
export function isDocumented(name: string): boolean {
  return DOCUMENTED.has(name) || DOCUMENTED.has(`${name.split('.')[0] ?? ''}.*`);
}

const DOCUMENTED = documented(readFileSync(join(repositoryRoot(), 'docs/database.md'), 'utf8'));

/** First column of each row, in which `.column` stands for a further one of the table named before it. */
function documented(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, cell = ''] of text.matchAll(/^\| (`[^|]*) \|/gmu)) {
    let table = '';
    for (const [, name = ''] of cell.matchAll(/`([^`]+)`/gu)) {
      if (!name.startsWith('.')) [table = ''] = name.split('.');
      names.add(name.startsWith('.') ? table + name : name);
    }
  }
  return names;
}
