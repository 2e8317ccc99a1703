import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Module } from '@nestjs/common';
import { createInProcessBus, type Bus } from '#bus';
import { systemClock } from '#kernel';
import { createHttpApp, silentLogger, startHttpApp, type RunningApp } from '#platform';
import { openDatabase, type Database, type Row } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { HeaderAuthenticator } from '../consumer-auth/header-authenticator.js';
import { BodyBudget } from '../edge/body-budget.js';
import { edgeHttpOptions, prepareEdge } from '../edge/edge-http.config.js';
import { EdgeModule } from '../edge/edge.module.js';
import { FaultyDatabase } from '../exchange/spec-support/faulty-database.js';
import { CONSUMER, GATEWAY, gatewayFixture, PROVIDER, type Fixture } from '../exchange/spec-support/gateway-fixture.js';
import { OpenApiDocuments } from '../metaservices/openapi-documents.service.js';
import { gatewayMigrations } from '../migrations/index.js';
import { COMPOSITION_ROUTE, CompositionController } from './composition.controller.js';
import { CompositionService } from './composition.service.js';

interface Told {
  readonly composition: { complete: boolean; parts: number; answered: number; tookMs: number };
  readonly parts: {
    name: string;
    outcome: string;
    status: number;
    tookMs: number;
    exchangeId?: string;
    evidence?: string;
    asOf?: string;
    source?: object;
    body?: unknown;
    problem?: { code: string };
    retryAfterS?: number;
  }[];
}

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

const SETTINGS = {
  faultSpelling: '7.8',
  maxBodyBytes: 64 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxInFlightBytes: 1024 * 1024,
} as const;
const HELD_BYTES = 1_000;

let place: TestDatabase;
let database: Database;
let fixture: Fixture;
let app: RunningApp;
/** How many requests to providers are still to be lost; written by the specs. */
let toLose: number;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(() => start(database));
afterEach(async () => {
  await app.close();
  await fixture.close();
});

async function start(over: Database): Promise<void> {
  toLose = 0;
  fixture = await gatewayFixture(over, { maxInFlight: 24, rowGraceMs: 20_000 }, losingBus());
  await eventually(() => fixture.module.replies.hearing());
  app = await serve();
}

function losingBus(): Bus {
  const bus = createInProcessBus();
  const publish = bus.publish.bind(bus);
  bus.publish = (records) =>
    publish(records.filter(({ topic }) => !topic.startsWith('request.') || toLose === 0 || (toLose -= 1) < 0));
  return bus;
}

/** The gateway's own paths over real HTTP, with the exchanges of the fixture behind them. */
async function serve(): Promise<RunningApp> {
  const rights = { current: () => fixture.registry.view };
  const logger = silentLogger();
  const compositions = new CompositionService({
    exchanges: fixture.module.exchanges,
    rights,
    held: new BodyBudget(HELD_BYTES, HELD_BYTES),
    clock: systemClock,
    logger,
    maxHeaderBytes: SETTINGS.maxHeaderBytes,
  });
  const edge = EdgeModule.with({
    exchanges: fixture.module.exchanges,
    rights,
    authenticator: new HeaderAuthenticator(rights, GATEWAY),
    openApiDocuments: new OpenApiDocuments('http://127.0.0.1:1'),
    logger,
    settings: SETTINGS,
  });
  @Module({
    imports: [edge],
    controllers: [CompositionController],
    providers: [{ provide: CompositionService, useValue: compositions }],
  })
  class GatewayModule {}
  const http = await createHttpApp(GatewayModule, { name: 'gateway', logger, ...edgeHttpOptions(SETTINGS) });
  prepareEdge(http, [COMPOSITION_ROUTE]);
  return startHttpApp(http, { host: '127.0.0.1', port: 0 });
}

const person = (name: string, more: object = {}) => ({ name, target: `/r1/${PROVIDER}/persons/TEST000001`, ...more });
const persons = (count: number) => Array.from({ length: count }, (_, index) => person(`p${index}`));

function post(body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${app.url}${COMPOSITION_ROUTE}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Road-Client': CONSUMER, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function compose(composition: object): Promise<Told> {
  const answer = await post(composition);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  return (await answer.json()) as Told;
}

describe('a composition', () => {
  test('is as many exchanges, each with its own statements, source, time and evidence', async () => {
    const told = await compose({ purpose: 'citizen-view', parts: persons(12) });
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
    const answered = fixture.log.ofType('exchange.answered');
    for (const { exchangeId, asOf } of told.parts) {
      const leaf = answered.find(({ payload }) => payload.id === exchangeId);
      expect(asOf).toBe(new Date(leaf?.payload.ts ?? 0).toISOString());
    }
    expect(fixture.log.ofType('exchange.requested')).toHaveLength(12);
  });

  test('reaches the provider as calls of the consumer, signed as they are', async () => {
    await compose({ parts: [person('a', { headers: [{ name: 'Accept', value: 'application/json' }] })] });
    const headers = fixture.provider.seen[0]?.content.headers.map(({ name }) => name);
    expect(headers).toEqual(['X-Road-Client', 'Kerege-Deadline', 'Accept', 'X-Road-Id', 'x-road-request-id']);
  });

  test('tells a part that is refused or cannot be read beside those that are answered', async () => {
    const { composition, parts } = await compose({
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
    expect(parts[1]?.exchangeId).toBe(fixture.log.ofType('exchange.refused')[0]?.payload.id);
    expect(parts[2]).not.toHaveProperty('exchangeId');
  });

  test('answers by its deadline with what is there, and says what has failed', async () => {
    toLose = 1;
    const { composition, parts } = await compose({ deadlineMs: 1_500, parts: persons(4) });
    expect(composition).toMatchObject({ complete: false, answered: 3 });
    const failed = parts.filter(({ outcome }) => outcome !== 'answered');
    expect(failed).toMatchObject([{ outcome: 'failed', status: 504, problem: { code: 'provider-unreachable' } }]);
    const leaf = await eventually(() => fixture.log.ofType('exchange.failed')[0]);
    expect(leaf.payload.id).toBe(failed[0]?.exchangeId);
  });

  test('makes one exchange of two parts under one key', async () => {
    const claim = person('a', {
      target: `/r1/${PROVIDER}/persons/claims`,
      method: 'POST',
      body: '{"pin":"TEST000001"}',
      idempotencyKey: 'claim-1',
    });
    const { parts } = await compose({ parts: [claim, { ...claim, name: 'b' }] });
    expect(parts.map(({ outcome }) => outcome)).toEqual(['answered', 'answered']);
    expect(parts[0]?.exchangeId).toBe(parts[1]?.exchangeId);
    expect(fixture.provider.seen).toHaveLength(1);
    expect(Buffer.from(fixture.provider.seen[0]?.content.body ?? []).toString()).toBe('{"pin":"TEST000001"}');
  });
});

describe('without a row', () => {
  test('no outcome is claimed, and the composition is answered at its deadline all the same', async () => {
    await app.close();
    await fixture.close();
    const stuck = new StuckDatabase(database);
    await start(stuck);
    const { composition, parts } = await compose({ deadlineMs: 600, parts: persons(2) });
    // A row may take 20 s here; without a deadline of its own the composition would wait for it.
    expect(composition.tookMs).toBeLessThan(10_000);
    for (const part of parts) {
      expect(part).toMatchObject({ outcome: 'pending', status: 503, problem: { code: 'outcome-pending' } });
      expect(fixture.log.leaves.map(({ payload }) => payload.id)).toContain(part.exchangeId);
      expect(part).not.toHaveProperty('body');
    }
    stuck.letGo();
    // They end as any exchange does, though nobody waits for them.
    await eventually(() => fixture.module.exchanges.size === 0);
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
    fixture.provider.behaviour = { delayMs: 300 };
    const [first, second] = await Promise.all([compose({ parts: persons(20) }), compose({ parts: persons(20) })]);
    const parts = [...first.parts, ...second.parts];
    const busy = parts.filter(({ outcome }) => outcome === 'refused');
    expect(busy).toHaveLength(16);
    for (const part of busy)
      expect(part).toMatchObject({ status: 503, problem: { code: 'gateway-busy' }, retryAfterS: 1 });
    expect(parts.filter(({ outcome }) => outcome === 'answered')).toHaveLength(24);
    expect(fixture.module.exchanges.size).toBe(0);
  });

  test('bound what is held, tell the outcome without the body, and are free again', async () => {
    fixture.provider.behaviour = { body: Buffer.from(JSON.stringify('x'.repeat(298))) };
    for (let time = 0; time < 2; time += 1) {
      const { composition, parts } = await compose({ parts: persons(4) });
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
  fixture.provider.behaviour = { delayMs: 400 };
  const gone = new AbortController();
  const call = post({ parts: persons(3) }, {}, gone.signal);
  await eventually(() => fixture.provider.seen.length === 3);
  gone.abort();
  await expect(call).rejects.toThrow();
  await eventually(() => fixture.log.ofType('exchange.answered').length === 3);
  await eventually(() => fixture.module.exchanges.size === 0);
  expect(fixture.log.ofType('exchange.failed')).toHaveLength(0);
});

describe('what is no composition', () => {
  const one = person('a');
  test.each([
    ['too many parts', { parts: persons(21) }, '#/parts'],
    ['far too many parts', { parts: persons(65) }, '#'],
    ['no parts', { parts: [] }, '#/parts'],
    ['nothing', {}, '#/parts'],
    ['parts that are no list', { parts: { a: one } }, '#/parts'],
    ['a part that is null', { parts: [null] }, '#/parts'],
    ['a name twice', { parts: [one, one] }, '#/parts/1/name'],
    ['a name that is none', { parts: [person('TEST 1')] }, '#/parts/0/name'],
    ['an unknown field', { parts: [person('a', { retries: 3 })] }, '#/parts/0/retries'],
    ['an unknown field at the top', { parts: [one], 'a/b~': 1 }, '#/a~1b~0'],
    ['null for what may be left out', { parts: [person('a', { body: null })] }, '#/parts/0/body'],
    ['an unknown method', { parts: [person('a', { method: 'CONNECT' })] }, '#/parts/0/method'],
    ['a deadline that is none', { deadlineMs: 0, parts: [one] }, '#/deadlineMs'],
    ['wrong base64', { parts: [person('a', { body: 'x', bodyEncoding: 'base64' })] }, '#/parts/0/body'],
    [
      'another client',
      { parts: [person('a', { headers: [{ name: 'X-Road-Client', value: 'x' }] })] },
      '#/parts/0/headers/0/name',
    ],
    [
      'context as a header',
      { parts: [person('a', { headers: [{ name: 'kerege-purpose', value: 'x' }] })] },
      '#/parts/0/headers/0/name',
    ],
    [
      'a header of two lines',
      { parts: [person('a', { headers: [{ name: 'Accept', value: 'x\r\nb: c' }] })] },
      '#/parts/0/headers/0/value',
    ],
    ['no JSON', '{"parts":', '#'],
    ['deep JSON', `{"parts":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, '#'],
  ])('%s is refused whole, with a pointer', async (_what, body, pointer) => {
    const answer = await post(body);
    const problem = (await answer.json()) as { code: string; problems: { pointer: string }[] };
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect(problem.code).toBe('composition-malformed');
    expect(problem.problems.map((each) => each.pointer)).toContain(pointer);
    expect(fixture.provider.seen).toHaveLength(0);
  });

  test.each([
    ['an unknown client', { 'X-Road-Client': 'TEST/GOV/9/x' }, 401, 'client-unknown'],
    ['another media type', { 'Content-Type': 'text/plain' }, 415, 'media-type-unknown'],
    ['a key for the whole', { 'Idempotency-Key': 'k' }, 400, 'composition-context-in-headers'],
    ['context in headers', { 'Kerege-Purpose': 'citizen-view' }, 400, 'composition-context-in-headers'],
  ])('%s is refused', async (_what, headers, status, code) => {
    const answer = await post({ parts: [one] }, headers);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
  });

  test('too large a body is refused, and its connection not used again', async () => {
    const answer = await post(JSON.stringify({ parts: [person('a', { body: 'x'.repeat(SETTINGS.maxBodyBytes) })] }));
    expect([answer.status, answer.headers.get('connection')]).toEqual([413, expect.any(String)]);
    expect(await compose({ parts: [one] })).toMatchObject({ composition: { complete: true } });
  });
});
