import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { gatewayMigrations } from '../migrations/index.js';
import type { ExchangeContext } from './exchange.js';
import { FaultyDatabase, type Fault } from './spec-support/faulty-database.js';
import { CONSUMER, gatewayFixture, type Fixture } from './spec-support/gateway-fixture.js';

let place: TestDatabase;
let real: Database;
let database: FaultyDatabase;
let fixture: Fixture;

beforeAll(async () => {
  place = await createDatabase();
  real = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await real.close();
  await place.drop();
});
beforeEach(async () => {
  database = new FaultyDatabase(real);
  fixture = await gatewayFixture(database);
  await eventually(() => fixture.module.replies.hearing());
});
afterEach(() => fixture.close());

const perform = (context: ExchangeContext = { deadlineMs: 600 }) =>
  fixture.module.exchanges.perform(fixture.request({ context }));
const INSERT = 'INSERT INTO exchange (id';
const END = 'UPDATE exchange e SET outcome';
const faults: readonly Fault[] = ['no-effect', 'effect-but-error'];

describe('the row', () => {
  test.each(faults)('not known to be inserted (%s): no outcome is claimed', async (fault) => {
    database.faults = [{ contains: INSERT, fault, times: 1 }];
    const outcome = await perform();
    expect(outcome).toMatchObject({ kind: 'failed', code: 'outcome-pending', retryAfterS: 5 });
    expect(outcome.exchangeId).toBeDefined();
    // Nothing is claimed later either: the log holds no failure of ours.
    expect(fixture.log.ofType('exchange.failed')).toHaveLength(0);
  });

  test('refuses calls at once until the database answers again', async () => {
    database.faults = [
      { contains: INSERT, fault: 'no-effect', times: 1 },
      { contains: 'SELECT 1', fault: 'no-effect', times: 1 },
    ];
    await perform();
    expect(await perform()).toMatchObject({ kind: 'refused', code: 'database-unavailable', retryAfterS: 5 });
    expect(fixture.provider.seen.length).toBeLessThanOrEqual(1);
    await eventually(async () => (await perform()).kind === 'answered');
  });

  test('that hangs refuses calls within about a second, long before a deadline, until it is written', async () => {
    const { promise: until, resolve: goOn } = Promise.withResolvers<undefined>();
    database.hung = { contains: INSERT, until };
    const first = perform({ deadlineMs: 10_000 });
    await eventually(() => !fixture.module.database.answers(), { timeoutMs: 3_000 });
    expect(await perform({ deadlineMs: 10_000 })).toMatchObject({ kind: 'refused', code: 'database-unavailable' });
    expect(fixture.provider.seen).toHaveLength(1);
    goOn(undefined);
    expect(await first).toMatchObject({ kind: 'answered' });
    expect(await perform()).toMatchObject({ kind: 'answered' });
  });

  test.each(faults)('not known to hold a failure (%s): no outcome is claimed', async (fault) => {
    fixture.provider.behaviour = { silent: true };
    database.faults = [{ contains: END, fault, times: 1 }];
    const outcome = await perform({ deadlineMs: 200 });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'outcome-pending' });
    const held = outcome.exchangeId && (await fixture.module.store.find(outcome.exchangeId, CONSUMER));
    expect(held && held.outcome?.kind).toBe(fault === 'no-effect' ? undefined : 'failed');
    // What the row holds reaches the log, though nobody was told.
    await fixture.module.outcomes.run();
    if (fault === 'effect-but-error') await eventually(() => fixture.log.ofType('exchange.failed')[0]);
    else expect(fixture.log.ofType('exchange.failed')).toHaveLength(0);
  });

  test.each(faults)('not known to hold the answer of a keyed call (%s): the answer is not released', async (fault) => {
    database.faults = [{ contains: END, fault, times: 1 }];
    expect(await perform({ idempotencyKey: `end-${fault}` })).toMatchObject({ code: 'outcome-pending' });
  });

  test.each(faults)('of an answer without a key is ended after the release (%s), head and all', async (fault) => {
    database.faults = [{ contains: END, fault, times: 2 }];
    const outcome = await perform();
    expect(outcome).toMatchObject({ kind: 'answered' });
    const id = outcome.exchangeId as NonNullable<typeof outcome.exchangeId>;
    const row = await eventually(async () => {
      const found = await fixture.module.store.find(id, CONSUMER);
      return found?.outcome === undefined ? undefined : found;
    });
    expect(row.outcome).toMatchObject({ kind: 'answered', answerHead: { status: 200 } });
    expect(fixture.counted).not.toContain('row-not-ended');
  });
});

describe('a failure in the row', () => {
  test('is sent by the next process until the log has it', async () => {
    fixture.provider.behaviour = { silent: true };
    fixture.log.tamper = (leaf) => (leaf.slot === 'c1' ? undefined : leaf);
    const outcome = await perform({ deadlineMs: 150 });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'provider-unreachable' });
    const before = fixture.log.stamps;
    await fixture.module.close();
    fixture.log.tamper = (leaf) => leaf;
    const next = fixture.another();
    await eventually(() => next.replies.hearing());
    await next.outcomes.run();
    await eventually(() => fixture.log.stamps > before);
    await eventually(async () => (await next.store.unreceipted(Date.now() + 1_000, 10)).length === 0);
  });
});

describe('rows', () => {
  test('are erased when their time is over, and found by their own consumer only', async () => {
    const outcome = await perform();
    const id = outcome.exchangeId;
    if (id === undefined) throw new TypeError('no id');
    const { store } = fixture.module;
    expect(await store.find(id, 'TEST/GOV/1009/operator' as typeof CONSUMER)).toBeUndefined();
    expect(await store.find(id, CONSUMER)).toBeDefined();
    expect(await store.sweep(Date.now() + 1_000, 1_000)).toBeGreaterThan(0);
    expect(await store.find(id, CONSUMER)).toBeUndefined();
  });

  test('and keys are all erased in one round, however many have outlived their time', async () => {
    const { exchangeId } = await perform({ deadlineMs: 600, idempotencyKey: 'sweep' });
    await fixture.module.store.settled(exchangeId as NonNullable<typeof exchangeId>);
    const [, keptKeys] = await counts();
    const dayMs = 24 * 60 * 60_000;
    await real.query(
      `INSERT INTO exchange (id, consumer, service, fingerprint, requested, salt, openings, request_head, deadline_ms,
                             created_ms)
       SELECT gen_random_uuid(), consumer, service, fingerprint, requested, salt, openings, request_head, deadline_ms,
              $2::bigint FROM exchange, generate_series(1, 650) WHERE id = $1`,
      [exchangeId, Date.now() - 31 * dayMs],
    );
    await real.query(
      `INSERT INTO idempotency_key (consumer, service, key_hash, exchange_id, created_ms)
       SELECT 'TEST/GOV/1000/mygov', 'x', n::text::bytea, gen_random_uuid(), $1::bigint FROM generate_series(1, 450) n`,
      [Date.now() - dayMs - 1_000],
    );
    await fixture.another({ keepRowsMs: 30 * dayMs }).outcomes.run();
    // The worker of the first gateway may hold the last rows of its own round for a moment.
    await eventually(
      async () =>
        (await real.query('SELECT id FROM exchange WHERE created_ms < $1', [Date.now() - 30 * dayMs])).length === 0 &&
        (await counts())[1] === keptKeys,
    );
    expect(await fixture.module.store.find(exchangeId as NonNullable<typeof exchangeId>, CONSUMER)).toBeDefined();
  });

  async function counts(): Promise<number[]> {
    const tables = ['exchange', 'idempotency_key'];
    const found = await Promise.all(tables.map((table) => real.query(`SELECT count(*)::int AS n FROM ${table}`, [])));
    return found.map(([row]) => Number(row?.['n']));
  }
});
