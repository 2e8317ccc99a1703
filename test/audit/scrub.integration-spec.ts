import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '#kernel';
import { AppMetrics, silentLogger } from '#platform';
import { openDatabase, postgresErrors, type Database } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { LogReaderStore } from '../../apps/audit/src/log-reader.store.js';
import { migrations } from '../../apps/audit/src/migrations/index.js';
import { scrubMetrics } from '../../apps/audit/src/scrub/scrub-metrics.service.js';
import { Scrub } from '../../apps/audit/src/scrub/scrub.service.js';
import { ScrubStore } from '../../apps/audit/src/scrub/scrub.store.js';
import { ScrubWorker } from '../../apps/audit/src/scrub/scrub.worker.js';
import { LogStore } from '../../apps/audit/src/sequencer/log.store.js';
import { Sequencer } from '../../apps/audit/src/sequencer/sequencer.service.js';
import { snapshots, tamper } from './tampering.js';
import { LOG, writeLog, type WrittenLog } from './written-log.js';

jest.setTimeout(120_000);

let own: TestDatabase;
let database: Database;
let log: WrittenLog;
const workers: ScrubWorker[] = [];

async function open(size: number): Promise<void> {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'audit', migrations, poolSize: 4 });
  log = await writeLog(database, size, [0]);
}

const parts = (store = new ScrubStore(database, LOG)) => ({
  logId: LOG,
  store,
  log: new LogStore(database, LOG),
  reader: new LogReaderStore(database),
  key: log.key,
  anchors: [],
  snapshots,
  percent: 100,
});

function startWorker(store?: ScrubStore, isOwner = () => log.sequencer.isOwner): ScrubWorker {
  const worker = new ScrubWorker({
    ...parts(store),
    intervalMs: 100,
    isOwner,
    condemn: ({ problem }) => log.sequencer.condemn(problem),
    metrics: scrubMetrics.on(new AppMetrics('audit')),
    clock: systemClock,
    logger: silentLogger(),
  });
  workers.push(worker);
  worker.start();
  return worker;
}

const standby = () =>
  new Sequencer({
    store: new LogStore(database, LOG),
    signer: log.signer,
    key: log.key,
    logger: silentLogger(),
    topic: 'audit.stamp.0',
    compare: () => Promise.resolve(),
  });

/** As the lease would have it. */
async function takeOver(sequencer: Sequencer) {
  await sequencer.claim(0);
  return sequencer.takeOver();
}

async function damage(sql: string): Promise<void> {
  await database.transaction(async (queries) => {
    await queries.query('SET LOCAL session_replication_role = replica');
    await queries.query(sql);
  });
}

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await database.close();
  await own.drop();
});

afterAll(() => snapshots.close());

describe('a scrub', () => {
  beforeEach(() => open(3_000));

  it('goes on where it was interrupted, and begins again when it has seen everything', async () => {
    await log.append(3_000);
    const store = new ScrubStore(database, LOG);
    const giveUp = new AbortController();
    const found: unknown[] = [];
    let looked = 0;
    const scrub = new Scrub({
      ...parts(),
      found: (finding) => void found.push(finding),
      looked: (leaves) => {
        looked += leaves;
        if (looked >= 512) giveUp.abort();
      },
    });
    expect(await scrub.pass(giveUp.signal)).toMatchObject({ isComplete: false });
    expect(await store.place()).toEqual({ part: 'leaves', position: 16, passes: 0 });
    expect(await scrub.pass(new AbortController().signal)).toEqual({
      leaves: 6_000 - 4_096,
      findings: 0,
      isComplete: true,
    });
    expect(await store.place()).toEqual({ part: 'leaves', position: 0, passes: 1 });
    expect(await scrub.pass(new AbortController().signal)).toMatchObject({ leaves: 6_000 });
    expect(found).toEqual([]);
  });

  it('reads every byte of a body as it is stored, whatever it is', async () => {
    const body = Buffer.concat([Buffer.from('\\\\000\\'), Buffer.from(Array.from({ length: 256 }, (_, n) => n))]);
    await damage(`UPDATE log_leaf SET body = '\\x${body.toString('hex')}' WHERE idx = 0`);
    const [tile] = await new ScrubStore(database, LOG).leafTiles(0, 1, 3_000);
    expect(tile?.rows[0]?.body).toEqual(body);
  });

  it('finds nothing in a log that grows meanwhile', async () => {
    const found: unknown[] = [];
    const scrub = new Scrub({ ...parts(), found: (finding) => void found.push(finding) });
    const passes = scrub.pass(new AbortController().signal);
    for (let turn = 0; turn < 40; turn += 1) await log.append(17);
    await passes;
    await scrub.pass(new AbortController().signal);
    expect(found).toEqual([]);
  });

  it('ends the stamping here and in every other process, until a human has taken the finding away', async () => {
    const worker = startWorker();
    await eventually(async () => (await worker.part.read()).details?.['lastPass'] !== undefined);
    expect(await worker.part.read()).toMatchObject({ state: 'ok', details: { findings: 0, leaves: 3_000 } });
    await log.append(5);
    await damage(`UPDATE log_leaf SET slot = 'p1' WHERE idx = 16`);
    await eventually(() => !log.sequencer.isOwner, { timeoutMs: 20_000 });
    await expect(log.append(1)).rejects.toMatchObject({ code: 'log-not-owned' });
    await expect(takeOver(log.sequencer)).rejects.toMatchObject({ code: 'log-damaged' });
    expect(await worker.part.read()).toMatchObject({
      state: 'degraded',
      reason: 'the stored log is damaged: leaf-columns 16',
    });
    await eventually(async () => (await database.query('SELECT FROM scrub_finding')).length === 1);
    await expect(takeOver(standby())).rejects.toMatchObject({ code: 'log-damaged' });
    // A process that was started since and owns nothing says why.
    const idle = startWorker(undefined, () => false);
    await eventually(async () => (await idle.part.read()).reason === 'the stored log is damaged: leaf-columns 16');
    await damage(`UPDATE log_leaf SET slot = 'c0' WHERE idx = 16`);
    await database.query('DELETE FROM scrub_finding');
    await expect(takeOver(standby())).resolves.toMatchObject({ size: 3_005 });
  });

  it.each(['no effect', 'effect but error'])('ends the stamping also if its finding is kept with %s', async (how) => {
    class Faulty extends ScrubStore {
      override async keep(finding: Parameters<ScrubStore['keep']>[0]): Promise<void> {
        if (how === 'effect but error') await super.keep(finding);
        throw postgresErrors.error('database-unavailable');
      }
    }
    await damage('DELETE FROM log_tile WHERE idx = 3');
    const worker = startWorker(new Faulty(database, LOG));
    await eventually(async () => (await worker.part.read()).state === 'degraded');
    expect(log.sequencer.isOwner).toBe(false);
    await expect(takeOver(log.sequencer)).rejects.toMatchObject({ code: 'log-damaged' });
  });

  it('says that it could not be ended while the database is away, and goes on when it is back', async () => {
    let isAway = true;
    class Absent extends ScrubStore {
      override surplus() {
        return isAway ? Promise.reject(postgresErrors.error('database-unavailable')) : super.surplus();
      }
    }
    const worker = startWorker(new Absent(database, LOG));
    await eventually(async () => (await worker.part.read()).reason === 'the last pass could not be ended');
    expect(log.sequencer.isOwner).toBe(true);
    isAway = false;
    await eventually(async () => (await worker.part.read()).state === 'ok', { timeoutMs: 30_000 });
  });
});

describe('a scrub of a log with tiles above tiles', () => {
  it('finds what is changed in them', async () => {
    await open(65_536 + 300);
    const flip = (column: string, at: number) =>
      `${column} = set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 1)`;
    const mutations: [string, object][] = [
      [`UPDATE log_tile SET ${flip('data', 0)} WHERE lvl = 1`, { problem: 'tile-data', place: '1/0' }],
      [`UPDATE log_tile SET ${flip('data', 8_191)} WHERE lvl = 1`, { problem: 'tile-data', place: '1/0' }],
      [`UPDATE log_tile SET ${flip('root', 31)} WHERE lvl = 1`, { problem: 'tile-root', place: '1/0' }],
      [`DELETE FROM log_tile WHERE lvl = 1`, { problem: 'tile-missing', place: '1/0' }],
      [`UPDATE log_tile SET lvl = 2 WHERE lvl = 1`, { problem: 'tile-surplus', place: 'outside the head' }],
      [`UPDATE log_tile SET ${flip('root', 0)} WHERE lvl = 0 AND idx = 9`, { problem: 'tile-root', place: '0/9' }],
    ];
    expect(await tamper(database, log.key, [])).toEqual({ start: false, findings: [] });
    for (const [sql, finding] of mutations) {
      const { findings } = await tamper(database, log.key, [sql]);
      expect(findings).toContainEqual(finding);
    }
  }, 300_000);
});
