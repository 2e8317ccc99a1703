import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Bus, OutgoingRecord } from '#bus';
import { CASE_KINDS, Outbox } from '#deliveries';
import { eventually } from '#testing';
import { CaseWalk } from './case-walk.js';
import { Filing, OTHER_OWNER, OWNER, RECIPIENT } from './filing.js';

jest.setTimeout(180_000);

const PATH = '/v1/owner/dispute-flags';
const NOTHING = { waiting: 0, waitingMs: 0 };
const outbox = new Outbox();

let filing: Filing;
/** What the broker takes of what is delivered. */
let accepts: (record: OutgoingRecord) => boolean = () => true;
beforeAll(async () => {
  filing = await Filing.create();
  const publish = async (records: readonly OutgoingRecord[]) => {
    if (!records.every((record) => accepts(record))) throw new RangeError('refused by the spec');
    return filing.network.bus.publish(records);
  };
  const bus = new Proxy(filing.network.bus, {
    get: (target, name: keyof Bus) => (name === 'publish' ? publish : (target[name] as () => void).bind(target)),
  });
  await filing.start({}, { bus });
});
afterAll(() => filing.close());

const owed = async (as = OWNER) => (await filing.member(as, PATH)).body;
const isOwed = (number: number) => eventually(async () => (await owed())['waiting'] === number, { timeoutMs: 30_000 });

it('is answered to members alone', async () => {
  const url = `${filing.app?.url}${PATH}`;
  const strange = await fetch(url);
  expect([strange.status, strange.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  const forged = await fetch(url, { headers: { authorization: 'Bearer e30.e30.e30' } });
  expect(forged.status).toBe(401);
  const { status, body } = await filing.member(OWNER, PATH);
  expect([status, body]).toEqual([200, { ...NOTHING, behindMs: expect.any(Number) }]);
});

it('counts a flag that cannot be delivered, for its subsystem, since it was made, until it is delivered', async () => {
  const topic = filing.network.audit.world.view.correctionsOf(OWNER)?.topic;
  const walk = await CaseWalk.filed(filing);
  await walk.received();
  const { feedback } = await filing.network.databases();
  const delivered = async () => (await outbox.sizes(feedback)).waiting === 0;
  await eventually(delivered, { timeoutMs: 30_000 });
  accepts = (record) => record.topic !== topic;
  const beganMs = Date.now();
  await walk.act({ act: 'start' }, 'IN_REVIEW');
  await isOwed(1);
  const first = await owed();
  expect(first).toMatchObject({ waiting: 1 });
  expect(first['waitingMs']).toBeLessThanOrEqual(Date.now() - beganMs + 1_000);
  await eventually(async () => Number((await owed())['waitingMs']) > Number(first['waitingMs']) + 1_000, {
    timeoutMs: 30_000,
  });
  // Nobody else is told of it, and nothing of whose data it is about.
  for (const other of [OTHER_OWNER, RECIPIENT]) expect(await owed(other)).toMatchObject(NOTHING);
  expect(Object.keys(await owed()).sort()).toEqual(['behindMs', 'waiting', 'waitingMs']);
  accepts = () => true;
  await isOwed(0);
  expect(await owed()).toMatchObject(NOTHING);
  await eventually(delivered, { timeoutMs: 30_000 });
});

it('counts a flag that is parked, and nothing of another kind', async () => {
  const { feedback } = await filing.network.databases();
  const broken = [CASE_KINDS.dispute, CASE_KINDS.told].map((kind) => ({
    ...{ id: randomUUID(), recipient: OTHER_OWNER, kind },
    value: Buffer.from('not sealed'),
  }));
  await feedback.transaction((queries) => outbox.add(queries, broken));
  await eventually(async () => (await outbox.parked(feedback, { limit: 5 })).length === 2, { timeoutMs: 30_000 });
  const { waiting, waitingMs } = await owed(OTHER_OWNER);
  expect([waiting, waitingMs]).toEqual([1, expect.any(Number)]);
  expect(waitingMs).toBeGreaterThan(0);
  expect(await owed()).toMatchObject(NOTHING);
});
