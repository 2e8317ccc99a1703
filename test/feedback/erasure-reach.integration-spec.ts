import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Bus, OutgoingRecord } from '#bus';
import type { RunningApp } from '#platform';
import { makeReaderToken } from '#reader-auth';
import type { TypedSubject } from '#signing';
import { TestIssuer } from '#testing';
import { CONSUMER } from '../audit/audit-network.js';
import { accessed, dump, loggedErasures, settled } from './erasing.js';
import { FeedbackNetwork, person } from './feedback-network.js';

jest.setTimeout(120_000);

/** Nobody of them exists. */
const [ANN, BEN, CID] = [person('PIN/TEST000001'), person('PIN/TEST000002'), person('PIN/TEST000003')];
const LINK = { member: CONSUMER, direction: 'TO_MEMBER', services: ['TEST/GOV/1001/population/persons'], notice: '1' };

let issuer: TestIssuer;
let network: FeedbackNetwork;
let app: RunningApp;

/** A broker that takes everything but deliveries to subsystems. */
function withoutDeliveries(bus: Bus): Bus {
  const publish = (records: readonly OutgoingRecord[]) =>
    records.some(({ topic }) => topic.includes('correction.'))
      ? Promise.reject(new TypeError('no broker'))
      : bus.publish(records);
  return Object.assign(Object.create(bus) as Bus, { publish });
}

beforeAll(async () => {
  issuer = await TestIssuer.create();
  network = await FeedbackNetwork.create((text) => TestIssuer.definitionOf(issuer) + text);
  app = await network.start({ portals: [CONSUMER] }, { bus: withoutDeliveries(network.bus) });
});
afterAll(() => network.close());

async function me({ code }: TypedSubject, method: string, path: string, body?: object) {
  const key = network.audit.world.keysOf(CONSUMER).sign;
  const token = await makeReaderToken({
    ...{ subsystem: CONSUMER, audience: 'http://127.0.0.1:8120', key, nowMs: Date.now() },
  });
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { authorization: `Bearer ${token}`, 'kerege-end-user': await issuer.mint(code, CONSUMER), ...json };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(`${app.url}/v1/subjects/me${path}`, init);
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
}

async function asks(who: TypedSubject): Promise<string> {
  const [row] = (await me(who, 'GET', '/accesses')).body['accesses'] as { leaf: object }[];
  const asked = await me(who, 'POST', '/questions', { leaf: row?.leaf, code: 'WHY_LOOKED_UP', language: 'en' });
  expect(asked.status).toBe(201);
  return String(asked.body['id']);
}

async function countOf(table: string): Promise<number> {
  const { feedback } = await network.databases();
  const [row] = await feedback.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`);
  return Number(row?.n);
}

it('takes back a question that is not on its way yet, and leaves those of others', async () => {
  await accessed(network, ANN, BEN);
  const [anns, bens] = [await asks(ANN), await asks(BEN)];
  expect((await me(ANN, 'DELETE', '')).status).toBe(200);
  const { feedback } = await network.databases();
  const left = await feedback.query('SELECT id, state, length(value) > 0 AS full FROM delivery ORDER BY state, id');
  expect(left).toEqual([
    { id: anns, state: 'discarded', full: false },
    { id: bens, state: 'waiting', full: true },
  ]);
  expect(await feedback.query('SELECT id FROM question')).toEqual([{ id: bens }]);
  expect(await me(BEN, 'GET', '/accesses')).toMatchObject({ body: { accesses: [{ question: { id: bens } }] } });
});

it('ends links of somebody whom nobody looked at, and a restore does not bring them back', async () => {
  expect((await me(CID, 'POST', '/links', LINK)).status).toBe(201);
  const { feedback, keys } = await network.databases();
  const restoreRows = await dump(feedback, 'feedback');
  const restoreKeys = await dump(keys, 'feedback_keys');
  const before = (await loggedErasures(network)).length;
  expect((await me(CID, 'DELETE', '')).status).toBe(200);
  expect(await countOf('person_link')).toBe(0);
  await settled(network);
  expect((await loggedErasures(network)).slice(before)).toMatchObject([{ n: 0 }]);
  await network.stop(app);
  await restoreRows();
  await restoreKeys();
  expect(await countOf('person_link')).toBe(1);
  app = await network.start({ portals: [CONSUMER] }, { bus: withoutDeliveries(network.bus) });
  await settled(network);
  expect((await me(CID, 'GET', '/links')).body).toEqual({ links: [] });
  expect(await countOf('person_link')).toBe(0);
});

it('is refused to who may not be the person, so that whoever stole a sign-in leaves traces', async () => {
  await accessed(network, CID);
  const since = new Date(Date.now() - 60_000).toISOString();
  expect((await me(CID, 'POST', '/compromised', { since })).status).toBe(200);
  expect(await me(CID, 'DELETE', '')).toMatchObject({ status: 409, body: { code: 'erasure-compromised' } });
  expect(((await me(CID, 'GET', '/accesses')).body['accesses'] as object[]).length).toBe(1);
});
