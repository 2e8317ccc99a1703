import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newExchangeId, type ServiceId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import {
  generateSigningKey,
  jwkSigner,
  signStatement,
  type AnsweredPayload,
  type FailedPayload,
  type Statement,
  type StatementPayload,
} from '#signing';
import { buildWorld, createDatabase, eventually, uniqueName, type TestDatabase } from '#testing';
import { gatewayMigrations } from '../migrations/index.js';
import type { ExchangeContext } from './exchange.js';
import { FaultyDatabase, type Fault } from './spec-support/faulty-database.js';
import { CONSUMER, gatewayFixture, PROVIDER, type Fixture } from './spec-support/gateway-fixture.js';

let place: TestDatabase;
let real: Database;
let database: FaultyDatabase;
let fixture: Fixture;
let key: string;

beforeAll(async () => {
  place = await createDatabase();
  real = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await real.close();
  await place.drop();
});
beforeEach(async () => {
  key = uniqueName('key');
  database = new FaultyDatabase(real);
  fixture = await gatewayFixture(database);
  await eventually(() => fixture.module.replies.hearing());
});
afterEach(() => fixture.close());

function claim(pin: string, context: ExchangeContext) {
  return fixture.request({
    method: 'POST',
    path: '/claims',
    headers: [{ name: 'Content-Type', value: 'application/json' }],
    body: Buffer.from(JSON.stringify({ pin })),
    context,
  });
}

function call(pin = 'TEST000001', deadlineMs = 3_000, module = fixture.module) {
  return module.exchanges.perform(claim(pin, { idempotencyKey: key, deadlineMs }));
}

describe('one key', () => {
  test('is one call, however often it is repeated at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => call()));
    expect(fixture.provider.seen).toHaveLength(1);
    const ids = new Set(outcomes.map(({ exchangeId }) => exchangeId));
    expect(ids.size).toBe(1);
    expect(outcomes.every(({ kind }) => kind === 'answered')).toBe(true);
  });

  test('is one call over two gateways with one database', async () => {
    const other = fixture.another();
    await eventually(() => other.replies.hearing());
    fixture.provider.behaviour = { delayMs: 300 };
    const [first, second] = await Promise.all([call(), call('TEST000001', 3_000, other)]);
    expect(fixture.provider.seen).toHaveLength(1);
    const [won, lost] = first.kind === 'answered' ? [first, second] : [second, first];
    expect(won.kind).toBe('answered');
    expect(lost).toMatchObject({
      kind: 'refused',
      code: 'exchange-ended',
      exchangeId: won.exchangeId,
      detail: 'answered',
    });
  });

  test('that has ended is told with its id and outcome, and nothing is called', async () => {
    const first = await call();
    expect(await call()).toMatchObject({ code: 'exchange-ended', exchangeId: first.exchangeId, detail: 'answered' });
    expect(fixture.provider.seen).toHaveLength(1);
  });

  test('for another call is refused, while open and after', async () => {
    fixture.provider.behaviour = { delayMs: 200 };
    const first = call();
    await eventually(() => fixture.provider.seen.length === 1);
    expect(await call('TEST000002')).toMatchObject({ kind: 'refused', code: 'idempotency-key-reused' });
    expect((await first).kind).toBe('answered');
    expect(await call('TEST000002')).toMatchObject({ kind: 'refused', code: 'idempotency-key-reused' });
    expect(fixture.provider.seen).toHaveLength(1);
  });

  test('is free again after 24 hours', async () => {
    await call();
    await real.query('UPDATE idempotency_key SET created_ms = created_ms - $1', [24 * 60 * 60_000 + 1]);
    expect(await call()).toMatchObject({ kind: 'answered' });
    expect(fixture.provider.seen).toHaveLength(2);
  });

  test('repeated with less patience than the first call has is told that it is open, at its own deadline', async () => {
    fixture.provider.behaviour = { delayMs: 1_500 };
    const first = call('TEST000001', 5_000);
    await eventually(() => fixture.provider.seen.length === 1);
    const startedMs = Date.now();
    const second = await call('TEST000001', 300);
    expect(Date.now() - startedMs).toBeLessThan(1_000);
    expect(second).toMatchObject({ kind: 'refused', code: 'exchange-open', exchangeId: (await first).exchangeId });
    expect((await first).kind).toBe('answered');
  });

  test('whose row was erased has ended, and fails nobody else’s call in the same batch', async () => {
    const { exchangeId } = await call();
    await fixture.module.store.settled(exchangeId as NonNullable<typeof exchangeId>);
    await real.query('DELETE FROM exchange WHERE id = $1', [exchangeId]);
    const repeated = call();
    const mine = key;
    key = uniqueName('key');
    const other = call();
    key = mine;
    expect(await repeated).toMatchObject({ kind: 'refused', code: 'exchange-ended', exchangeId });
    expect((await other).kind).toBe('answered');
    expect(fixture.provider.seen).toHaveLength(2);
  });

  test('failed: the repeat learns why', async () => {
    fixture.provider.behaviour = { silent: true };
    expect(await call('TEST000001', 200)).toMatchObject({ code: 'provider-unreachable' });
    expect(await call()).toMatchObject({ code: 'exchange-ended', detail: 'failed: provider-unreachable' });
  });
});

describe('taking the key', () => {
  test.each<Fault>(['no-effect', 'effect-but-error'])('that failed once (%s) is tried again', async (fault) => {
    database.faults = [{ contains: 'WITH given', fault, times: 1 }];
    expect(await call()).toMatchObject({ kind: 'answered' });
    expect(fixture.provider.seen).toHaveLength(1);
  });

  test('that cannot be done sends nothing', async () => {
    database.faults = [{ contains: 'WITH given', fault: 'no-effect', times: 2 }];
    expect(await call()).toMatchObject({ code: 'database-unavailable', side: 'bus', retryAfterS: 5 });
    expect(fixture.module.tally.take(Infinity)).toMatchObject([{ why: 'database-unavailable', from: CONSUMER, n: 1 }]);
    expect(fixture.provider.seen).toHaveLength(0);
    expect(fixture.log.leaves).toHaveLength(0);
  });
});

describe('a call that cannot be signed', () => {
  test('is refused and counted the same, with a key or without', async () => {
    // Others' keys are published, and this gateway has not looked at them yet.
    fixture.registry.view = (await buildWorld({ number: 2 })).view;
    const unkeyed = fixture.module.exchanges.perform(claim('TEST000001', { deadlineMs: 3_000 }));
    const refused = { kind: 'refused', code: 'consumer-stopped', side: 'consumer', decidedBy: 'gateway' };
    expect(await Promise.all([unkeyed, call(), call()])).toEqual([refused, refused, refused]);
    expect(fixture.module.tally.take(Infinity)).toMatchObject([{ why: 'consumer-stopped', from: CONSUMER, n: 3 }]);
    expect(fixture.provider.seen).toHaveLength(0);
  });
});

describe('one batch of claims', () => {
  /** A retry may join the batch in which its first attempt still waits, and so may the next call under the key. */
  test('may hold a key twice: the first row has it, and others fail nothing', async () => {
    const { store } = fixture.module;
    const nowMs = Date.now();
    const keyed = (name: string) => ({
      keyHash: Buffer.from(`${key} ${name}`),
      row: {
        id: newExchangeId(),
        consumer: CONSUMER,
        service: `${PROVIDER}/persons` as ServiceId,
        fingerprint: Buffer.alloc(32),
        requested: 'x',
        salt: Buffer.alloc(32),
        openings: [],
        requestHead: { method: 'GET', target: '/r1/x', headers: [], bodySha512: null },
        deadlineMs: nowMs,
        createdMs: nowMs,
      },
    });
    const [mine, next, other] = [keyed('a'), keyed('a'), keyed('b')];
    const claims = await Promise.all([mine, mine, next, other].map((item) => store.claim(item)));
    expect(claims.map(({ kind }) => kind)).toEqual(['claimed', 'claimed', 'held', 'claimed']);
    expect(claims[2]).toMatchObject({ holder: { exchangeId: mine.row.id } });
  });
});

describe('a gateway that died', () => {
  /** A row that nobody waits for, as a killed process leaves it. */
  async function orphan(): Promise<string> {
    fixture.provider.behaviour = { silent: true };
    database.faults = [{ contains: 'UPDATE exchange e SET outcome', fault: 'no-effect', times: 1 }];
    const lost = await call('TEST000001', 100);
    expect(lost).toMatchObject({ code: 'outcome-pending' });
    await eventually(() => fixture.module.database.answers());
    return lost.exchangeId ?? '';
  }

  test('leaves a row that a repeat waits for, and does not call again', async () => {
    const id = await orphan();
    expect(await call('TEST000001', 300)).toMatchObject({ code: 'exchange-open', exchangeId: id });
    expect(fixture.provider.seen).toHaveLength(1);
  });

  test('is followed, 60 s after the deadline, by gateway-lost', async () => {
    const id = await orphan();
    await real.query('UPDATE exchange SET deadline_ms = deadline_ms - 61000 WHERE id = $1', [id]);
    expect(await call()).toMatchObject({ code: 'exchange-ended', exchangeId: id, detail: 'failed: gateway-lost' });
    await fixture.module.outcomes.run();
    const failed = await eventually(() => fixture.log.ofType('exchange.failed')[0]);
    expect(failed.payload).toMatchObject({ id, why: 'gateway-lost', side: 'bus' });
    expect(fixture.provider.seen).toHaveLength(1);
  });

  test('is taken over, 60 s after the deadline, by another gateway under the same key', async () => {
    const id = await orphan();
    const other = fixture.another();
    await eventually(() => other.replies.hearing());
    fixture.provider.behaviour = {};
    // Before that it may still be at work: the other waits, and calls nothing.
    expect(await call('TEST000001', 300, other)).toMatchObject({ code: 'exchange-open', exchangeId: id });
    await real.query('UPDATE exchange SET deadline_ms = deadline_ms - 61000 WHERE id = $1', [id]);
    const ended = { code: 'exchange-ended', exchangeId: id, detail: 'failed: gateway-lost' };
    // Both at once, as when the first one comes back to life: one takes it, and both tell the same end.
    const [taken, repeated] = await Promise.all([call('TEST000001', 3_000, other), call('TEST000001', 3_000)]);
    expect([taken, repeated]).toMatchObject([ended, ended]);
    await other.outcomes.run();
    // The outcomes of tests before are sent again, too.
    const failures = () => fixture.log.ofType('exchange.failed').filter(({ payload }) => payload.id === id);
    const failed = await eventually(() => failures()[0]);
    expect(failed.payload).toMatchObject({ why: 'gateway-lost', side: 'bus' });
    await fixture.module.outcomes.run();
    expect(new Set(failures().map(({ jws }) => jws)).size).toBe(1);
    expect(fixture.provider.seen).toHaveLength(1);
  });

  test('or by what the provider has in the log', async () => {
    const id = await orphan();
    fixture.provider.behaviour = {};
    await fixture.provider.answerAgain(0);
    const answered = await eventually(() => fixture.log.ofType('exchange.answered')[0]);
    fixture.log0.outcome = answered;
    await real.query('UPDATE exchange SET deadline_ms = deadline_ms - 61000 WHERE id = $1', [id]);
    expect(await call()).toMatchObject({ code: 'exchange-ended', exchangeId: id, detail: 'answered' });
    const row = await fixture.module.store.outcomeOf(
      answered.payload.id as Parameters<typeof fixture.module.store.outcomeOf>[0],
    );
    expect(row).toMatchObject({ kind: 'answered', by: 'provider', jws: answered.jws });
    expect(CONSUMER).toBe(answered.payload.from);
  });

  /** What a lying audit service may show in the provider's place: leaves of the log all the same. */
  const forged: readonly [name: string, leaf: (honest: AnsweredPayload) => Promise<Statement>][] = [
    ['signed by a stranger', (honest) => signStatement(honest, jwkSigner(generateSigningKey()))],
    ["signed with the provider's kid by another key", (honest) => signedAs(honest, PROVIDER, CONSUMER)],
    ['of another exchange', (honest) => signedAs({ ...honest, id: newExchangeId() }, PROVIDER)],
    [
      "by the consumer's own key",
      ({ v, id, ts, from, to, svc, ep, prev }) =>
        signedAs(
          { v, t: 'exchange.failed', id, ts, from, to, svc, ep, prev, why: 'gateway-lost', side: 'bus' },
          CONSUMER,
        ),
    ],
  ];

  async function signedAs(payload: AnsweredPayload | FailedPayload, as: string, by = as): Promise<Statement> {
    const { kid } = fixture.world.keysOf(as).sign;
    return signStatement<StatementPayload>(payload, { ...jwkSigner(fixture.world.keysOf(by).sign), kid });
  }

  test.each(forged)('stays open, with an alarm, when the leaf shown is %s', async (_, leaf) => {
    const id = await orphan();
    const prev = fixture.log.leaves[0]?.leafHash.toString('base64url') ?? '';
    const { from = '', to = '', svc = '', ep = '' } = fixture.log.leaves[0]?.payload ?? {};
    const res = `h1:${Buffer.alloc(32).toString('base64url')}`;
    const parties = { from, to, svc, ep, snap: 1, prev };
    fixture.log0.outcome = await leaf({ v: 1, t: 'exchange.answered', id, ts: Date.now(), st: 200, res, ...parties });
    await real.query('UPDATE exchange SET deadline_ms = deadline_ms - 61000 WHERE id = $1', [id]);
    expect(await call('TEST000001', 300)).toMatchObject({ code: 'exchange-open', exchangeId: id });
    expect(fixture.alarms).toContain('takeover-leaf-refused');
  });

  test("is followed by gateway-lost when the provider's own leaf answers another request", async () => {
    const id = await orphan();
    fixture.provider.behaviour = {
      payload: (honest) => ({ ...honest, prev: Buffer.alloc(32, 1).toString('base64url') }),
    };
    await fixture.provider.answerAgain(0);
    fixture.log0.outcome = await eventually(() => fixture.log.ofType('exchange.answered')[0]);
    await real.query('UPDATE exchange SET deadline_ms = deadline_ms - 61000 WHERE id = $1', [id]);
    expect(await call()).toMatchObject({ code: 'exchange-ended', exchangeId: id, detail: 'failed: gateway-lost' });
  });
});
