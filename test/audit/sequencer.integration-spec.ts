import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { silentLogger } from '#platform';
import { openDatabase, postgresErrors, type Database } from '#postgres';
import { createDatabase, type TestDatabase } from '#testing';
import {
  ed25519Seed,
  leafHash,
  noteSigner,
  openNote,
  parseVkey,
  verifyInclusion,
  type NoteKey,
  type NoteSigner,
} from '#tlog';
import { migrations } from '../../apps/audit/src/migrations/index.js';
import { LogStore, type Append, type NewLeaf } from '../../apps/audit/src/sequencer/log.store.js';
import { sequencerErrors } from '../../apps/audit/src/sequencer/sequencer.errors.js';
import { Sequencer } from '../../apps/audit/src/sequencer/sequencer.service.js';

jest.setTimeout(60_000);

const LOG = 1;
const { publicKey, sign } = ed25519Seed(randomBytes(32));
const signer: NoteSigner = noteSigner('audit.test.example/TEST/0/2026h2', publicKey, sign);
const parsed = parseVkey(signer.vkey);
const key = (parsed.ok ? parsed.value : undefined) as NoteKey;

let own: TestDatabase;
let database: Database;
/** The owner of the tables may lift their triggers, as an intruder with its rights would. */
const asIntruder = async (sql: string, parameters: unknown[] = []) => {
  await database.transaction(async (queries) => {
    await queries.query('SET LOCAL session_replication_role = replica');
    await queries.query(sql, parameters);
  });
};
const open = () => openDatabase({ url: own.url, schema: 'audit', migrations, poolSize: 4 });
const sequencerOn = (store: LogStore = new LogStore(database, LOG), published = 0) =>
  new Sequencer({
    store,
    signer,
    key,
    logger: silentLogger(),
    topic: 'audit.stamp.0',
    // What audit compares with is `start-check.service.ts`'s business; here it refuses or does not.
    compare: (size) => (published > size ? Promise.reject(sequencerErrors.error('log-behind')) : Promise.resolve()),
  });
/** Whoever owns it, and however lively. */
const taken = async (sequencer: Sequencer) => {
  await sequencer.claim(0);
  return sequencer.takeOver();
};

let counter = 0;
const leaf = (index: number): NewLeaf => {
  const body = Buffer.from(`statement ${(counter += 1)}`);
  const xid = randomBytes(16);
  return { xid, slot: 'c0', signer: 'TEST/x', leafHash: leafHash(body), body, index, offset: BigInt(index) };
};
const leaves = (first: number, count: number) => Array.from({ length: count }, (_, at) => leaf(first + at));
const count = async () => Number((await database.query<{ n: string }>('SELECT count(*) AS n FROM log_leaf'))[0]?.n);

beforeEach(async () => {
  own = await createDatabase({
    name: 'audit',
    prepare: async (url) => (await openDatabase({ url, schema: 'audit', migrations, poolSize: 1 })).close(),
  });
  database = await open();
});
afterEach(async () => {
  await database.close();
  await own.drop();
});

describe('a sequencer', () => {
  it('writes leaves, tiles and a signed head that outsiders can check, and goes on after a restart', async () => {
    const first = sequencerOn();
    await first.prepare();
    await taken(first);
    const batch = leaves(0, 700);
    const { extension, note } = await first.append(batch, [], 700n);
    const opened = openNote(note, [key]);
    expect(opened).toMatchObject({ ok: true, value: { size: 700 } });
    for (const index of [0, 255, 256, 699])
      expect(
        verifyInclusion(batch[index]?.leafHash ?? Buffer.alloc(0), index, 700, extension.path(index), extension.root),
      ).toBe(true);
    expect(await database.query('SELECT lvl, idx FROM log_tile ORDER BY idx')).toEqual([
      { lvl: 0, idx: '0' },
      { lvl: 0, idx: '1' },
    ]);
    const stored = await database.query<{ body: Buffer; kafka_offset: string }>(
      'SELECT body, kafka_offset FROM log_leaf ORDER BY idx',
    );
    expect(stored.map((row) => row.body.toString())).toEqual(batch.map((one) => one.body.toString()));
    expect(stored[699]?.kafka_offset).toBe('699');

    const second = sequencerOn();
    await second.prepare();
    expect((await taken(second)).nextOffset).toBe(700n);
    const more = await second.append(leaves(700, 3), [], 703n);
    expect(more.extension.size).toBe(703);
  });

  it('remembers the offset of a batch that had no leaves, under the same note', async () => {
    const sequencer = sequencerOn();
    await sequencer.prepare();
    await taken(sequencer);
    const { note } = await sequencer.append(leaves(0, 1), [], 5n);
    expect((await sequencer.append([], [], 9n)).note).toBe(note);
    expect((await taken(sequencerOn())).nextOffset).toBe(9n);
  });

  it('is fenced by the one that took over later, and writes nothing any more', async () => {
    const [old, young] = [sequencerOn(), sequencerOn()];
    await old.prepare();
    await taken(old);
    await old.append(leaves(0, 2), [], 2n);
    await taken(young);
    await expect(old.append(leaves(2, 2), [], 4n)).rejects.toMatchObject({ code: 'log-fenced' });
    await expect(old.append(leaves(2, 2), [], 4n)).rejects.toMatchObject({ code: 'log-not-owned' });
    expect(await count()).toBe(2);
    await young.append(leaves(2, 1), [], 3n);
    expect(await count()).toBe(3);
  });

  it('is prepared while another one appends', async () => {
    const owner = sequencerOn();
    await owner.prepare();
    await taken(owner);
    // The other one's batch is committed between two reads of the one that is being prepared.
    let appended = 0;
    class Interrupted extends LogStore {
      override async edge(...parameters: Parameters<LogStore['edge']>): ReturnType<LogStore['edge']> {
        await owner.append(leaves(appended, 300), [], BigInt(appended + 300));
        appended += 300;
        return super.edge(...parameters);
      }
    }
    for (let turn = 0; turn < 3; turn += 1) await sequencerOn(new Interrupted(database, LOG)).prepare();
    expect(await count()).toBe(appended);
    expect(appended).toBe(900);
  });

  it('of two that append at once only the owner gets through', async () => {
    const [a, b] = [sequencerOn(), sequencerOn()];
    await a.prepare();
    await taken(a);
    await taken(b);
    const outcomes = await Promise.allSettled([a.append(leaves(0, 5), [], 5n), b.append(leaves(0, 7), [], 7n)]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'fulfilled']);
    expect(await count()).toBe(7);
  });
});

describe('the lease of a log', () => {
  const LEASE_MS = 60_000;
  const silentFor = (ms: number) =>
    database.query(`UPDATE log_head SET updated = clock_timestamp() - interval '${ms} ms'`);
  let owner: Sequencer;
  beforeEach(async () => {
    owner = sequencerOn();
    await owner.prepare();
    expect(await owner.claim(LEASE_MS)).toBe(true);
    await owner.takeOver();
  });

  it('is not claimed from an owner that appends, renews, or has only just taken over', async () => {
    const standby = sequencerOn();
    expect(await standby.claim(LEASE_MS)).toBe(false);
    await silentFor(LEASE_MS);
    await owner.append(leaves(0, 1), [], 1n);
    expect(await standby.claim(LEASE_MS)).toBe(false);
    await silentFor(LEASE_MS);
    await owner.renew();
    expect(await standby.claim(LEASE_MS)).toBe(false);
    await owner.append(leaves(1, 1), [], 2n);
  });

  it('is claimed from a silent owner, which learns of it by its next renewal and appends nothing', async () => {
    const standby = sequencerOn();
    await silentFor(LEASE_MS);
    expect(await standby.claim(undefined)).toBe(false);
    expect(await standby.claim(LEASE_MS)).toBe(true);
    await standby.takeOver();
    await expect(owner.renew()).rejects.toMatchObject({ code: 'log-fenced' });
    expect(owner.isClaimed).toBe(false);
    await expect(owner.append(leaves(0, 1), [], 1n)).rejects.toMatchObject({ code: 'log-not-owned' });
    await expect(owner.takeOver()).rejects.toMatchObject({ code: 'log-not-owned' });
  });

  it('is claimed at once when it was given back, but not by who was fenced before', async () => {
    await owner.vacate();
    expect(owner.isOwner).toBe(false);
    const [standby, fenced] = [sequencerOn(), owner];
    expect(await standby.claim(undefined)).toBe(true);
    await fenced.vacate();
    expect(await sequencerOn().claim(undefined)).toBe(false);
  });

  it.each([
    ['without effect', false],
    ['with its effect', true],
  ])('is let go of where giving it back fails %s', async (_how, hasEffect) => {
    class Failing extends LogStore {
      override async vacate(epoch: bigint): Promise<never> {
        if (hasEffect) await super.vacate(epoch);
        throw postgresErrors.error('database-unavailable');
      }
    }
    await owner.vacate();
    const leaving = sequencerOn(new Failing(database, LOG));
    await leaving.claim(undefined);
    await taken(leaving);
    await leaving.vacate();
    expect(leaving.isClaimed).toBe(false);
    expect(await sequencerOn().claim(undefined)).toBe(hasEffect);
  });

  it('goes to one of many that claim it at once', async () => {
    await silentFor(LEASE_MS);
    const claims = await Promise.all(Array.from({ length: 6 }, () => sequencerOn().claim(LEASE_MS)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('is nobody’s when the answer to a claim is lost, until it has run out again', async () => {
    class Deaf extends LogStore {
      override async claim(...parameters: Parameters<LogStore['claim']>): Promise<never> {
        await super.claim(...parameters);
        throw postgresErrors.error('database-unavailable');
      }
    }
    await silentFor(LEASE_MS);
    const standby = sequencerOn(new Deaf(database, LOG));
    await expect(standby.claim(LEASE_MS)).rejects.toMatchObject({ code: 'database-unavailable' });
    expect(standby.isClaimed).toBe(false);
    const third = sequencerOn();
    expect(await third.claim(LEASE_MS)).toBe(false);
    await silentFor(LEASE_MS);
    expect(await third.claim(LEASE_MS)).toBe(true);
    await taken(third);
    await third.append(leaves(0, 1), [], 1n);
  });

  it('was lost during a takeover: that takeover fails', async () => {
    await owner.vacate();
    const standby: Sequencer = new Sequencer({
      store: new LogStore(database, LOG),
      signer,
      key,
      logger: silentLogger(),
      topic: 'audit.stamp.0',
      compare: async () => {
        await sequencerOn().claim(0);
        await standby.renew().catch(() => undefined);
      },
    });
    await standby.claim(undefined);
    await expect(standby.takeOver()).rejects.toMatchObject({ code: 'log-fenced' });
    expect(standby.isOwner).toBe(false);
  });
});

/** A store whose next append fails as told, before or after it took effect. */
class FaultyStore extends LogStore {
  fault: 'before' | 'after' | 'after-and-fenced' | undefined;
  /** Answers of the head that fail, after the fault. */
  deafHeads = 0;

  override async append(append: Append): Promise<boolean> {
    const { fault } = this;
    this.fault = undefined;
    if (fault === undefined) return super.append(append);
    if (fault !== 'before') await super.append(append);
    if (fault === 'after-and-fenced') await super.claim(0);
    throw postgresErrors.error('database-unavailable');
  }

  override async head(settled?: boolean) {
    if (this.deafHeads > 0) {
      this.deafHeads -= 1;
      throw postgresErrors.error('database-unavailable');
    }
    return super.head(settled);
  }
}

describe('when the answer to a commit is lost', () => {
  let store: FaultyStore;
  let sequencer: Sequencer;
  beforeEach(async () => {
    store = new FaultyStore(database, LOG);
    sequencer = sequencerOn(store);
    await sequencer.prepare();
    await taken(sequencer);
    await sequencer.append(leaves(0, 3), [], 3n);
  });

  it('and it had no effect, the batch is done again by who hands it over', async () => {
    store.fault = 'before';
    const batch = leaves(3, 4);
    await expect(sequencer.append(batch, [], 7n)).rejects.toMatchObject({ code: 'database-unavailable' });
    expect(await count()).toBe(3);
    expect((await sequencer.append(batch, [], 7n)).extension.size).toBe(7);
    expect(await count()).toBe(7);
  });

  it('but it had its effect, the batch counts as committed, once', async () => {
    store.fault = 'after';
    store.deafHeads = 2;
    expect((await sequencer.append(leaves(3, 4), [], 7n)).extension.size).toBe(7);
    expect((await sequencer.append(leaves(7, 1), [], 8n)).extension.size).toBe(8);
    expect(await count()).toBe(8);
  });

  it('and another has taken over meanwhile, nothing is released', async () => {
    store.fault = 'after-and-fenced';
    await expect(sequencer.append(leaves(3, 4), [], 7n)).rejects.toMatchObject({ code: 'log-fenced' });
    expect(sequencer.isOwner).toBe(false);
  });

  it('and the database stays away, it waits until it is stopped', async () => {
    store.fault = 'before';
    store.deafHeads = 1000;
    const append = expect(sequencer.append(leaves(3, 1), [], 4n)).rejects.toMatchObject({ code: 'commit-unknown' });
    sequencer.stop();
    await append;
  });
});

describe('the self-check refuses to start (audit-log.md §3.4)', () => {
  beforeEach(async () => {
    const sequencer = sequencerOn();
    await sequencer.prepare();
    await taken(sequencer);
    await sequencer.append(leaves(0, 600), [], 600n);
  });

  const flipped = (column: string) => `set_byte(${column}, 3, get_byte(${column}, 3) # 1)`;
  const damages: [string, string][] = [
    ['a byte of a body', `UPDATE log_leaf SET body = ${flipped('body')} WHERE idx = 590`],
    ['a leaf hash', `UPDATE log_leaf SET leaf_hash = ${flipped('leaf_hash')} WHERE idx = 599`],
    ['a leaf with its hash', `UPDATE log_leaf SET body = 'x', leaf_hash = sha256('\\x0078') WHERE idx = 512`],
    ['the data of a tile', `UPDATE log_tile SET data = ${flipped('data')} WHERE idx = 1`],
    ['the root of a tile', `UPDATE log_tile SET root = ${flipped('root')} WHERE idx = 0`],
    ['the root of the head', `UPDATE log_head SET root = ${flipped('root')}`],
    ['the frontier', `UPDATE log_head SET frontier = ${flipped('frontier')}`],
    ['the note', `UPDATE log_head SET note = replace(note, '600', '601')`],
    ['the size, smaller', 'UPDATE log_head SET size = 599'],
    ['the size, larger', 'UPDATE log_head SET size = 601'],
    ['the origin', `UPDATE log_head SET origin = 'another.example/log'`],
    ['a missing leaf', 'DELETE FROM log_leaf WHERE idx = 595'],
    ['a missing tile', 'DELETE FROM log_tile WHERE idx = 1'],
    [
      'two leaves that changed places',
      'UPDATE log_leaf SET idx = CASE idx WHEN 598 THEN 1000 ELSE 598 END WHERE idx IN (598, 599)',
    ],
    ['a leaf beyond the head', `INSERT INTO log_leaf VALUES (1, 600, '\\x00', '-', 'x', '\\x00', '\\x00', 0)`],
  ];
  it.each(damages)('%s', async (_what, sql) => {
    await asIntruder(sql);
    const start = async () => {
      await sequencerOn().prepare();
    };
    await expect(start()).rejects.toMatchObject({ code: 'log-damaged' });
    await expect(taken(sequencerOn())).rejects.toMatchObject({ code: 'log-damaged' });
  });

  it('a log that is older than a published checkpoint', async () => {
    await expect(taken(sequencerOn(undefined, 601))).rejects.toMatchObject({ code: 'log-behind' });
    expect((await taken(sequencerOn(undefined, 600))).size).toBe(600);
  });

  it('and the tables themselves refuse changes of what stands', async () => {
    for (const sql of [
      'UPDATE log_leaf SET slot = $1',
      'DELETE FROM log_tile WHERE root <> $1::bytea',
      'DELETE FROM log_leaf WHERE slot <> $1',
      'UPDATE log_leaf_default SET slot = $1',
      'DELETE FROM log_leaf_default WHERE slot <> $1',
    ])
      await expect(database.query(sql, ['x'])).rejects.toMatchObject({ details: { sqlState: '23000' } });
    for (const table of ['log_leaf', 'log_leaf_default', 'log_tile'])
      await expect(database.query(`TRUNCATE ${table}`)).rejects.toMatchObject({ details: { sqlState: '23000' } });
  });
});
