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
  fixture = await gatewayFixture(database);
  await eventually(() => fixture.module.replies.hearing());
});
afterEach(() => fixture.close());

const perform = () => fixture.module.exchanges.perform(fixture.request({ context: { deadlineMs: 2_000 } }));

describe('while the log contradicts what is remembered of it', () => {
  test('calls are refused at once and reach no provider', async () => {
    fixture.guard.isDistrusted = true;
    const refused = { kind: 'refused', code: 'log-distrusted', side: 'bus', retryAfterS: 5 };
    expect(await perform()).toMatchObject(refused);
    expect(fixture.provider.seen).toHaveLength(0);
    fixture.guard.isDistrusted = false;
    expect(await perform()).toMatchObject({ kind: 'answered' });
  });

  test('an answer that is here already is not released', async () => {
    fixture.log.tamper = (leaf) => {
      fixture.guard.isDistrusted = true;
      return leaf;
    };
    expect(await perform()).toMatchObject({ kind: 'failed', code: 'no-receipt', side: 'bus' });
    expect(fixture.alarms).toContain('receipt-note-refused');
  });
});
