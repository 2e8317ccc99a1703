import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '#platform';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, type TestDatabase } from '#testing';
import { ed25519Seed, leafHash, noteSigner, parseVkey, type NoteKey } from '#tlog';
import { migrations } from '../../apps/audit/src/migrations/index.js';
import { LogStore, type NewLeaf } from '../../apps/audit/src/sequencer/log.store.js';
import { Sequencer } from '../../apps/audit/src/sequencer/sequencer.service.js';

jest.setTimeout(60_000);

const { publicKey, sign } = ed25519Seed(randomBytes(32));
const signer = noteSigner('audit.test.example/TEST/0/2026h2', publicKey, sign);
const parsed = parseVkey(signer.vkey);
const key = (parsed.ok ? parsed.value : undefined) as NoteKey;
const leaf = (index: number): NewLeaf => {
  const body = randomBytes(20);
  const xid = randomBytes(16);
  return { xid, slot: 'c0', signer: 'TEST/x', leafHash: leafHash(body), body, index, offset: BigInt(index) };
};

let own: TestDatabase;
let database: Database;
/** How each takeover had the log compared: its size, and whether it is our own of this epoch. */
let compared: [number, boolean][];

beforeEach(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'audit', migrations, poolSize: 2 });
  compared = [];
});
afterEach(async () => {
  await database.close();
  await own.drop();
});

const sequencerOf = () =>
  new Sequencer({
    store: new LogStore(database, 1),
    signer,
    key,
    logger: silentLogger(),
    topic: 'audit.stamp.0',
    compare: (...how) => {
      compared.push(how);
      return Promise.resolve();
    },
  });
const claimed = async () => {
  const sequencer = sequencerOf();
  await sequencer.prepare();
  await sequencer.claim(0);
  return sequencer;
};
/** What only a database does by itself: the triggers would refuse it. */
const asStandby = (sql: string, parameters: unknown[]) =>
  database.transaction(async (queries) => {
    await queries.query('SET LOCAL session_replication_role = replica');
    await queries.query(sql, parameters);
  });
/** As a standby of the database has it that was behind when it was promoted. */
const rollBackTo = async (copy: Record<string, unknown> = {}) => {
  await asStandby('DELETE FROM log_leaf WHERE idx >= $1', [copy['size']]);
  await asStandby('UPDATE log_head SET size = $1, root = $2, frontier = $3, note = $4, next_offset = $5', [
    ...['size', 'root', 'frontier', 'note', 'next_offset'].map((column) => copy[column]),
  ]);
};
const copyOfHead = async () => (await database.query('SELECT * FROM log_head'))[0];

describe('a takeover by the process that had the log (audit-log.md §3.4)', () => {
  it('continues what it made itself in the same epoch, also after it was refused or paused', async () => {
    const sequencer = await claimed();
    await sequencer.takeOver();
    await sequencer.takeOver();
    await sequencer.append([leaf(0), leaf(1)], [], 2n);
    await sequencer.append([], [], 5n);
    sequencer.pause();
    await sequencer.takeOver();
    expect(compared).toEqual([
      [0, false],
      [0, true],
      [2, true],
    ]);
  });

  it('asks as a stranger does in another epoch, whoever had the log in between', async () => {
    const sequencer = await claimed();
    await sequencer.takeOver();
    await sequencer.append([leaf(0)], [], 1n);
    await sequencer.vacate();
    await sequencer.claim(undefined);
    await sequencer.takeOver();
    expect(compared.at(-1)).toEqual([1, false]);
    const other = await claimed();
    await other.takeOver();
    await other.append([leaf(1)], [], 2n);
    await expect(sequencer.takeOver()).rejects.toMatchObject({ code: 'log-fenced' });
    await sequencer.claim(0);
    await sequencer.takeOver();
    expect(compared.at(-1)).toEqual([2, false]);
  });

  it('refuses a database that has lost what it committed, without asking anybody', async () => {
    const sequencer = await claimed();
    await sequencer.takeOver();
    await sequencer.append([leaf(0)], [], 1n);
    const copy = await copyOfHead();
    await sequencer.append([leaf(1)], [], 2n);
    await rollBackTo(copy);
    const asked = compared.length;
    for (let turn = 0; turn < 2; turn += 1)
      await expect(sequencer.takeOver()).rejects.toMatchObject({
        code: 'log-behind',
        details: { size: 1, remembered: 2 },
      });
    expect(compared).toHaveLength(asked);
  });

  it('asks as a stranger does where its epoch holds what it did not write', async () => {
    const sequencer = await claimed();
    await sequencer.takeOver();
    await sequencer.append([leaf(0)], [], 1n);
    const { epoch } = (await copyOfHead()) as { epoch: string };
    const other = await claimed();
    await other.takeOver();
    await other.append([leaf(1)], [], 2n);
    await asStandby('UPDATE log_head SET epoch = $1', [epoch]);
    await sequencer.takeOver();
    expect(compared.at(-1)).toEqual([2, false]);
  });
});
