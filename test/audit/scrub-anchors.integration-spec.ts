import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, type TestDatabase } from '#testing';
import { LogReaderStore } from '../../apps/audit/src/log-reader.store.js';
import { migrations } from '../../apps/audit/src/migrations/index.js';
import { noteCheck } from '../../apps/audit/src/scrub/anchor-check.js';
import type { Finding } from '../../apps/audit/src/scrub/finding.js';
import { Scrub } from '../../apps/audit/src/scrub/scrub.service.js';
import { ScrubStore } from '../../apps/audit/src/scrub/scrub.store.js';
import { LogStore } from '../../apps/audit/src/sequencer/log.store.js';
import { snapshots } from './tampering.js';
import { LOG, writeLog, type WrittenLog } from './written-log.js';

jest.setTimeout(120_000);

let own: TestDatabase;
let database: Database;
let log: WrittenLog;
beforeEach(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'audit', migrations, poolSize: 4 });
  log = await writeLog(database, 300, [0]);
  await publish();
});
afterEach(async () => {
  await database.close();
  await own.drop();
});

afterAll(() => snapshots.close());

const publish = () =>
  database.query(`INSERT INTO log_anchor (log_id, size, kind, source, data)
    SELECT log_id, size, 'note', 'published', convert_to(note, 'UTF8') FROM log_head`);

/** A pass, or what of it is done when `looked` gives it up. */
async function scrubbed(looked: (leaves: number, giveUp: () => void) => void = () => undefined) {
  const findings: Finding[] = [];
  let queries = 0;
  const counting: Database = {
    ...database,
    query: (sql, parameters) => {
      queries += 1;
      return database.query(sql, parameters);
    },
    copy: (select, ...numbers) => {
      queries += 1;
      return database.copy(select, ...numbers);
    },
  };
  const giveUp = new AbortController();
  const scrub = new Scrub({
    logId: LOG,
    store: new ScrubStore(counting, LOG),
    log: new LogStore(database, LOG),
    reader: new LogReaderStore(counting),
    key: log.key,
    anchors: [noteCheck(log.key)],
    snapshots,
    percent: 100,
    found: (finding) => void findings.push(finding),
    looked: (leaves) => looked(leaves, () => giveUp.abort()),
  });
  const { isComplete } = await scrub.pass(giveUp.signal);
  return { findings, queries, isComplete };
}

describe('the scrub of a log with a note for every few leaves', () => {
  it('asks the database no more often than without them, and looks at each', async () => {
    const { queries: before } = await scrubbed();
    for (let at = 0; at < 200; at += 1) {
      await log.append(1 + (at % 5));
      await publish();
    }
    const many = await scrubbed();
    expect(many).toMatchObject({ findings: [], isComplete: true });
    expect(many.queries - before).toBeLessThan(20);
    const sizes = await database.query<{ size: string }>('SELECT size FROM log_anchor ORDER BY size');
    for (const size of [sizes[0], sizes[57], sizes.at(-1)].map((row) => Number(row?.size))) {
      await change(`UPDATE log_anchor SET data = set_byte(data, 50, get_byte(data, 50) # 1) WHERE size = ${size}`);
      expect((await scrubbed()).findings).toEqual([{ problem: 'anchor', place: `note ${size}` }]);
      await change(`UPDATE log_anchor SET data = set_byte(data, 50, get_byte(data, 50) # 1) WHERE size = ${size}`);
    }
  });

  it('goes on with the tree where it was interrupted, and begins again where it has no edge to go on from', async () => {
    await log.append(5_700);
    await publish();
    let seen = 0;
    const part = await scrubbed((leaves, giveUp) => {
      seen += leaves;
      if (seen >= 600) giveUp();
    });
    expect([part.isComplete, (await new ScrubStore(database, LOG).place()).position]).toEqual([false, 16]);
    expect(await scrubbed()).toMatchObject({ findings: [], isComplete: true });
    await scrubbed((_, giveUp) => giveUp());
    await change('DELETE FROM log_tile WHERE idx = 2');
    seen = 0;
    const { findings } = await scrubbed((leaves) => (seen += leaves));
    expect([seen, findings]).toEqual([6_000, expect.arrayContaining([{ problem: 'tile-missing', place: '0/2' }])]);
  });

  it('tells once where the leaves are no more what was published', async () => {
    for (let at = 0; at < 20; at += 1) {
      await log.append(10);
      await publish();
    }
    await change(`UPDATE log_leaf SET leaf_hash = sha256('x') WHERE idx = 350`);
    const { findings } = await scrubbed();
    expect(findings.filter(({ problem }) => problem === 'anchor')).toEqual([{ problem: 'anchor', place: 'note 360' }]);
  });
});

it('the anchors that cover a leaf are found without looking at all the notes', async () => {
  await database.query(
    `INSERT INTO log_anchor (log_id, size, kind, source, data)
     SELECT ${LOG}, n, 'note', 'published', '\\x00'::bytea FROM generate_series(1000, 60000) AS n
      UNION ALL SELECT ${LOG}, n, 'cosignature', 'w', '\\x01'::bytea FROM (VALUES (40000), (30000)) AS two (n)`,
  );
  await database.query('ANALYZE log_anchor');
  const reader = new LogReaderStore(database);
  const covering = async (least: number) =>
    (await reader.anchorsCovering(LOG, least)).map(({ size, kind }) => [size, kind]);
  expect(await covering(2_000)).toEqual([
    [30_000, 'cosignature'],
    [30_000, 'note'],
  ]);
  await database.query(`INSERT INTO log_anchor VALUES (${LOG}, 50000, 'timestamp', 'tsa', '\\x02')`);
  expect(await covering(2_000)).toEqual([
    [50_000, 'note'],
    [50_000, 'timestamp'],
  ]);
  expect(await covering(50_001)).toEqual([]);
  const read = await rowsRead(2_000);
  expect([read > 0, read < 100]).toEqual([true, true]);
});

interface Plan {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

/** Rows that PostgreSQL takes in hand for that, in all steps, by its own count. */
async function rowsRead(least: number): Promise<number> {
  const rowsOf = (plan: Plan): number =>
    (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'] +
    (plan.Plans ?? []).reduce((sum, below) => sum + rowsOf(below), 0);
  let rows = 0;
  const explaining: Database['query'] = async (sql, parameters) => {
    const [row] = await database.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      parameters,
    );
    rows = row?.['QUERY PLAN'].reduce((sum, { Plan }) => sum + rowsOf(Plan), 0) ?? 0;
    return [];
  };
  await new LogReaderStore({ ...database, query: explaining }).anchorsCovering(LOG, least);
  return rows;
}

async function change(sql: string): Promise<void> {
  await database.transaction(async (queries) => {
    await queries.query('SET LOCAL session_replication_role = replica');
    await queries.query(sql);
  });
}
