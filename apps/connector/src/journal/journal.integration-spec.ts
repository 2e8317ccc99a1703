import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newExchangeId, systemClock } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { JournalStore } from './journal.store.js';
import { connectorMigrations } from '../migrations/index.js';

let own: TestDatabase;
let database: Database;
let journal: JournalStore;
beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'connector', migrations: connectorMigrations, poolSize: 4 });
  journal = new JournalStore(database, 1000);
}, 60_000);
afterAll(async () => {
  await database.close();
  await own.drop();
});

const call = (owner: string, callMs = 60_000, exchangeId = newExchangeId()) => ({
  exchangeId,
  leafHash: Buffer.alloc(32, 1),
  owner,
  callMs,
  request: Buffer.from('request'),
});
const outcome = (text: string) => ({ statement: text, answer: Buffer.from(text) });

describe('the journal lets one', () => {
  it('of many racing connectors make a call', async () => {
    const exchangeId = newExchangeId();
    const second = new JournalStore(database, 1000);
    const begun = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? journal : second).begin(call(`owner-${index}`, 60_000, exchangeId)),
      ),
    );
    expect(begun.filter(Boolean)).toHaveLength(1);
  });

  it('outcome stand: the maker’s, if it comes before the deadline is judged', async () => {
    const begun = call('a');
    await journal.begin(begun);
    expect(await journal.orphan(begun.exchangeId, outcome('unknown'))).toBe(false);
    expect(await journal.end({ ...begun, owner: 'b', ...outcome('theirs') })).toBe(false);
    expect(await journal.end({ ...begun, ...outcome('mine') })).toBe(true);
    // The same write again, because its acknowledgement was lost, still says that these bytes stand.
    expect(await journal.end({ ...begun, ...outcome('mine') })).toBe(true);
    expect(await journal.end({ ...begun, ...outcome('second story') })).toBe(false);
    expect(await journal.find(begun.exchangeId)).toMatchObject({ state: 'done', statement: 'mine' });
  });

  it('keep what its answer alone told, sealed, beside its neighbours that told nothing', async () => {
    const [told, silent] = [call('a'), call('a')];
    await Promise.all([journal.begin(told), journal.begin(silent)]);
    const ended = [
      journal.end({ ...told, ...outcome('told'), opening: Buffer.from([0, 255]) }),
      journal.end({ ...silent, ...outcome('silent') }),
    ];
    expect(await Promise.all(ended)).toEqual([true, true]);
    expect(await journal.find(told.exchangeId)).toMatchObject({ statement: 'told', opening: Buffer.from([0, 255]) });
    expect(await journal.find(silent.exchangeId)).toMatchObject({ statement: 'silent', opening: undefined });
  });

  it('outcome stand: unknown, if the deadline has passed by the database’s clock', async () => {
    const begun = call('a', 1);
    await journal.begin(begun);
    const start = systemClock.now();
    await eventually(() => journal.orphan(begun.exchangeId, outcome('unknown')));
    expect(systemClock.now() - start).toBeLessThan(5_000);
    expect(await journal.end({ ...begun, ...outcome('mine') })).toBe(false);
    expect(await journal.find(begun.exchangeId)).toMatchObject({ state: 'unknown', statement: 'unknown' });
  });

  it('finds orphans after their grace and keeps ended rows for their time', async () => {
    const begun = call('gone', 1);
    await journal.begin(begun);
    await eventually(async () => (await journal.orphans(0, 10)).length > 0);
    expect(await journal.orphans(60_000, 10)).toEqual([]);
    const found = await journal.orphans(0, 10);
    expect(await journal.orphans(0, 10, 1)).toEqual(found.slice(1));
    await journal.orphan(begun.exchangeId, outcome('unknown'));
    expect(await journal.sweep(60_000, 100)).toBe(0);
    expect(await journal.sweep(0, 100)).toBeGreaterThan(0);
    expect(await journal.find(begun.exchangeId)).toBeUndefined();
  });
});
