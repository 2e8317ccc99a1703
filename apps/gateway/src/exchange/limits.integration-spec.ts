import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { busErrors, createInProcessBus, type Bus } from '#bus';
import { AnswerSchema, message } from '#contracts';
import { openDatabase, type Database } from '#postgres';
import type { AnsweredPayload, FailedPayload } from '#signing';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { gatewayMigrations } from '../migrations/index.js';
import { gatewayFixture, type Fixture } from './spec-support/gateway-fixture.js';

let place: TestDatabase;
let database: Database;
let fixture: Fixture;
let bus: Bus;
/** What happens to produce calls that carry a request; written by the specs. */
let broken: 'no-effect' | 'effect-but-error' | undefined;
let failure: () => Error;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => {
  broken = undefined;
  failure = () => busErrors.error('bus-unavailable');
  bus = createInProcessBus();
  const publish = bus.publish.bind(bus);
  bus.publish = async (records) => {
    const isRequest = records.some(({ topic }) => topic.startsWith('request.'));
    if (broken === undefined || !isRequest) return publish(records);
    if (broken === 'effect-but-error') await publish(records);
    throw failure();
  };
  fixture = await gatewayFixture(database, { maxInFlight: 9, maxInFlightBytes: 1_000 }, bus);
  await eventually(() => fixture.module.replies.hearing());
});
afterEach(() => fixture.close());

const perform = (deadlineMs = 2_000) => fixture.module.exchanges.perform(fixture.request({ context: { deadlineMs } }));

const failedOf = ({ v, id, ts, from, to, svc, ep, prev }: AnsweredPayload, why: string): FailedPayload => {
  const side = why === 'breaker-open' ? 'provider-system' : 'provider';
  return { v, t: 'exchange.failed', id, ts, from, to, svc, ep, prev, why, side };
};

describe('capacity', () => {
  test('past the share of one consumer at one provider is 503 at once, and free again when exchanges end', async () => {
    fixture.provider.behaviour = { delayMs: 300 };
    const under = [perform(), perform(), perform()];
    expect(await perform()).toMatchObject({ kind: 'refused', code: 'gateway-busy', retryAfterS: 1 });
    // Others are not kept out by it: this one is refused for what it is, after it was let in.
    const other = fixture.request({ service: 'TEST/GOV/2/nobody/x' });
    expect(await fixture.module.exchanges.perform(other)).toMatchObject({ code: 'unknown-provider' });
    expect((await Promise.all(under)).map(({ kind }) => kind)).toEqual(['answered', 'answered', 'answered']);
    expect(await perform()).toMatchObject({ kind: 'answered' });
    // Capacity is counted, never stated.
    expect(fixture.log.ofType('exchange.refused')).toHaveLength(0);
  });

  test('turns a call away before anybody looks at who acts', async () => {
    let looks = 0;
    const { view } = fixture.registry;
    fixture.registry.view = new Proxy(view!, {
      get: (target, name): unknown => {
        if (name === 'issuers') looks += 1;
        const found: unknown = Reflect.get(target, name, target);
        return typeof found === 'function' ? (found.bind(target) as unknown) : found;
      },
    });
    const acting = () => fixture.module.exchanges.perform(fixture.request({ context: { endUser: 'x.y.z' } }));
    fixture.provider.behaviour = { delayMs: 300 };
    const under = [perform(), perform(), perform()];
    expect(await acting()).toMatchObject({ kind: 'refused', code: 'gateway-busy', retryAfterS: 1 });
    expect(looks).toBe(0);
    await Promise.all(under);
    expect(await acting()).toMatchObject({ kind: 'refused', code: 'end-user-malformed' });
    expect(looks).toBe(1);
  });

  test('tells a crowd to come again little by little', async () => {
    fixture.provider.behaviour = { delayMs: 300 };
    const under = [perform(), perform(), perform()];
    const refused = await Promise.all(Array.from({ length: 5 }, () => perform()));
    expect(refused.map((outcome) => outcome.kind !== 'answered' && outcome.retryAfterS)).toEqual([1, 1, 1, 1, 2]);
    await Promise.all(under);
  });

  test.each(['connector-busy', 'breaker-open'] as const)('that a provider has not (%s) is told alike', async (why) => {
    fixture.provider.behaviour = {
      payload: (honest) => failedOf(honest, why),
      answer: ({ exchangeId, statement }) => message(AnswerSchema, { exchangeId, statement }),
    };
    const told = [];
    for (let call = 0; call < 5; call += 1) told.push(await perform());
    expect(told).toEqual([1, 1, 1, 1, 2].map((retryAfterS) => expect.objectContaining({ code: why, retryAfterS })));
  });

  test('counts bytes too', async () => {
    const request = fixture.request({ method: 'POST', path: '/claims', body: Buffer.alloc(1_001) });
    expect(await fixture.module.exchanges.perform(request)).toMatchObject({ code: 'gateway-busy' });
  });
});

describe('the deadline', () => {
  test('is the shorter of what the caller and the service allow', async () => {
    fixture.provider.behaviour = { silent: true };
    const started = Date.now();
    expect(await perform(300)).toMatchObject({ code: 'provider-unreachable' });
    expect(Date.now() - started).toBeLessThan(2_000);
    expect(Date.now() - started).toBeGreaterThanOrEqual(290);
  });

  test('that has passed sends nothing', async () => {
    expect(await perform(0)).toMatchObject({ kind: 'refused', code: 'deadline-passed' });
    expect(await perform()).toMatchObject({ kind: 'answered' });
    expect(fixture.provider.seen).toHaveLength(1);
  });
});

describe('the bus', () => {
  test.each(['no-effect', 'effect-but-error'] as const)(
    'that fails a send (%s) fails the exchange at once',
    async (how) => {
      broken = how;
      expect(await perform(20_000)).toMatchObject({ kind: 'failed', code: 'bus-unavailable', side: 'bus' });
      // The failure is stated: what was stored before the error has its outcome.
      const failed = await eventually(() => fixture.log.ofType('exchange.failed')[0]);
      expect(failed.payload).toMatchObject({ why: 'bus-unavailable' });
    },
  );

  const claim = () =>
    fixture.module.exchanges.perform(
      fixture.request({
        method: 'POST',
        path: '/claims',
        headers: [{ name: 'Content-Type', value: 'application/json' }],
        body: Buffer.from('{"pin":"TEST000001"}'),
        context: { deadlineMs: 20_000 },
      }),
    );

  test.each(['no-effect', 'effect-but-error'] as const)(
    'that fails a send (%s) tells nobody to repeat an unsafe call: it may have been made',
    async (how) => {
      broken = how;
      expect(await claim()).toMatchObject({ kind: 'failed', code: 'outcome-unknown', side: 'bus' });
      const failed = await eventually(() => fixture.log.ofType('exchange.failed')[0]);
      expect(failed.payload).toMatchObject({ why: 'outcome-unknown' });
    },
  );

  test('that refuses before it tries leaves an unsafe call unmade', async () => {
    broken = 'no-effect';
    failure = () => busErrors.error('bus-overloaded');
    expect(await claim()).toMatchObject({ kind: 'failed', code: 'bus-unavailable', side: 'bus' });
    expect(fixture.provider.seen).toHaveLength(0);
  });
});

describe('nothing is taken', () => {
  test('without a valid copy of the registry', async () => {
    fixture.registry.view = undefined;
    expect(await perform()).toMatchObject({ code: 'registry-expired', side: 'bus' });
  });

  test('for a consumer whose published keys are not those held here', async () => {
    const { buildWorld } = await import('#testing');
    const stranger = await buildWorld({ number: 2 });
    fixture.registry.view = stranger.view;
    const alarms = fixture.module.keys.adopt(stranger.view, Date.now());
    expect(alarms).toEqual([{ consumer: 'TEST/GOV/1000/mygov', reason: 'keys-not-held' }]);
    expect(await perform()).toMatchObject({ code: 'consumer-stopped' });
  });
});

test('closing fails what waits, and the row says so', async () => {
  fixture.provider.behaviour = { silent: true };
  const outcome = perform(30_000);
  await eventually(() => fixture.module.pending.size === 1);
  fixture.module.pending.closeAll();
  expect(await outcome).toMatchObject({ kind: 'failed', code: 'gateway-closing', side: 'bus' });
});
