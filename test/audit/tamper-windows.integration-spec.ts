import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, type TestDatabase } from '#testing';
import { noteCheck } from '../../apps/audit/src/scrub/anchor-check.js';
import { migrations } from '../../apps/audit/src/migrations/index.js';
import { snapshots, tamperAll, type ScrubbedLog } from './tampering.js';
import { writeLog } from './written-log.js';

/** Two windows of one shard in one database: what is moved between them, or changed in either, is found by their scrubs. */
jest.setTimeout(300_000);

let own: TestDatabase;
let database: Database;
let windows: readonly ScrubbedLog[];

beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'audit', migrations, poolSize: 3 });
  const log = await writeLog(database, 300, [0]);
  const next = await log.rotate();
  await log.append(300);
  for (const [logId, size] of [
    [1, 301],
    [2, 302],
  ])
    await database.query(
      `INSERT INTO log_anchor (log_id, size, kind, source, data)
       SELECT log_id, size, 'note', origin, convert_to(note, 'UTF8') FROM log_head WHERE log_id = $1 AND size = $2`,
      [logId, size],
    );
  windows = [
    { logId: 1, key: log.key, anchors: [noteCheck(log.key)] },
    { logId: 2, key: next, anchors: [noteCheck(next)] },
  ];
});
afterAll(async () => {
  await database.close();
  await own.drop();
  await snapshots.close();
});

const flip = (column: string, at: string | number) => `set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 1)`;
/** Rows of both windows change places. */
const exchanged = (table: string, where: string, rest: string) => [
  `CREATE TEMP TABLE moved ON COMMIT DROP AS SELECT * FROM ${table} WHERE ${where}`,
  `DELETE FROM ${table} WHERE ${where}`,
  `INSERT INTO ${table} SELECT 3 - log_id, ${rest} FROM moved`,
];
const ofBoth = (what: string, sql: (logId: number) => string[]): [string, string[]][] =>
  [1, 2].map((logId) => [`${what} of window ${logId}`, sql(logId)]);
const LEAF = 'idx, xid, slot, signer, leaf_hash, body, kafka_offset';

it('nothing is found where nothing was changed', async () => {
  expect(await tamperAll(database, windows, [])).toEqual({ start: false, findings: [] });
});

it.each<[string, string[]]>([
  ['a leaf of each in the other', exchanged('log_leaf', 'idx = 40', LEAF)],
  ['all leaves of each in the other', exchanged('log_leaf', 'true', LEAF)],
  ['tiles of each in the other', exchanged('log_tile', 'true', 'lvl, idx, root, data')],
  ['manifests of each in the other', exchanged('manifest', 'true', 'idx, number, digest, digests, statement')],
  ['notes of each in the other', exchanged('log_anchor', 'true', 'size, kind, source, data, noted')],
  [
    'heads of each in the other',
    [
      `CREATE TEMP TABLE heads ON COMMIT DROP AS SELECT * FROM log_head`,
      `UPDATE log_head h SET origin = o.origin, size = o.size, root = o.root, frontier = o.frontier, note = o.note,
         final_size = NULL FROM heads o WHERE o.log_id = 3 - h.log_id`,
    ],
  ],
  [
    'the last leaf of the closed one moved over the border',
    [`UPDATE log_leaf SET log_id = 2, idx = 302 WHERE log_id = 1 AND idx = 300`],
  ],
  [
    'the first leaf of the open one moved over the border',
    [`UPDATE log_leaf SET log_id = 1, idx = 301 WHERE log_id = 2 AND idx = 0`],
  ],
  ...ofBoth('a body', (id) => [`UPDATE log_leaf SET body = ${flip('body', 90)} WHERE log_id = ${id} AND idx = 50`]),
  ...ofBoth('a leaf’s hash', (id) => [
    `UPDATE log_leaf SET leaf_hash = ${flip('leaf_hash', 9)} WHERE log_id = ${id} AND idx = 299`,
  ]),
  ...ofBoth('the last leaf', (id) => [
    `DELETE FROM log_leaf WHERE log_id = ${id} AND idx = (SELECT size - 1 FROM log_head h WHERE h.log_id = ${id})`,
  ]),
  ...ofBoth('a leaf behind the head', (id) => [
    `INSERT INTO log_leaf VALUES (${id}, 400, '\\x00', '-', 'x', '\\x00', '\\x00', 5000)`,
  ]),
  ...ofBoth('a tile', (id) => [`UPDATE log_tile SET data = ${flip('data', 77)} WHERE log_id = ${id}`]),
  ...ofBoth('the head’s root', (id) => [`UPDATE log_head SET root = ${flip('root', 3)} WHERE log_id = ${id}`]),
  ...ofBoth('the head’s frontier', (id) => [
    `UPDATE log_head SET frontier = ${flip('frontier', 3)} WHERE log_id = ${id}`,
  ]),
  ...ofBoth('the head’s origin', (id) => [
    `UPDATE log_head SET origin = (SELECT origin FROM log_head WHERE log_id = ${3 - id}) WHERE log_id = ${id}`,
  ]),
  ...ofBoth('the head’s size', (id) => [`UPDATE log_head SET size = size - 1, final_size = NULL WHERE log_id = ${id}`]),
  ...ofBoth('the head', (id) => [`DELETE FROM log_head WHERE log_id = ${id}`]),
  ...ofBoth('the manifest', (id) => [`DELETE FROM manifest WHERE log_id = ${id}`]),
  ...ofBoth('the note', (id) => [`UPDATE log_anchor SET data = ${flip('data', 50)} WHERE log_id = ${id}`]),
])('is found: %s', async (_what, sql) => {
  const { findings } = await tamperAll(database, windows, sql);
  expect(findings).not.toEqual([]);
});
