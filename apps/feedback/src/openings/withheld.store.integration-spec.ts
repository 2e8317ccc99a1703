import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, type TestDatabase } from '#testing';
import { migrations } from '../migrations/index.js';
import { WithheldStore } from './withheld.store.js';

let own: TestDatabase;
let database: Database;
beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'feedback', migrations, poolSize: 2 });
}, 60_000);
afterAll(async () => {
  await database.close();
  await own.drop();
});

let count = 0;
/** A request that the provider alone has opened; its statement. */
async function withheld(standing: 1 | 2, askMs: number): Promise<Buffer> {
  const statement = randomBytes(32);
  await database.query(
    `INSERT INTO commitment (log_id, idx, kind, position, statement, exchange, exchange_id, consumer, value, ts_ms, seen_ms,
                             state, ask_ms, withheld)
     VALUES (1, $1, 0, 0, $2, $2, $3, 'T/GOV/1/a', '', 0, 0, 'indexed', $4, $5)`,
    [(count += 1), statement, newExchangeId(), askMs, standing],
  );
  return statement;
}

it('a request whose consumer’s opening waits here is not due, and those behind it are', async () => {
  const store = new WithheldStore(database);
  const [waiting, away] = [await withheld(2, 10), await withheld(2, 20)];
  const later = await withheld(2, 31);
  const unasked = await withheld(1, 10);
  await database.query(
    `INSERT INTO inbox (statement, kid, value, partition, record_offset, at_ms, is_ready) VALUES ($1, 'k', '', 0, 0, 0, true)`,
    [waiting],
  );
  const due = async (limit: number) => (await store.due('asked', 30, limit)).map(({ statement }) => statement);
  expect(await due(1)).toEqual([away]);
  expect(await due(500)).toEqual([away]);
  await database.query('DELETE FROM inbox');
  expect(new Set(await due(500))).toEqual(new Set([waiting, away]));
  expect((await store.due('unasked', 30, 500)).map(({ statement }) => statement)).toEqual([unasked]);
  expect((await store.due('asked', 31, 500)).map(({ statement }) => statement)).toContainEqual(later);
});
