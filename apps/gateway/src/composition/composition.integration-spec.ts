import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { ok, refuse } from '#kernel';
import { openDatabase, type Database, type Row } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { FaultyDatabase } from '../exchange/spec-support/faulty-database.js';
import { PROVIDER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';
import { person, persons, startCompositions, type Compositions } from './spec-support/composition-fixture.js';

/** Rows are taken and never committed until somebody lets them. */
class StuckDatabase extends FaultyDatabase {
  private readonly free = Promise.withResolvers<undefined>();

  override async query<Result extends object = Row>(sql: string, parameters?: readonly unknown[]): Promise<Result[]> {
    if (sql.startsWith('INSERT INTO exchange')) await this.free.promise;
    return super.query<Result>(sql, parameters);
  }

  letGo(): void {
    this.free.resolve(undefined);
  }
}

let place: TestDatabase;
let database: Database;
let compositions: Compositions;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => void (compositions = await startCompositions(database)));
afterEach(() => compositions.close());

describe('a composition', () => {
  test('is as many exchanges, each with its own statements, source, time and evidence', async () => {
    const told = await compositions.compose({ purpose: 'citizen-view', parts: persons(12) });
    expect(told.composition).toMatchObject({ complete: true, parts: 12, answered: 12 });
    expect(told.parts.map(({ name }) => name)).toEqual(persons(12).map(({ name }) => name));
    expect(told.parts[7]).toMatchObject({
      outcome: 'answered',
      status: 200,
      source: {
        service: `${PROVIDER}/persons`,
        title: { en: 'persons' },
        subsystem: PROVIDER,
        memberName: { en: 'Register' },
      },
      headers: [{ name: 'Content-Type', value: 'application/json' }],
      bodyEncoding: 'json',
      body: { name: 'Test' },
    });
    const ids = told.parts.map(({ exchangeId }) => exchangeId);
    expect(new Set(ids).size).toBe(12);
    expect(told.parts.map(({ evidence }) => evidence)).toEqual(ids.map((id) => `/v1/exchanges/${id}/evidence`));
    const answered = compositions.gateway.log.ofType('exchange.answered');
    for (const { exchangeId, asOf } of told.parts) {
      const leaf = answered.find(({ payload }) => payload.id === exchangeId);
      expect(asOf).toBe(new Date(leaf?.payload.ts ?? 0).toISOString());
    }
    expect(compositions.gateway.log.ofType('exchange.requested')).toHaveLength(12);
  });

  test('reaches the provider as calls of the consumer, signed as they are', async () => {
    await compositions.compose({ parts: [person('a', { headers: [{ name: 'Accept', value: 'application/json' }] })] });
    const headers = compositions.gateway.provider.seen[0]?.content.headers.map(({ name }) => name);
    expect(headers).toEqual(['X-Road-Client', 'Kerege-Deadline', 'Accept', 'X-Road-Id', 'x-road-request-id']);
  });

  test('tells a part that is refused or cannot be read beside those that are answered', async () => {
    const { composition, parts } = await compositions.compose({
      parts: [
        person('good'),
        person('refused', { purpose: 'other' }),
        { name: 'unread', target: `/r1/${PROVIDER}/persons/..%2Fx` },
        person('subject', { subject: 'nobody' }),
      ],
    });
    expect(composition).toMatchObject({ complete: false, answered: 1 });
    expect(parts).toMatchObject([
      { outcome: 'answered', status: 200 },
      { outcome: 'refused', status: 403, problem: { code: 'purpose-not-agreed', side: 'consumer', status: 403 } },
      { outcome: 'refused', status: 400, problem: { code: 'path-ambiguous' } },
      { outcome: 'refused', status: 400, problem: { code: 'subject-header-malformed' } },
    ]);
    expect(parts[1]?.exchangeId).toBe(compositions.gateway.log.ofType('exchange.refused')[0]?.payload.id);
    expect(parts[2]).not.toHaveProperty('exchangeId');
  });

  test('answers by its deadline with what is there, and says what has failed', async () => {
    compositions.toLose = 1;
    const { composition, parts } = await compositions.compose({ deadlineMs: 1_500, parts: persons(4) });
    expect(composition).toMatchObject({ complete: false, answered: 3 });
    const failed = parts.filter(({ outcome }) => outcome !== 'answered');
    expect(failed).toMatchObject([{ outcome: 'failed', status: 504, problem: { code: 'provider-unreachable' } }]);
    const leaf = await eventually(() => compositions.gateway.log.ofType('exchange.failed')[0]);
    expect(leaf.payload.id).toBe(failed[0]?.exchangeId);
  });

  test('makes one exchange of two parts under one key', async () => {
    const claim = person('a', {
      target: `/r1/${PROVIDER}/persons/claims`,
      method: 'POST',
      body: '{"pin":"TEST000001"}',
      idempotencyKey: 'claim-1',
    });
    const { parts } = await compositions.compose({ parts: [claim, { ...claim, name: 'b' }] });
    expect(parts.map(({ outcome }) => outcome)).toEqual(['answered', 'answered']);
    expect(parts[0]?.exchangeId).toBe(parts[1]?.exchangeId);
    expect(compositions.gateway.provider.seen).toHaveLength(1);
    expect(Buffer.from(compositions.gateway.provider.seen[0]?.content.body ?? []).toString()).toBe(
      '{"pin":"TEST000001"}',
    );
  });
});

describe('a part', () => {
  test('is concealed and allowed as the single exchange would be, and no other part with it', async () => {
    await compositions.close();
    const definition = (text: string) =>
      text.replace('purposes: [citizen-view], until', 'purposes: [citizen-view], requiresLink: ["GET /{pin}"], until');
    const links = {
      ticket: ({ subject }: { subject: string }) =>
        Promise.resolve(subject.endsWith('1') ? ok(`leave of ${subject}`) : refuse('link-missing' as const)),
    };
    compositions = await startCompositions(database, { definition, links });
    const order = randomBytes(32);
    const { parts } = await compositions.compose({
      parts: [
        person('concealed', { concealment: order.toString('base64url') }),
        person('plain'),
        person('malformed', { concealment: 'no-leaf' }),
        person('forbidden', { target: `/r1/${PROVIDER}/persons/TEST000002` }),
      ],
    });
    expect(parts).toMatchObject([
      { outcome: 'answered' },
      { outcome: 'answered' },
      { outcome: 'refused', status: 400, problem: { code: 'concealment-malformed' } },
      { outcome: 'refused', status: 403, problem: { code: 'link-missing' } },
    ]);
    const seen = parts.slice(0, 2).map(({ exchangeId }) => {
      const call = compositions.gateway.provider.seen.find(({ statement }) => statement.payload.id === exchangeId);
      return [call?.content.linkTicket, Buffer.from(call?.content.concealment ?? []).toString('hex')];
    });
    expect(seen).toEqual([
      ['leave of TEST/PIN/TEST000001', order.toString('hex')],
      ['leave of TEST/PIN/TEST000001', ''],
    ]);
  });
});

describe('without a row', () => {
  test('no outcome is claimed, and the composition is answered at its deadline all the same', async () => {
    await compositions.close();
    const stuck = new StuckDatabase(database);
    compositions = await startCompositions(stuck);
    const { composition, parts } = await compositions.compose({ deadlineMs: 600, parts: persons(2) });
    // A row may take 20 s here; without a deadline of its own the composition would wait for it.
    expect(composition.tookMs).toBeLessThan(10_000);
    for (const part of parts) {
      expect(part).toMatchObject({ outcome: 'pending', status: 503, problem: { code: 'outcome-pending' } });
      expect(compositions.gateway.log.leaves.map(({ payload }) => payload.id)).toContain(part.exchangeId);
      expect(part).not.toHaveProperty('body');
    }
    stuck.letGo();
    // They end as any exchange does, though nobody waits for them.
    await eventually(() => compositions.gateway.module.exchanges.size === 0);
    for (const { exchangeId } of parts) {
      const states = await database.query<{ outcome: string }>('SELECT outcome FROM exchange WHERE id = $1', [
        exchangeId,
      ]);
      expect(states).toEqual([{ outcome: 'answered' }]);
    }
  });
});

describe('limits', () => {
  test('count each part', async () => {
    compositions.gateway.provider.behaviour = { delayMs: 300 };
    const [first, second] = await Promise.all([
      compositions.compose({ parts: persons(20) }),
      compositions.compose({ parts: persons(20) }),
    ]);
    const parts = [...first.parts, ...second.parts];
    const busy = parts.filter(({ outcome }) => outcome !== 'answered');
    // One consumer has a third of all places for one provider.
    expect(busy).toHaveLength(20);
    for (const part of busy)
      expect(part).toMatchObject({
        outcome: 'refused',
        status: 503,
        problem: { code: 'gateway-busy' },
        retryAfterS: 1,
      });
    expect(compositions.gateway.module.exchanges.size).toBe(0);
  });

  test('bound what is held, tell the outcome without the body, and are free again', async () => {
    compositions.gateway.provider.behaviour = { body: Buffer.from(JSON.stringify('x'.repeat(298))) };
    for (let time = 0; time < 2; time += 1) {
      const { composition, parts } = await compositions.compose({ parts: persons(4) });
      expect(composition).toMatchObject({ complete: true });
      const without = parts.filter(({ body }) => body === undefined);
      expect(without.length).toBeGreaterThan(0);
      expect(without.length).toBeLessThan(4);
      for (const part of without)
        expect(part).toMatchObject({
          outcome: 'answered',
          status: 200,
          problem: { code: 'composition-answer-left-out' },
        });
    }
  });
});

test('a client that goes away leaves its exchanges to end', async () => {
  compositions.gateway.provider.behaviour = { delayMs: 400 };
  const gone = new AbortController();
  const call = compositions.post({ parts: persons(3) }, {}, gone.signal);
  await eventually(() => compositions.gateway.provider.seen.length === 3);
  gone.abort();
  await expect(call).rejects.toThrow();
  await eventually(() => compositions.gateway.log.ofType('exchange.answered').length === 3);
  await eventually(() => compositions.gateway.module.exchanges.size === 0);
  expect(compositions.gateway.log.ofType('exchange.failed')).toHaveLength(0);
});
