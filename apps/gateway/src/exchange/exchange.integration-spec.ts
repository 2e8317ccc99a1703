import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { answerHash, h1, opens, xroadRequestHash, parseStatement } from '#signing';
import { fromBase64Url } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { gatewayFixture, CONSUMER, PROVIDER, type Fixture } from './spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';

let place: TestDatabase;
let database: Database;
let fixture: Fixture;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => {
  fixture = await gatewayFixture(database);
  await eventually(() => fixture.module.replies.hearing());
});
afterEach(() => fixture.close());

function seenRequest() {
  const [seen] = fixture.provider.seen;
  if (seen === undefined) throw new TypeError('the provider saw nothing');
  return seen;
}

describe('an exchange', () => {
  test('is released with both leaves in the log and its row ended', async () => {
    const outcome = await fixture.module.exchanges.perform(fixture.request());
    expect(outcome).toMatchObject({ kind: 'answered', status: 200, body: Buffer.from('{"name":"Test"}') });
    expect(fixture.log.leaves.map(({ payload }) => payload.t)).toEqual(['exchange.requested', 'exchange.answered']);
    if (outcome.kind !== 'answered') return;
    await fixture.module.store.settled(outcome.exchangeId);
    const row = await fixture.module.store.find(outcome.exchangeId, CONSUMER);
    expect(row?.outcome).toMatchObject({ kind: 'answered', by: 'provider', jws: fixture.log.leaves[1]?.jws });
    expect(row?.requested).toBe(fixture.log.leaves[0]?.jws);
    const { answerHead } = row?.outcome ?? {};
    expect(answerHead).toMatchObject({ status: 200, headers: [['Content-Type', 'application/json']] });
    expect(
      h1(
        row?.salt ?? Buffer.alloc(0),
        answerHash({ status: 200, headers: [{ name: 'Content-Type', value: 'application/json' }], body: outcome.body }),
      ),
    ).toBe(fixture.log.leaves[1]?.payload.res);
  });

  test('tells the provider exactly what was signed, and the log nothing about the person', async () => {
    const outcome = await fixture.module.exchanges.perform(fixture.request());
    const { statement, content } = seenRequest();
    expect(content.headers.map(({ name }) => name)).toEqual(['X-Road-Client', 'X-Road-Id', 'x-road-request-id']);
    const hash = xroadRequestHash(content);
    expect(statement.payload.req).toBe(h1(content.salt, hash));
    expect(outcome).toMatchObject({ requestHash: hash.toString('base64') });
    expect(content.subjects).toMatchObject([{ country: 'TEST', type: 'PIN', code: 'TEST000001' }]);
    const [commitment] = statement.payload.subj ?? [];
    expect(content.subjects.every((opening) => opens('subject', commitment ?? '', opening))).toBe(true);
    expect(JSON.stringify(statement.payload)).not.toContain('TEST000001');
    expect(statement.payload).toMatchObject({ from: CONSUMER, to: PROVIDER, ep: 'GET /{pin}', pur: 'citizen-view' });
    expect(statement.payload).toMatchObject({ law: 'LB-1', snap: 1 });
  });

  test('passes a trace on as ids only, and no other header of the request', async () => {
    const ids = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers: unknown[] = [];
    const publish = fixture.bus.publish.bind(fixture.bus);
    fixture.bus.publish = (records) => {
      headers.push(...records.filter(({ topic }) => topic.startsWith('request.')).map((record) => record.headers));
      return publish(records);
    };
    for (const value of [ids, `01${ids.slice(2)}-TEST000001`, 'TEST000001'])
      await fixture.module.exchanges.perform(fixture.request({ headers: [{ name: 'traceparent', value }] }));
    expect(headers).toEqual([{ traceparent: ids }, { traceparent: ids }, undefined]);
  });

  test('passes on what the provider refused or failed, with its reason', async () => {
    fixture.provider.behaviour = {
      payload: ({ v, id, ts, from, to, svc, ep, prev, snap }) => ({
        v,
        t: 'exchange.refused',
        id,
        ts,
        from,
        to,
        svc,
        ep,
        prev,
        snap,
        why: 'agreement-ended',
      }),
    };
    expect(await fixture.module.exchanges.perform(fixture.request())).toMatchObject({
      kind: 'refused',
      code: 'agreement-ended',
      decidedBy: 'connector',
    });
  });

  test('keeps every candidate until a receipt names one', async () => {
    fixture.provider.behaviour = { times: 3 };
    const outcome = await fixture.module.exchanges.perform(fixture.request());
    expect(outcome).toMatchObject({ kind: 'answered' });
    if (outcome.kind !== 'answered') return;
    await fixture.module.store.settled(outcome.exchangeId);
    const row = await fixture.module.store.find(outcome.exchangeId, CONSUMER);
    expect(row?.outcome?.jws).toBe(fixture.log.ofType('exchange.answered')[0]?.jws);
  });

  test('stamps a held answer itself when its stamp was lost', async () => {
    fixture.provider.behaviour = { stamp: false };
    expect(await fixture.module.exchanges.perform(fixture.request())).toMatchObject({ kind: 'answered' });
    expect(fixture.counted).toContain('stamp-repeated');
  });

  test('without an answer ends as failed, in the row first and then in the log', async () => {
    fixture.provider.behaviour = { silent: true };
    const outcome = await fixture.module.exchanges.perform(fixture.request({ context: { deadlineMs: 300 } }));
    expect(outcome).toMatchObject({
      kind: 'failed',
      code: 'provider-unreachable',
      side: 'provider',
      decidedBy: 'gateway',
    });
    const failed = await eventually(() => fixture.log.ofType('exchange.failed')[0]);
    expect(failed.payload).toMatchObject({
      why: 'provider-unreachable',
      prev: fixture.log.leaves[0]?.leafHash.toString('base64url'),
    });
    await eventually(async () => (await fixture.module.store.unreceipted(Date.now() + 1000, 10)).length === 0);
  });

  test('an answer after the failure changes nothing', async () => {
    fixture.provider.behaviour = { silent: true };
    const outcome = await fixture.module.exchanges.perform(fixture.request({ context: { deadlineMs: 200 } }));
    await fixture.provider.seen[0]?.answer();
    await eventually(() => fixture.counted.includes('late-answer'));
    const row =
      outcome.exchangeId === undefined ? undefined : await fixture.module.store.find(outcome.exchangeId, CONSUMER);
    expect(row?.outcome).toMatchObject({ kind: 'failed', by: 'gateway' });
  });
});

describe('a stated refusal', () => {
  test('reaches the log without being waited for, and nothing reaches the provider', async () => {
    const outcome = await fixture.module.exchanges.perform(fixture.request({ context: { purpose: 'other' } }));
    expect(outcome).toMatchObject({ kind: 'refused', code: 'purpose-not-agreed' });
    const leaf = await eventually(() => fixture.log.ofType('exchange.refused')[0]);
    expect(leaf.payload).toMatchObject({ id: outcome.exchangeId, why: 'purpose-not-agreed', ep: 'GET /{pin}' });
    expect(parseStatement(leaf.jws).ok).toBe(true);
    expect(fixture.provider.seen).toHaveLength(0);
    expect(fromBase64Url(leaf.kid)).toHaveLength(32);
  });
});

describe('refusals that are only counted', () => {
  test('reach the log as a number when the gateway closes, signed by its own key', async () => {
    const closing = fixture.another();
    await eventually(() => closing.replies.hearing());
    const unknown = fixture.request({ service: `${PROVIDER}/imagined` });
    for (let n = 0; n < 3; n += 1)
      expect(await closing.exchanges.perform(unknown)).toMatchObject({ kind: 'refused', code: 'unknown-service' });
    expect(fixture.log.ofType('refusals')).toEqual([]);
    await closing.close();
    const leaf = await eventually(() => fixture.log.ofType('refusals')[0]);
    expect(leaf.payload).toMatchObject({ from: CONSUMER, why: 'unknown-service', n: 3, ref: 'TEST/gw1' });
    expect(leaf.kid).toBe(fixture.world.keysOf('TEST/gw1').sign.kid);
  });
});
