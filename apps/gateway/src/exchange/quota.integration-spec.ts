import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AnswerSchema, message } from '#contracts';
import { openDatabase, type Database } from '#postgres';
import type { RefusedPayload } from '#signing';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { gatewayMigrations } from '../migrations/index.js';
import { gatewayFixture, type Fixture } from './spec-support/gateway-fixture.js';

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
afterEach(() => fixture.close());

async function agreed(terms: string): Promise<void> {
  const definition = (text: string) => text.replace('until: 2099-12-31', `${terms}, until: 2099-12-31`);
  fixture = await gatewayFixture(database, {}, undefined, { definition });
  await eventually(() => fixture.module.replies.hearing());
}

const perform = () => fixture.module.exchanges.perform(fixture.request());

describe('the agreed rate', () => {
  beforeEach(() => agreed('rate: { perSecond: 0.01, burst: 2 }'));

  test('is kept: further calls are refused at once, unstated, and callers are told how it stands', async () => {
    expect(await perform()).toMatchObject({
      kind: 'answered',
      limits: [{ name: 'rate', calls: 2, left: { calls: 1 } }],
    });
    expect(await perform()).toMatchObject({ kind: 'answered', limits: [{ left: { calls: 0 } }] });
    const refused = await perform();
    expect(refused).toMatchObject({
      kind: 'refused',
      code: 'rate-exceeded',
      decidedBy: 'gateway',
      limits: [{ left: {} }],
    });
    expect(refused.kind !== 'answered' && refused.retryAfterS).toBeGreaterThan(90);
    expect(fixture.provider.seen).toHaveLength(2);
    expect(fixture.log.ofType('exchange.refused')).toHaveLength(0);
  });
});

describe('a quota', () => {
  beforeEach(() => agreed('quota: { day: 1000 }'));

  test('that the provider says is spent is not asked for again that day', async () => {
    fixture.provider.behaviour = {
      payload: ({ v, id, ts, from, to, svc, ep, prev, snap }): RefusedPayload => ({
        ...{ v, t: 'exchange.refused', id, ts, from, to, svc, ep, prev, snap, why: 'quota-day-spent' },
      }),
      answer: ({ exchangeId, statement }) => message(AnswerSchema, { exchangeId, statement }),
    };
    const first = await perform();
    expect(first).toMatchObject({ kind: 'refused', code: 'quota-day-spent', decidedBy: 'connector' });
    expect(first.kind !== 'answered' && (first.retryAfterS ?? 0)).toBeGreaterThan(0);
    expect(await perform()).toMatchObject({
      ...{ kind: 'refused', code: 'quota-day-spent', decidedBy: 'gateway' },
      limits: [{ name: 'day', calls: 1000, left: { calls: 0 } }],
    });
    expect(fixture.provider.seen).toHaveLength(1);
    expect(fixture.log.ofType('exchange.refused')).toHaveLength(1);
  });
});
