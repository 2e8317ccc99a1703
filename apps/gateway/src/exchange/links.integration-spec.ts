import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ok, refuse, type Result } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, eventually, isolatedBus, testBus, uniqueName, type TestDatabase } from '#testing';
import type { LinkRefusal } from '../links/link-refusal.js';
import { gatewayMigrations } from '../migrations/index.js';
import type { ExchangeModule } from './exchange.module.js';
import { CONSUMER, gatewayFixture, PROVIDER, type Fixture } from './spec-support/gateway-fixture.js';

let place: TestDatabase;
let database: Database;
let fixture: Fixture;
let module: ExchangeModule;
let said: Result<string, LinkRefusal>;
const asked: object[] = [];

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
  const definition = (text: string) =>
    text.replace('purposes: [citizen-view], until', 'purposes: [citizen-view], requiresLink: ["GET /{pin}"], until');
  const links = {
    ticket: (question: object) => {
      asked.push(question);
      return Promise.resolve(said);
    },
  };
  fixture = await gatewayFixture(
    database,
    {},
    isolatedBus(await testBus(), uniqueName('ln')),
    { definition },
    { links },
  );
  module = fixture.module;
  await eventually(() => module.replies.hearing(), { timeoutMs: 20_000 });
}, 60_000);
afterAll(async () => {
  await fixture.close();
  await database.close();
  await place.drop();
});
beforeEach(() => {
  asked.length = 0;
  said = ok('ticket');
});

describe('an endpoint that needs the leave of the person', () => {
  test('is called with what feedback has said', async () => {
    expect(await module.exchanges.perform(fixture.request())).toMatchObject({ kind: 'answered' });
    expect(asked).toEqual([
      {
        consumer: CONSUMER,
        subject: 'TEST/PIN/TEST000001',
        service: `${PROVIDER}/persons`,
        purpose: 'citizen-view',
      },
    ]);
    expect(fixture.provider.seen.at(-1)?.content.linkTicket).toBe('ticket');
  });

  test('is not called without it, and that is stated; nor while nobody says', async () => {
    const before = fixture.provider.seen.length;
    said = refuse('link-missing');
    const missing = await module.exchanges.perform(fixture.request());
    expect(missing).toMatchObject({ kind: 'refused', code: 'link-missing', side: 'consumer' });
    said = refuse('links-unavailable');
    const unknown = await module.exchanges.perform(fixture.request());
    expect(unknown).toMatchObject({ kind: 'refused', code: 'links-unavailable', side: 'bus', retryAfterS: 5 });
    expect(fixture.provider.seen).toHaveLength(before);
    expect(module.exchanges.size).toBe(0);
  });

  test('holds up no other: nobody is asked', async () => {
    const body = Buffer.from('{"pin":"TEST000001"}');
    const headers = [{ name: 'content-type', value: 'application/json' }];
    const outcome = await module.exchanges.perform(fixture.request({ method: 'POST', path: '/claims', body, headers }));
    expect(outcome).toMatchObject({ kind: 'answered' });
    expect(asked).toEqual([]);
    expect(fixture.provider.seen.at(-1)?.content.linkTicket).toBe('');
  });
});
