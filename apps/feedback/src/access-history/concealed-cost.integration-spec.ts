import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { openDatabase, type Database, type Queries } from '#postgres';
import { createDatabase, fakeClock, type TestDatabase } from '#testing';
import { ConcealedAccessStore } from '../concealment/concealed-access.store.js';
import { SeenExchanges } from '../corrections/seen-exchange.store.js';
import { migrations } from '../migrations/index.js';
import { QuestionStore } from '../questions/question.store.js';
import { AccessHistoryStore, pageQuery, type AccessFilter } from './access-history.store.js';
import type { AccessPlace } from './outcome.js';

jest.setTimeout(180_000);

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const UNTIL_MS = NOW_MS + 86_400_000;
const [SHOWN, CONCEALED, OTHERS] = [200, 10_000, 39_800];
const EPOCH = 8_107;
/** Looked into by an order, many times, and not. */
const WATCHED = hash('sha256', 'watched', 'buffer');
const PLAIN = hash('sha256', 'plain', 'buffer');

let place: TestDatabase;
let database: Database;
beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'feedback', migrations, poolSize: 2 });
  await database.query(`INSERT INTO followed_log (origin) VALUES ('log')`);
  await database.query(
    'CREATE TABLE made (number integer, leaf bytea, ts_ms bigint, tag bytea, is_concealed boolean, id uuid)',
  );
  // In no order of time, as rows of many persons come: whose they are says nothing of where they lie.
  await database.query(
    `INSERT INTO made (number, leaf, ts_ms, tag, is_concealed, id)
      SELECT number, sha256(number::text::bytea) AS leaf, $1::bigint - 60000 * number::bigint AS ts_ms,
             CASE WHEN number % 250 < 1 THEN $2::bytea WHEN number % 250 < 2 THEN $3::bytea
                  WHEN number % 5 = 3 THEN $2::bytea ELSE sha256((number % 400)::text::bytea) END AS tag,
             number % 250 >= 2 AND number % 5 = 3 AS is_concealed,
             (lpad(to_hex($1::bigint - 60000 * number::bigint), 12, '0') || '7000'
              || '8' || substr(md5(number::text), 1, 15))::uuid AS id
        FROM generate_series(1, $4::integer) AS number`,
    [NOW_MS, WATCHED, PLAIN, SHOWN + CONCEALED + OTHERS],
  );
  await database.query(
    `INSERT INTO exchange (leaf_hash, log_id, idx, exchange_id, ts_ms, consumer, provider, service, endpoint, purpose,
                           legal_basis, parties)
     SELECT leaf, 1, number, id, ts_ms, 'a', 'b', 'b/s', 'GET /', 'p', 'l', '\\x00' FROM made`,
  );
  await database.query(
    `INSERT INTO commitment (log_id, idx, kind, position, statement, exchange, exchange_id, consumer, value, ts_ms, seen_ms,
                             state, ask_ms)
     SELECT 1, number, 0, 0, leaf, leaf, id, 'a', '', ts_ms, 0, CASE WHEN is_concealed THEN 'concealed' ELSE 'indexed' END, 0
       FROM made`,
  );
  await database.query(
    `INSERT INTO subject_access (epoch, tag, ts_ms, log_id, idx, kind, position, exchange, end_user, opening_enc,
                                 concealed_until, hidden_until)
     SELECT $1, tag, ts_ms, 1, number, 0, 0, leaf, 'none', '\\x00', until, until
       FROM (SELECT made.*, CASE WHEN is_concealed THEN $2::bigint END AS until FROM made) AS rows ORDER BY md5(number::text)`,
    [EPOCH, UNTIL_MS],
  );
  await database.query(
    `INSERT INTO concealed_access (log_id, idx, kind, position, leaf_hash, until_ms)
     SELECT 1, number, 0, 0, '\\x00', $1 FROM made WHERE is_concealed`,
    [UNTIL_MS],
  );
});
afterAll(async () => {
  await database.close();
  await place.drop();
});

interface PlanNode {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Index Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
const sum = (nodes: readonly PlanNode[], of: (node: PlanNode) => number | undefined) =>
  nodes.reduce((total, node) => total + Math.round((of(node) ?? 0) * node['Actual Loops']), 0);

function costOf(tag: Buffer, filter: AccessFilter = {}, before?: AccessPlace, nowMs = NOW_MS) {
  const { sql, values } = pageQuery([{ epoch: EPOCH, tag }], filter, before, 51, nowMs);
  return costOfQuery(sql, values);
}

/** What the one query of this that reads the index costs. */
async function costWithin(work: (queries: Queries) => Promise<unknown>) {
  const asked: [sql: string, values: readonly unknown[]][] = [];
  await database.transaction((queries) =>
    work({
      query: (sql: string, values: readonly unknown[] = []) => {
        if (sql.includes('subject_access')) asked.push([sql, values]);
        return queries.query(sql, values);
      },
    } as Queries),
  );
  const [only] = asked;
  if (only === undefined || asked.length > 1) throw new TypeError('not one query');
  return costOfQuery(...only);
}

/** What the database did, and not how long it took: this machine has others on it. */
async function costOfQuery(sql: string, values: readonly unknown[]) {
  const [row] = await database.query<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`,
    values,
  );
  const top = row?.['QUERY PLAN'][0].Plan;
  if (top === undefined) throw new TypeError('no plan');
  const nodes = nodesOf(top);
  return {
    shown: top['Actual Rows'],
    rows: sum(nodes, (node) => node['Actual Rows']),
    removed: sum(
      nodes,
      (node) =>
        (node['Rows Removed by Filter'] ?? 0) +
        (node['Rows Removed by Join Filter'] ?? 0) +
        (node['Rows Removed by Index Recheck'] ?? 0),
    ),
    indexes: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? []))].sort(),
    blocks: top['Shared Hit Blocks'] + top['Shared Read Blocks'],
  };
}

const middle: AccessPlace = { atMs: NOW_MS - 60_000 * 20_000, logId: 1, index: 0, kind: 'subject', position: 0 };

describe.each([false, true])(
  'a page of somebody whom ten thousand concealed accesses concern; analyzed: %s',
  (isAnalyzed) => {
    beforeAll(async () => {
      if (isAnalyzed) await database.query('ANALYZE');
    });

    it.each<[string, AccessFilter, AccessPlace | undefined, number]>([
      ['the first one', {}, undefined, 51],
      ['one in the middle', {}, middle, 51],
      ['one of a period', { fromMs: NOW_MS - 60_000 * 9_000, untilMs: NOW_MS - 60_000 * 3_000 }, undefined, 24],
      ['one of which a filter refuses everything', { service: 'b/none' }, undefined, 0],
    ])('reads what it reads of somebody whom none concerns: %s', async (_, filter, before, shown) => {
      const [watched, plain] = [await costOf(WATCHED, filter, before), await costOf(PLAIN, filter, before)];
      expect(watched.shown).toBe(shown);
      const { blocks, ...same } = watched;
      expect({ ...same, blocks: 0 }).toEqual({ ...plain, blocks: 0 });
      expect(watched.indexes).toContain('subject_access_page');
      // Rows lie where they came to lie.
      expect(Math.abs(blocks - plain.blocks)).toBeLessThanOrEqual(20);
    });

    it('lets a question be asked for the same price', async () => {
      const ask = async (number: number) => {
        const [row] = await database.query<{ leaf: Buffer; tag: Buffer; ts_ms: string }>(
          'SELECT leaf, tag, ts_ms FROM made WHERE number = $1',
          [number],
        );
        if (row === undefined) throw new TypeError('no row');
        const { leaf: exchange, tag } = row;
        const question = {
          ...{ id: newExchangeId(), exchange, epoch: EPOCH, tag, concealedUntilMs: 0, portal: 'p', recipient: 'a' },
          ...{ asked: exchange, askedMs: 0, dueMs: 0, sealed: exchange, accessMs: Number(row.ts_ms) },
        };
        const { rows, removed } = await costWithin((queries) =>
          new QuestionStore(database).add(queries, question, [{ epoch: EPOCH, tag }], 1_000),
        );
        return [tag, rows, removed];
      };
      const [[watched, ...cost], [plain, ...plainCost]] = [await ask(25_000), await ask(25_001)];
      expect([watched, plain]).toEqual([WATCHED, PLAIN]);
      expect(cost).toEqual(plainCost);
    });

    it('says which of some exchanges are shown by the minutes of each, not by what lies between them', async () => {
      const shown = async (tag: Buffer, numbers: readonly number[]) => {
        const named = await database.query<{ id: string }>('SELECT id FROM made WHERE number = ANY($1::integer[])', [
          numbers,
        ]);
        let found: ReadonlySet<string> = new Set();
        const { rows, removed } = await costWithin(async (queries) => {
          const seen = new SeenExchanges(queries as Database, fakeClock(NOW_MS));
          found = await seen.shown(
            [{ epoch: EPOCH, tag }],
            named.map(({ id }) => id),
          );
        });
        return { found: found.size, cost: rows + removed };
      };
      const [watched, plain] = [
        // The fourth is concealed.
        await shown(WATCHED, [250, 25_000, 49_750, 25_003]),
        await shown(PLAIN, [251, 25_001, 49_751]),
      ];
      expect([watched.found, plain.found]).toEqual([3, 3]);
      // Of the concealed ones those of some minutes, in each node of the plan.
      expect(watched.cost).toBeLessThan(plain.cost + 200);
    });
  },
);

describe('the day on which they are shown', () => {
  it('shows them at that instant, in their places, and for the same price once they are released', async () => {
    const store = new AccessHistoryStore(database);
    const key = [{ epoch: EPOCH, tag: WATCHED }];
    const shownAt = async (nowMs: number) =>
      (await store.page(key, {}, undefined, 51, nowMs)).map(({ at }) => at.index);
    expect((await shownAt(UNTIL_MS - 1)).filter((index) => index % 5 === 3)).toEqual([]);
    const first = await shownAt(UNTIL_MS);
    // The newest first, both kinds among each other.
    expect(first).toEqual(first.toSorted((one, other) => one - other));
    expect(first.filter((index) => index % 5 === 3).length).toBeGreaterThan(40);
    const released = new ConcealedAccessStore(database);
    expect(await released.release(UNTIL_MS - 1, 500)).toBe(0);
    let all = 0;
    for (let some = 500; some === 500; all += some) some = await released.release(UNTIL_MS, 500);
    expect(all).toBe(CONCEALED);
    expect(await shownAt(UNTIL_MS)).toEqual(first);
    const { removed, shown } = await costOf(WATCHED, {}, undefined, UNTIL_MS);
    expect([removed, shown]).toEqual([0, 51]);
  });
});
