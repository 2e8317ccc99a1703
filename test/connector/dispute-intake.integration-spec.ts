import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bus } from '#bus';
import { CASE_KINDS } from '#deliveries';
import type { RunningApp } from '#platform';
import { openDatabase, type Database } from '#postgres';
import { eventually } from '#testing';
import { ConnectorNetwork, PROVIDER, SERVICE } from './connector-network.js';
import { Disputing, withElements } from './disputing.js';
import type { Mischief } from './evil-gateway.js';

/** Its answers hold nothing that could be disputed. */
const CLAIM: Mischief = {
  ...{ method: 'POST', target: `/r1/${SERVICE}/claims`, body: Buffer.from('{"pin":"TEST000001"}') },
  ...{ headers: [['Content-Type', 'application/json']], payload: { ep: 'POST /claims' } },
};
const PARCEL: Mischief = {
  ...{ target: `/r1/${SERVICE}/parcels/7`, subject: undefined, payload: { ep: 'GET /parcels/{id}' } },
};
const MARK = 'address;since=2026-11-27';
/** What whoever changes a flag locks first. */
const CHANGE_LOCK = 7_362_415;

let network: ConnectorNetwork;
let database: Database;
let scene: Disputing;
let app: RunningApp;
beforeAll(async () => {
  network = await ConnectorNetwork.create(withElements);
  scene = new Disputing(network, () => app);
  app = await network.start();
  await app.close();
  database = await openDatabase({ url: network.databaseUrl, schema: 'connector', migrations: [], poolSize: 2 });
}, 60_000);
afterAll(async () => {
  await database.close();
  await network.close();
});
beforeEach(() => scene.answering({ address: 'somewhere', area: 7, owner: 'TEST000001' }));
afterEach(() => app.close());

/** The database refuses such rows of the table until the answer is called. */
async function refusing(table: string, condition: string): Promise<() => Promise<void>> {
  await database.query(`CREATE FUNCTION refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF ${condition} THEN RAISE EXCEPTION 'refused by the spec'; END IF; RETURN NEW; END $$`);
  await database.query(`CREATE TRIGGER refuse_${table} BEFORE INSERT OR UPDATE ON ${table}
    FOR EACH ROW EXECUTE FUNCTION refuse_${table}()`);
  return async () => {
    await database.query(`DROP FUNCTION refuse_${table} CASCADE`);
  };
}

const told = () => scene.delivered(CASE_KINDS.told, { any: 'thing' });
const notices = (state: string) => scene.metric(`kerege_connector_notices_number{state="${state}"`);

/** Takes the flags away again, so that the next spec begins with none. */
async function lifted(...flags: readonly (readonly [element: string, flag: string])[]): Promise<void> {
  await scene.send(
    ...(await Promise.all(flags.map(([element, flag]) => scene.flagged(element, { flag, isOn: false })))),
  );
  await scene.held(0);
}

describe('a flag passes', () => {
  it('a notice that the agency refuses again and again', async () => {
    const refused: unknown[] = [];
    network.agency.answer = ({ target, headers }, response) => {
      if (target.startsWith('/notices')) refused.push(headers['kerege-notice-id']);
      response.writeHead(target.startsWith('/notices') ? 500 : 200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ address: 'somewhere' }));
    };
    const hook = { notices: [`${PROVIDER}=${network.agency.url}/notices`], noticeRetryMs: 1, noticeAttempts: 1_000 };
    app = await network.start({ ...hook, noticeLongestRetryMs: 20 });
    await scene.send(await told());
    await eventually(() => refused.length > 2, { timeoutMs: 15_000 });
    await scene.send(await scene.flagged('address'));
    await scene.held(1);
    expect((await scene.asked()).marks).toEqual([MARK]);
    const before = refused.length;
    await eventually(() => refused.length > before, { timeoutMs: 15_000 });
    expect(new Set(refused).size).toBe(1);
    await lifted(['address', 'flag-address']);
  });

  it('a notice that the database refuses, of the same batch, which comes again until it is taken', async () => {
    app = await network.start();
    const before = await notices('waiting');
    const accept = await refusing('taken_delivery', 'true');
    await scene.send(await told(), await scene.flagged('address'), await told());
    await scene.held(1);
    expect((await scene.asked()).marks).toEqual([MARK]);
    expect(await notices('waiting')).toBe(before);
    await accept();
    await eventually(async () => (await notices('waiting')) === before + 2, { timeoutMs: 20_000 });
    await lifted(['address', 'flag-address']);
  });

  it('a flag that the database refuses, and a malformed one', async () => {
    app = await network.start();
    const accept = await refusing('dispute', `NEW.flag = 'poison'`);
    const dead = network.dead.length;
    await scene.send(
      await scene.flagged('income', { flag: 'poison' }),
      await scene.flagged('address', { flag: 'malformed', subject: 'TEST000001' }),
      Buffer.from('no delivery'),
      await scene.flagged('address'),
    );
    await scene.held(1);
    expect((await scene.asked()).marks).toEqual([MARK]);
    await eventually(() => network.dead.length === dead + 2, { timeoutMs: 15_000 });
    // What came and cannot be written down is shown.
    await eventually(async () => JSON.stringify(await scene.part()).includes('cannot be written down'), {
      timeoutMs: 15_000,
    });
    expect(await scene.part()).toMatchObject({ state: 'degraded', details: { flags: 1, waiting: 1 } });
    await accept();
    await scene.held(2);
    await eventually(async () => JSON.stringify(await scene.part()).includes('"waiting":0'), { timeoutMs: 15_000 });
    await lifted(['income', 'poison'], ['address', 'flag-address']);
  });
});

/** No flag can be changed until the answer is called. */
async function lockedFlags(): Promise<() => Promise<void>> {
  const [locked, freed] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const holding = database.transaction(async (queries) => {
    await queries.query('SELECT pg_advisory_xact_lock($1)', [CHANGE_LOCK]);
    locked.resolve(undefined);
    await freed.promise;
  });
  await locked.promise;
  return async () => {
    freed.resolve(undefined);
    await holding;
  };
}

/** The broker hands over no record to whoever takes flags, until it is opened. */
function heldUp(bus: Bus): { readonly bus: Bus; readonly open: () => void } {
  const gate = Promise.withResolvers<undefined>();
  const subscribe: Bus['subscribe'] = (options) =>
    !('each' in options) || !options.group.includes('.flags.')
      ? bus.subscribe(options)
      : bus.subscribe({ ...options, each: async (record) => (await gate.promise, options.each(record)) });
  return { bus: { ...bus, subscribe }, open: () => gate.resolve(undefined) };
}

/** Asked while a flag lies on the topic that is not read. */
async function closedMeanwhile(): Promise<void> {
  for (const mischief of [{}, PARCEL])
    expect((await scene.asked(mischief)).payload).toMatchObject({
      t: 'exchange.failed',
      why: 'journal-unavailable',
    });
  expect(network.agency.calls).toEqual([]);
  expect((await scene.asked(CLAIM)).payload).toMatchObject({ t: 'exchange.answered', st: 200 });
  expect((await fetch(`${app.url}/ready`)).status).toBe(503);
  expect(await scene.part()).toMatchObject({ state: 'down', reason: expect.stringContaining('1 records are unread') });
}

describe('a flag that lies unread on the topic when a connector starts', () => {
  beforeEach(() => void network.agency.calls.splice(0));

  it('closes what may need it while it cannot be written, and nothing else', async () => {
    await scene.send(await scene.flagged('address'));
    const free = await lockedFlags();
    app = await network.startUnready();
    await eventually(async () => JSON.stringify(await scene.part()).includes('1 records'), { timeoutMs: 15_000 });
    await closedMeanwhile();
    await free();
    await scene.held(1);
    expect(await scene.asked()).toMatchObject({ marks: [MARK], payload: { t: 'exchange.answered', n: 1 } });
    expect((await fetch(`${app.url}/ready`)).status).toBe(200);
    await lifted(['address', 'flag-address']);
  });

  it('closes it while the record does not come, and a request that waited for it is answered with the flag', async () => {
    await scene.send(await scene.flagged('address'));
    const { bus, open } = heldUp(network.bus);
    app = await network.startUnready({}, undefined, bus);
    await eventually(async () => JSON.stringify(await scene.part()).includes('1 records'), { timeoutMs: 15_000 });
    await closedMeanwhile();
    const waiting = scene.asked();
    open();
    const { marks, payload } = await waiting;
    // The machine may be so slow that it was over its time; never without the flag.
    if (payload.t === 'exchange.answered') expect(marks).toEqual([MARK]);
    else expect(payload).toMatchObject({ t: 'exchange.failed', why: 'journal-unavailable' });
    await scene.held(1);
    expect((await scene.asked()).marks).toEqual([MARK]);
    await lifted(['address', 'flag-address']);
  });
});

const revs = async () => (await database.query<{ rev: string }>('SELECT max(rev)::text AS rev FROM dispute'))[0]?.rev;
const cursor = async () => {
  const [row] = await database.query<{ next: string }>(
    'SELECT next_offset::text AS next FROM dispute_cursor WHERE topic = $1 AND partition = 0',
    [scene.topic],
  );
  return BigInt(row?.next ?? 0);
};

it('flags that were taken and whose cursor was never written come again, and change nothing', async () => {
  app = await network.start();
  await eventually(async () => (await cursor()) === (await network.bus.endOffset(scene.topic, 0)), {
    timeoutMs: 15_000,
  });
  const before = await cursor();
  // As after a crash in between: neither the next second nor the orderly end writes it.
  const accept = await refusing('dispute_cursor', 'true');
  await scene.send(
    await scene.flagged('address'),
    await scene.flagged('income', { flag: 'over' }),
    await scene.flagged('income', { flag: 'over', isOn: false }),
    await scene.flagged('area'),
  );
  await eventually(async () => (await scene.heldBy(app)) === 2, { timeoutMs: 15_000 });
  await app.close();
  await accept();
  expect(await cursor()).toBe(before);
  const rev = await revs();
  app = await network.start();
  expect(await scene.heldBy(app)).toBe(2);
  expect((await scene.asked()).marks).toEqual([MARK]);
  expect(await revs()).toBe(rev);
  await eventually(async () => (await cursor()) === (await network.bus.endOffset(scene.topic, 0)), {
    timeoutMs: 15_000,
  });
  await lifted(['address', 'flag-address'], ['area', 'flag-area']);
});
