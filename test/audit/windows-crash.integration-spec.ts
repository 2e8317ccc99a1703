import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { silentLogger, type RunningApp } from '#platform';
import { openDatabase, postgresErrors, type Database } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { ed25519Seed, leafHash, noteSigner, parseVkey, type NoteKey } from '#tlog';
import { migrations } from '../../apps/audit/src/migrations/index.js';
import { LogStore, type Append, type NewLeaf, type Opening } from '../../apps/audit/src/sequencer/log.store.js';
import { Sequencer, type SequencedLog } from '../../apps/audit/src/sequencer/sequencer.service.js';
import type { AuditNetwork } from './audit-network.js';
import { askForRotation, networkOfWindows, newestWindow, standings, WINDOWS } from './windows-lab.js';

jest.setTimeout(120_000);

let own: TestDatabase;
let database: Database;
const keys = WINDOWS.map((origin) => {
  const { publicKey, sign } = ed25519Seed(randomBytes(32));
  const signer = noteSigner(origin, publicKey, sign);
  const key = parseVkey(signer.vkey);
  return { signer, key: (key.ok ? key.value : undefined) as NoteKey };
});

type Fault = 'before' | 'after' | 'after-and-fenced';

/** A store whose next write fails as told, before or after it took effect; then the head is not to be had for a while. */
class FaultyStore extends LogStore {
  appending: Fault | undefined;
  opening: Fault | undefined;
  deafHeads = 0;

  override async append(append: Append, ...rest: []): Promise<boolean> {
    const { appending } = this;
    this.appending = undefined;
    return this.faulty(appending, () => super.append(append, ...rest));
  }

  override async open(opening: Opening): Promise<boolean> {
    const fault = this.opening;
    this.opening = undefined;
    return this.faulty(fault, () => super.open(opening));
  }

  override async head(settled?: boolean) {
    return this.deaf(() => super.head(settled));
  }

  override async headIfAny() {
    return this.deaf(() => super.headIfAny());
  }

  private async faulty(fault: Fault | undefined, work: () => Promise<boolean>): Promise<boolean> {
    if (fault === undefined) return work();
    if (fault !== 'before') await work();
    if (fault === 'after-and-fenced') await this.claim(0);
    throw postgresErrors.error('database-unavailable');
  }

  private async deaf<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    if (this.deafHeads === 0) return work();
    this.deafHeads -= 1;
    throw postgresErrors.error('database-unavailable');
  }
}

const logAt = (logId: number, store = new LogStore(database, logId)): SequencedLog => ({
  store,
  ...(keys[logId - 1] as (typeof keys)[number]),
  compare: () => Promise.resolve(),
});
const newest = async () => {
  const rows = await database.query<{ log_id: number | null }>('SELECT max(log_id) AS log_id FROM log_head');
  return logAt(rows[0]?.log_id ?? 1);
};
const sequencerOn = (log: SequencedLog = logAt(1), follow: () => Promise<SequencedLog> = newest) =>
  new Sequencer({ ...log, newest: follow, logger: silentLogger(), topic: 'audit.stamp.0' });
/** Takes the log from whoever has it. */
const takeOver = async (by: Sequencer) => {
  expect(await by.claim(0)).toBe(true);
  return by.takeOver();
};
const leaves = (first: number, count: number): NewLeaf[] =>
  Array.from({ length: count }, (_, at) => {
    const body = Buffer.from(`statement ${randomBytes(8).toString('hex')}`);
    const index = first + at;
    const xid = randomBytes(16);
    return { xid, slot: '-', signer: 'TEST/x', leafHash: leafHash(body), body, index, offset: BigInt(index) };
  });
const rows = async () =>
  database.query<{ log_id: number; n: number }>(
    'SELECT log_id, count(*)::int AS n FROM log_leaf GROUP BY log_id ORDER BY log_id',
  );

describe('a sequencer at the border', () => {
  let store: FaultyStore;
  let sequencer: Sequencer;
  beforeEach(async () => {
    own = await createDatabase({
      name: 'audit',
      prepare: async (url) => (await openDatabase({ url, schema: 'audit', migrations, poolSize: 1 })).close(),
    });
    database = await openDatabase({ url: own.url, schema: 'audit', migrations, poolSize: 4 });
    store = new FaultyStore(database, 1);
    sequencer = sequencerOn(logAt(1, store), () => Promise.resolve(logAt(1, store)));
    await sequencer.prepare();
    await takeOver(sequencer);
    await sequencer.append(leaves(0, 3), [], 3n);
  });
  afterEach(async () => {
    await database.close();
    await own.drop();
  });
  const close = () => sequencer.append(leaves(3, 2), [], 5n, true);
  const prepare = () => database.query('SELECT make_leaf_partition(2)');

  it('appends nothing to a closed log, and opens its successor at its offset', async () => {
    await close();
    await expect(sequencer.append(leaves(5, 1), [], 6n)).rejects.toMatchObject({ code: 'log-closed' });
    const head = { ...sequencer.head, size: 6, isClosed: false };
    const forced = { oldSize: 5, head, leaves: leaves(5, 1), tiles: [], manifests: [] };
    expect(await new LogStore(database, 1).append(forced)).toBe(false);
    await prepare();
    await sequencer.open(logAt(2), leaves(0, 2), []);
    expect(sequencer.head).toMatchObject({ origin: WINDOWS[1], size: 2, nextOffset: 5n, isClosed: false });
    await sequencer.append(leaves(2, 300), [], 305n);
    expect(await rows()).toEqual([
      { log_id: 1, n: 5 },
      { log_id: 2, n: 302 },
    ]);
    const later = sequencerOn();
    await later.prepare();
    expect(await takeOver(later)).toMatchObject({ origin: WINDOWS[1], size: 302, nextOffset: 305n });
  });

  it('opens nothing while its log is open', async () => {
    await prepare();
    await expect(sequencer.open(logAt(2), leaves(0, 2), [])).rejects.toMatchObject({ code: 'log-fenced' });
    expect(await rows()).toEqual([{ log_id: 1, n: 3 }]);
  });

  it.each([
    ['failed', 'before' as const, 3],
    ['worked, but said that it failed', 'after' as const, 5],
  ])('closes once, if the commit %s', async (_what, fault, size) => {
    store.appending = fault;
    store.deafHeads = 2;
    const outcome = await close().catch((cause: unknown) => cause);
    expect(await rows()).toEqual([{ log_id: 1, n: size }]);
    if (fault === 'before') {
      expect(outcome).toMatchObject({ code: 'database-unavailable' });
      await close();
    }
    expect(sequencer.head).toMatchObject({ size: 5, isClosed: true });
    expect((await takeOver(sequencerOn())).isClosed).toBe(true);
  });

  describe('whose log is closed', () => {
    let next: FaultyStore;
    beforeEach(async () => {
      await close();
      await prepare();
      next = new FaultyStore(database, 2);
    });

    it('opens the successor, if the commit failed and it is done again', async () => {
      next.opening = 'before';
      next.deafHeads = 1;
      const open = () => sequencer.open(logAt(2, next), leaves(0, 2), []);
      await expect(open()).rejects.toMatchObject({ code: 'database-unavailable' });
      expect(sequencer.head.isClosed).toBe(true);
      await open();
      expect(sequencer.head).toMatchObject({ origin: WINDOWS[1], size: 2 });
    });

    it('opens it once, if the commit worked, but said that it failed', async () => {
      next.opening = 'after';
      next.deafHeads = 2;
      await sequencer.open(logAt(2, next), leaves(0, 2), []);
      await sequencer.append(leaves(2, 1), [], 6n);
      expect(await rows()).toEqual([
        { log_id: 1, n: 5 },
        { log_id: 2, n: 3 },
      ]);
    });

    it('is fenced, if another has taken the successor over meanwhile', async () => {
      next.opening = 'after-and-fenced';
      const open = sequencer.open(logAt(2, next), leaves(0, 2), []);
      await expect(open).rejects.toMatchObject({ code: 'log-fenced' });
      expect(sequencer.isOwner).toBe(false);
    });

    it('finishes what one that died had closed; of two that try, the later owner does', async () => {
      const young = sequencerOn();
      await young.prepare();
      expect(await takeOver(young)).toMatchObject({ isClosed: true, nextOffset: 5n });
      await expect(sequencer.open(logAt(2), leaves(0, 2), [])).rejects.toMatchObject({ code: 'log-fenced' });
      await young.open(logAt(2), leaves(0, 2), []);
      expect(young.head).toMatchObject({ origin: WINDOWS[1], size: 2 });
    });

    it('finds that another has opened it, and takes that over', async () => {
      // It looked for the newest window before the other opened one.
      const late = sequencerOn(logAt(1), () => Promise.resolve(logAt(1)));
      await sequencer.open(logAt(2), leaves(0, 2), []);
      expect((await takeOver(late)).isClosed).toBe(true);
      await expect(late.open(logAt(2), leaves(0, 2), [])).rejects.toMatchObject({ code: 'log-fenced' });
      const again = sequencerOn();
      expect(await takeOver(again)).toMatchObject({ origin: WINDOWS[1], size: 2 });
      await expect(sequencer.append(leaves(2, 1), [], 6n)).rejects.toMatchObject({ code: 'log-fenced' });
    });
  });
});

describe('audit, killed between the last leaf of one window and the first of the next', () => {
  let network: AuditNetwork;
  let app: RunningApp;
  beforeAll(async () => {
    network = await networkOfWindows();
    app = await network.start({ rotationIntervalMs: 50 });
    await network.enact(network.world);
    await network.database.query(`
      CREATE FUNCTION audit.stumble() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'stumbles' USING ERRCODE = 'io_error'; END $$`);
  });
  afterAll(() => network.close());
  const stumbleAt = (when: string) =>
    network.database.query(
      `CREATE TRIGGER stumbles ${when} ON audit.log_head FOR EACH ROW EXECUTE FUNCTION audit.stumble()`,
    );
  /** Steps at which the database refuses, and what the log is like then. */
  const steps = [
    ['the closing', 'BEFORE UPDATE OF final_size', 'closed IS NULL'],
    ['the opening', 'BEFORE INSERT', 'closed IS NOT NULL'],
  ] as const;

  it.each(steps)('at %s, loses nothing and doubles nothing', async (_what, when, state) => {
    const from = await newestWindow(network);
    const before = await Promise.all(Array.from({ length: 20 }, () => network.requested()));
    await network.stamp(before);
    await eventually(() => before.every(({ leafHash }) => network.receiptOf(leafHash)?.isProven));
    await stumbleAt(when);
    await askForRotation(network, from);
    if (state === 'closed IS NOT NULL')
      await eventually(
        async () =>
          (await network.database.query(`SELECT FROM audit.log_head WHERE log_id = $1 AND ${state}`, [from])).length >
          0,
      );
    const during = await Promise.all(Array.from({ length: 20 }, () => network.requested()));
    await network.stamp([...during, ...before]);
    await app.close();
    await network.database.query('DROP TRIGGER stumbles ON audit.log_head');
    expect(await newestWindow(network)).toBe(from);
    app = await network.start({ rotationIntervalMs: 50 });
    await eventually(() => during.every(({ leafHash }) => network.receiptOf(leafHash)?.isProven), {
      timeoutMs: 60_000,
    });
    await eventually(async () => (await newestWindow(network)) === from + 1);
    expect(new Set(await standings(network, [...before, ...during]))).toEqual(new Set([1]));
  });

  it('goes on in the old window, loudly, while the successor has no key', async () => {
    // The third window was the last that has one.
    expect(await newestWindow(network)).toBe(3);
    await askForRotation(network, 3);
    await eventually(async () => {
      const status = (await (await fetch(`${app.url}/status`)).json()) as { parts: { part: string; state: string }[] };
      return status.parts.find(({ part }) => part === 'rotation')?.state === 'degraded';
    });
    expect(await network.stampAndWait(await network.requested())).toMatchObject({ isProven: true, origin: WINDOWS[2] });
    expect(await newestWindow(network)).toBe(3);
  });
});
