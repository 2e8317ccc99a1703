import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, type TestDatabase } from '#testing';
import { GrowingTree } from '#tlog';
import { migrations } from '../../apps/audit/src/migrations/index.js';
import {
  anchorMutations,
  headMutations,
  leafMutations,
  manifestMutations,
  MANIFESTS,
  roleMutations,
  SIZE,
  sourceMutation,
  tileMutations,
} from './mutations.js';
import type { AnchorCheck } from '../../apps/audit/src/scrub/anchor-check.js';
import { anchorsOf } from './said-of-log.js';
import { hasOpenssl } from './time-lab.js';
import { BEHIND_LEAVES, matrixText, scrubFindings, snapshots, tamper, type Mutation, type Tally } from './tampering.js';
import { writeLog, type WrittenLog } from './written-log.js';

jest.setTimeout(300_000);

const OLD_SIZE = 400;
let own: TestDatabase;
let database: Database;
let log: WrittenLog;
let anchors: readonly AnchorCheck[];
const tallies: Tally[] = [];

beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'audit', migrations, poolSize: 3 });
  log = await writeLog(database, OLD_SIZE, MANIFESTS);
  const { said, checks } = await anchorsOf(log);
  anchors = checks;
  for (const { kind, source, data } of said)
    await database.query('INSERT INTO log_anchor (log_id, size, kind, source, data) VALUES (1, $1, $2, $3, $4)', [
      OLD_SIZE,
      kind,
      source,
      data,
    ]);
  await log.append(SIZE - OLD_SIZE);
});
afterAll(async () => {
  await database.close();
  await own.drop();
  await snapshots.close();
  process.stdout.write(`${matrixText(tallies)}\n`);
});

/**
 * Each is found by the detectors that answer for it; the names of those that are not are the failure. To judge a token
 * takes as long as all the rest of a pass, so that only who changes tokens asks for it: what is found without is found.
 */
async function expectFound(mutations: readonly Mutation[]): Promise<void> {
  const missed: string[] = [];
  const quick = anchors.filter(({ kind }) => kind !== 'timestamp');
  for (const { table, what, sql, start, besideLeaves } of mutations) {
    const checks = table === 'log_anchor timestamp' ? anchors : quick;
    const outcome = await tamper(database, log.key, besideLeaves === true ? [...sql, BEHIND_LEAVES] : sql, checks);
    const tally = tallyOf(table, what);
    tally.made += 1;
    if (outcome.start) tally.start += 1;
    if (outcome.findings.length > 0) tally.scrub += 1;
    else missed.push(`scrub: ${sql.join('; ')}`);
    if (start === true && !outcome.start) missed.push(`start: ${sql.join('; ')}`);
  }
  expect(missed).toEqual([]);
}

function tallyOf(table: string, what: string): Tally {
  const known = tallies.find((tally) => tally.table === table && tally.what === what);
  if (known !== undefined) return known;
  const fresh = { table, what, start: 0, scrub: 0, made: 0 };
  tallies.push(fresh);
  return fresh;
}

/**
 * A snapshot is authenticated uncompressed: the packer's hints in bytes 3 to 9 of a gzip file (RFC 1952) and the bits that
 * fill up its last byte are nothing that is read.
 */
function saysTheSame(body: Buffer, at: number): boolean {
  const flipped = Buffer.from(body);
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  try {
    return gunzipSync(flipped).equals(gunzipSync(body));
  } catch {
    // It cannot be unpacked any more: that says something else.
    return false;
  }
}

async function lengthOf(expression: string, table: string): Promise<number> {
  const [row] = await database.query<{ n: string }>(`SELECT length(${expression}) AS n FROM ${table}`);
  return Number(row?.n);
}

it('a log that nobody has touched gives no finding, before and after the mutations', async () => {
  expect(await scrubFindings(database, log.key, anchors)).toEqual([]);
  for (const nothing of [[], [BEHIND_LEAVES]])
    expect(await tamper(database, log.key, nothing, anchors)).toEqual({ start: false, findings: [] });
});

describe('what is changed in PostgreSQL is found', () => {
  it('in leaves', async () => expectFound([...leafMutations(), ...roleMutations]));

  it('in tiles', async () => expectFound(tileMutations()));

  it('in the head', async () => {
    const sizes = {
      frontier: await lengthOf('frontier', 'log_head'),
      note: await lengthOf("convert_to(note, 'UTF8')", 'log_head'),
    };
    await expectFound(headMutations(sizes));
  });

  it('in manifests and snapshots', async () => {
    const [row] = await database.query<{ body: Buffer }>('SELECT body FROM snapshot');
    const body = row?.body ?? Buffer.alloc(0);
    const bytes = [...body.keys()]
      .filter((n) => n < 3 || n % 5 === 0 || n > body.length - 9)
      .filter((n) => !saysTheSame(body, n));
    await expectFound(manifestMutations(bytes));
  });

  it.each([
    ['note', 1],
    ['cosignature', 1],
    ['timestamp', 12],
  ])('in anchors: %s', async (kind, region) => {
    const length = await lengthOf('data', `log_anchor WHERE kind = '${kind}'`);
    // Without OpenSSL there is nobody to make tokens.
    if (hasOpenssl || kind !== 'timestamp') await expectFound(anchorMutations(kind, length, region));
  });

  it('in whose cosignature it is', async () => expectFound([sourceMutation]));

  it('if leaf, hash, tile and head are recomputed so that all agree, under the note that stands', async () => {
    for (const idx of [8, 300, 600]) await expectFound([await recomputed(idx)]);
  });
});

it('an offset out of order is told, and is no damage of the log', async () => {
  const { findings } = await tamper(database, log.key, ['UPDATE log_leaf SET kafka_offset = 0 WHERE idx = 300']);
  expect(findings).toEqual([{ problem: 'offset-order', place: '300' }]);
});

it('a false time, epoch or cursor is not told: the log says nothing of them', async () => {
  const sql = [
    `UPDATE log_head SET updated = '2001-01-01', epoch = 0, next_offset = 5`,
    `INSERT INTO sweep_cursor VALUES (1, 100)`,
    `UPDATE log_anchor SET noted = '2001-01-01'`,
    `UPDATE log_anchor SET source = 'x' WHERE kind <> 'cosignature'`,
  ];
  expect(await tamper(database, log.key, sql, anchors)).toEqual({ start: false, findings: [] });
});

/** What somebody with all rights on the database does, and without the log's key. */
async function recomputed(idx: number): Promise<Mutation> {
  const rows = await database.query<{ leaf_hash: Buffer; body: Buffer }>(
    'SELECT leaf_hash, body FROM log_leaf ORDER BY idx',
  );
  const body = Buffer.from(rows[idx]!.body);
  body[body.length - 20] = body[body.length - 20] === 65 ? 66 : 65;
  const { leafHash } = await import('#tlog');
  const hashes = rows.map((row, at) => (at === idx ? leafHash(body) : row.leaf_hash));
  const { next, fullTiles } = GrowingTree.empty().extend(hashes);
  const hex = (bytes: Uint8Array) => `'\\x${Buffer.from(bytes).toString('hex')}'`;
  return {
    table: 'all',
    what: 'leaf, hash, tiles, root, frontier recomputed; old note',
    start: true,
    sql: [
      `UPDATE log_leaf SET body = ${hex(body)}, leaf_hash = ${hex(leafHash(body))} WHERE idx = ${idx}`,
      ...fullTiles.map(
        ({ level, index, root, data }) =>
          `UPDATE log_tile SET root = ${hex(root)}, data = ${hex(data)} WHERE lvl = ${level} AND idx = ${index}`,
      ),
      `UPDATE log_head SET root = ${hex(next.root())}, frontier = ${hex(next.frontier())}`,
    ],
  };
}
