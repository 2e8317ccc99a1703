import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { jwkSigner, signStatement } from '#signing';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { gatewayMigrations } from '../migrations/index.js';
import { FaultyDatabase } from './spec-support/faulty-database.js';
import { CONSUMER, gatewayFixture, PROVIDER, type Fixture } from './spec-support/gateway-fixture.js';

const ROWS = 1_000;

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
  await real.query('DELETE FROM exchange', []);
  database = new FaultyDatabase(real);
  fixture = await gatewayFixture(database, { maxUnreceiptedStamps: ROWS * 2 });
  await eventually(() => fixture.module.replies.hearing());
});
afterEach(() => fixture.close());

/** Rows as a gateway leaves them that failed its exchanges while the log was away; many end in the same millisecond. */
async function failedRows(): Promise<string[]> {
  const ids = Array.from({ length: ROWS }, () => newExchangeId());
  const signer = jwkSigner(fixture.world.keysOf(CONSUMER).sign);
  const ts = Date.now();
  const parties = { from: CONSUMER, to: PROVIDER, svc: `${PROVIDER}/persons`, ep: 'GET /{pin}' };
  const prev = Buffer.alloc(32).toString('base64url');
  const failed = { v: 1, t: 'exchange.failed', ts, ...parties, prev, why: 'no-receipt', side: 'bus' } as const;
  const stated = await Promise.all(ids.map((id) => signStatement({ ...failed, id }, signer)));
  await real.query(
    `INSERT INTO exchange (id, consumer, service, fingerprint, requested, salt, openings, request_head, deadline_ms,
                           created_ms, outcome, outcome_code, outcome_side, outcome_jws, outcome_by, ended_ms)
     SELECT id, $3, $4, '', 'x', '', '[]', '{}', $5, $5, 'failed', 'no-receipt', 'bus', jws, 'gateway', $5 - n % 3
       FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS given (id, jws, n)`,
    [ids, stated.map(({ jws }) => jws), CONSUMER, parties.svc, ts - 1_000],
  );
  return ids;
}

describe('outcomes that only rows hold', () => {
  test('are all published in one round, also behind those that are kept already', async () => {
    const ids = await failedRows();
    // A log that receipts nothing yet: whatever is kept stays kept.
    fixture.log.tamper = () => undefined;
    await fixture.module.outcomes.run();
    await eventually(() => fixture.module.stamps.size >= ROWS);
    await eventually(
      () => new Set(fixture.log.ofType('exchange.failed').map(({ payload }) => payload.id)).size === ROWS,
    );
    expect(new Set(fixture.log.ofType('exchange.failed').map(({ payload }) => payload.id))).toEqual(new Set(ids));
  });

  test('are marked with few statements when the log receipts them all at once', async () => {
    const ids = await failedRows();
    const before = database.asked.length;
    const marked = Array.from({ length: 5 }, () => ids).flat() as Parameters<
      Fixture['module']['store']['markReceipted']
    >[0][];
    await Promise.all(marked.map((id) => fixture.module.store.markReceipted(id)));
    expect(database.asked.slice(before).filter((sql) => sql.startsWith('UPDATE')).length).toBeLessThanOrEqual(6);
    expect(await fixture.module.store.unreceipted(Date.now(), ROWS)).toEqual([]);
  });
});
