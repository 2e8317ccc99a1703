import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
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
beforeEach(async () => {
  fixture = await gatewayFixture(database, { logSilentMs: 2_000 });
  await eventually(() => fixture.module.replies.hearing());
});
afterEach(() => fixture.close());

const perform = (deadlineMs: number) => fixture.module.exchanges.perform(fixture.request({ context: { deadlineMs } }));
const silence = () => (fixture.log.tamper = () => undefined);

describe('while the log gives no receipt', () => {
  test('a stamp that the broker holds goes out twice, not with every doubling', async () => {
    silence();
    expect(await perform(4_000)).toMatchObject({ kind: 'failed', code: 'no-receipt' });
    expect(fixture.counted.filter((what) => what === 'stamp-repeated').length).toBeLessThanOrEqual(2);
  });

  test('calls are refused at once, and taken again as soon as it answers', async () => {
    silence();
    await perform(300);
    await eventually(() => !fixture.module.logWatch.answers(), { timeoutMs: 10_000 });
    const seen = fixture.provider.seen.length;
    const startedMs = Date.now();
    expect(await perform(4_000)).toMatchObject({ kind: 'refused', code: 'no-receipt', side: 'bus', retryAfterS: 5 });
    expect(Date.now() - startedMs).toBeLessThan(1_000);
    expect(fixture.provider.seen).toHaveLength(seen);
    fixture.log.tamper = (leaf) => leaf;
    // This log has lost what came meanwhile: only a probe that is sent again can end the silence.
    await eventually(() => fixture.module.logWatch.answers(), { timeoutMs: 10_000 });
    expect(await perform(4_000)).toMatchObject({ kind: 'answered' });
  });
});

test('a receipt that was missed while nothing else was under way keeps nobody out', async () => {
  silence();
  await perform(100);
  fixture.log.tamper = (leaf) => leaf;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(await perform(4_000)).toMatchObject({ kind: 'answered' });
});
