import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CASE_KINDS, deliveryRecord, sealDelivery, type DisputeContent } from '#deliveries';
import { newExchangeId, type SubsystemId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { generateSealingKey, KeyRing, publicJwk, startSession, type PrivateJwk } from '#signing';
import { buildWorld, createDatabase, fakeClock, type World } from '#testing';
import { connectorMigrations } from '../migrations/index.js';
import { DisputeStore } from './dispute.store.js';
import { Disputes } from './disputes.service.js';
import { Resealing } from './resealing.service.js';

const TO = 'TEST/GOV/1001/population' as SubsystemId;
const OTHER = 'TEST/GOV/1003/benefits' as SubsystemId;
const NOW = Date.parse('2026-11-27T12:00:00Z');

let world: World;
let database: Database;
let drop: () => Promise<void>;
const store = new DisputeStore();
const older = generateSealingKey();
beforeAll(async () => {
  world = await buildWorld();
  const created = await createDatabase();
  drop = () => created.drop();
  const [schema, migrations] = ['connector', connectorMigrations];
  database = await openDatabase({ url: created.url, schema, migrations, poolSize: 4 });
}, 60_000);
afterAll(async () => {
  await database.close();
  await drop();
});
beforeEach(() => database.query('DELETE FROM dispute'));

const ring = (...sealing: PrivateJwk[]) =>
  KeyRing.parse([[TO, JSON.stringify({ keys: [world.keysOf(TO).sign, ...sealing] })]]);

async function take(flag: string, isOn: boolean, atMs: number, { key = older, subsystem = TO } = {}): Promise<void> {
  const at = new Date(atMs).toISOString();
  const content: DisputeContent = {
    ...{ flag, subject: 'TEST/PIN/TEST000001', element: 'address', isOn, option: 'FLAG', exemptPurposes: [] },
    ...{ since: at, at },
  };
  const session = await startSession({ recipient: TO, kid: key.kid, publicJwk: publicJwk(key) });
  const head = { id: newExchangeId(), kind: CASE_KINDS.dispute, to: TO };
  const value = sealDelivery(head, content, session);
  const record = deliveryRecord({ ...head, recipient: TO, value, madeMs: atMs, attempt: 1 });
  await database.transaction((queries) => store.take(queries, [{ subsystem, flag, atMs, isOn, value: record }]));
}

const feedSilentSince = (silentSince: number | undefined) => ({
  ...{ isCaughtUp: () => true, backlog: () => 0, silentSince: () => silentSince },
  sizes: { waiting: 0, sinceMs: undefined },
});
/** No feedback to ask. */
const nobody = {
  ...{ isServed: false, heardMs: undefined, silentSince: () => undefined, behindSince: () => undefined },
  owed: () => ({ waiting: 0, sinceMs: undefined }),
};

/** What a connector holds that starts now, and the names of those that it could not open. */
async function held(keys: KeyRing, silentSince?: number) {
  const unreadable: string[] = [];
  const failed = (what: string, cause: unknown) => {
    throw new TypeError(what, { cause });
  };
  const disputes = new Disputes({
    ...{ database, keys, subsystems: [TO], clock: fakeClock(NOW), keepMs: 1_000, failed, answered: () => undefined },
    registry: { current: () => undefined },
    ...{ store, feed: feedSilentSince(silentSince), feedback: nobody },
    unreadable: ({ flag }) => void unreadable.push(flag),
  });
  await disputes.start();
  await disputes.stop();
  return {
    ...disputes.sizes,
    unreadable,
    state: disputes.reading().state,
    reason: disputes.reading().reason,
  };
}

it('a flag outlives the key under which it came', async () => {
  await take('f1', true, NOW);
  await take('f2', true, NOW, { key: world.keysOf(TO).seal });
  const { seal } = world.keysOf(TO);
  expect(await held(ring(seal))).toEqual({
    held: 1,
    unopened: 1,
    waiting: 0,
    unreadable: ['f1'],
    state: 'degraded',
    reason: expect.stringContaining('key'),
  });
  const keys = ring(seal, older);
  const registry = { current: () => world.view };
  const resealing = new Resealing({ database, keys, registry, subsystems: [TO], clock: fakeClock(NOW) }, store);
  const before = await store.changed(database, [TO], 0n);
  await resealing.round();
  expect(await held(ring(seal))).toEqual({
    held: 2,
    unopened: 0,
    waiting: 0,
    unreadable: [],
    state: 'ok',
    reason: undefined,
  });
  const after = await store.changed(database, [TO], 0n);
  expect(after.map(({ rev }) => rev)).toEqual(before.map(({ rev }) => rev));
  // Sealed as it should be: left alone.
  expect(after[1]).toEqual(before[1]);
});

it('names nobody and nothing in its table, and those of others not at all', async () => {
  await take('f1', true, NOW);
  await take('f1', true, NOW, { subsystem: OTHER });
  const [row] = await database.query('SELECT * FROM dispute WHERE subsystem = $1', [TO]);
  const spelled = JSON.stringify(row) + (row?.['value'] as Buffer).toString('latin1');
  expect(spelled).not.toMatch(/TEST000001|address/);
  expect(await held(ring(older))).toMatchObject({ held: 1, unopened: 0 });
});

it('goes on to hold what it knew while nothing is heard, and says since when', async () => {
  await take('f1', true, NOW);
  expect(await held(ring(older), NOW - 60_000)).toMatchObject({
    ...{
      held: 1,
      state: 'degraded',
      reason: 'dispute flags may be stale since 2026-11-27T11:59:00.000Z: the broker is silent',
    },
  });
});

it('numbers changes in the order in which they become visible', async () => {
  await Promise.all([...Array(20).keys()].map((number) => take(`f${number}`, true, NOW)));
  const revs = (await store.changed(database, [TO], 0n)).map(({ rev }) => Number(rev));
  expect(revs).toEqual([...Array(20).keys()].map((number) => number + 1));
});

it('forgets what has been off for long, but never the newest change', async () => {
  await take('gone', false, NOW - 10_000);
  await take('on', true, NOW - 10_000);
  await take('fresh', false, NOW);
  await take('newest', false, NOW - 10_000);
  await store.forget(database, NOW - 1_000);
  const left = await store.changed(database, [TO], 0n);
  expect(left.map(({ flag }) => flag)).toEqual(['on', 'fresh', 'newest']);
});
