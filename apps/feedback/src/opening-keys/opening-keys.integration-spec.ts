import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { OutgoingRecord } from '#bus';
import { fixedTopics } from '#contracts';
import { openDatabase, type Database } from '#postgres';
import { generateSigningKey, jwkSigner } from '#signing';
import { createDatabase, fakeClock, type TestDatabase } from '#testing';
import { keyMigrations } from '../key-store/migrations/index.js';
import { migrations } from '../migrations/index.js';
import { InboxStore } from '../openings/inbox.store.js';
import { OpeningKeyStore } from './opening-key.store.js';
import { OpeningKeys } from './opening-keys.worker.js';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
const START = Date.parse('2030-01-01T00:00:00Z');
const RETENTION = fixedTopics.opening.retentionMs;

let own: TestDatabase;
let database: Database;
let keysDatabase: Database;
beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'feedback', migrations, poolSize: 2 });
  keysDatabase = await openDatabase({ url: own.url, schema: 'feedback_keys', migrations: keyMigrations, poolSize: 3 });
}, 60_000);
afterAll(async () => {
  await database.close();
  await keysDatabase.close();
  await own.drop();
});
beforeEach(async () => {
  await keysDatabase.query('DELETE FROM opening_key');
  await database.query('DELETE FROM inbox');
});

function startAt(startMs: number) {
  const clock = fakeClock(startMs);
  const announced: string[] = [];
  const destroyed: string[] = [];
  const publish = (records: readonly OutgoingRecord[]) => {
    announced.push(...records.map(({ value }) => Buffer.from(value ?? '').toString()));
    return Promise.resolve();
  };
  const keys = new OpeningKeys({
    bus: { publish, endOffset: () => Promise.resolve(0n) } as never,
    store: new OpeningKeyStore(keysDatabase, randomBytes(32)),
    inbox: new InboxStore(database),
    clock,
    instanceId: 'TEST/feedback1',
    rotateMs: DAY,
    signer: () => jwkSigner(generateSigningKey()),
    // The specs read the key’s name in it.
    sign: (_signer, { kid }) => Promise.resolve(kid),
    destroyed: (kid) => destroyed.push(kid),
    failed: () => undefined,
  });
  return { keys, clock, announced, destroyed };
}

it('announces its key again each hour, for whoever came late or to a topic that has lost it', async () => {
  const { keys, clock, announced } = startAt(START);
  await keys.tick();
  await keys.tick();
  expect(announced).toHaveLength(1);
  clock.set(START + HOUR);
  await keys.tick();
  await keys.tick();
  expect(announced).toEqual([announced[0], announced[0]]);
});

it('takes no key of the future for the newest, when a clock that was ahead has come back', async () => {
  const { keys, clock, announced } = startAt(START + 30 * DAY);
  await keys.tick();
  clock.set(START);
  await keys.tick();
  await keys.tick();
  expect(new Set(announced).size).toBe(2);
  expect(announced).toHaveLength(2);
  expect(await keys.privateKey(announced[0] ?? '')).toBeDefined();
});

it('keeps a key for what came in time, and for nothing that anybody sends later', async () => {
  const { keys, clock, announced, destroyed } = startAt(START);
  await keys.tick();
  const [kid = ''] = announced;
  const spentMs = START + 2 * DAY + RETENTION;
  const arrives = (atMs: number) =>
    database.query(
      `INSERT INTO inbox (statement, kid, value, partition, record_offset, at_ms, is_ready)
       VALUES ('\\x01', $1, '\\x01', 0, 0, $2, false)`,
      [kid, atMs],
    );
  await arrives(spentMs - 1);
  await arrives(spentMs);
  clock.set(spentMs);
  await keys.tick();
  expect(destroyed).toEqual([]);
  await database.query('DELETE FROM inbox WHERE at_ms < $1', [spentMs]);
  await keys.tick();
  expect(destroyed).toEqual([kid]);
});
