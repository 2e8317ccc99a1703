import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { OutgoingRecord } from '#bus';
import { AppMetrics, createLogger } from '#platform';
import { openDatabase, type Database } from '#postgres';
import { generateSigningKey, jwkSigner, parseStatement } from '#signing';
import { createDatabase, eventually, fakeClock, type TestDatabase } from '#testing';
import { migrations } from '../../apps/audit/src/migrations/index.js';
import { AnchorStore, type StoredToken } from '../../apps/audit/src/trusted-time/anchor.store.js';
import {
  StampableCheckpoints,
  type Stampable,
} from '../../apps/audit/src/trusted-time/stampable-checkpoints.service.js';
import { Timestamper, type TimestamperOptions } from '../../apps/audit/src/trusted-time/timestamper.service.js';
import { parseRoots } from '../../apps/audit/src/trusted-time/token-certificates.js';
import { trustedTimeMetrics } from '../../apps/audit/src/trusted-time/trusted-time-metrics.service.js';
import { AnchorStore as PublishedStore } from '../../apps/audit/src/witness/anchor.store.js';
import { PublishedCheckpointStore } from '../../apps/audit/src/witness/published-checkpoint.store.js';
import { hasOpenssl, TimeLab } from './time-lab.js';
import { TimeStandIn } from './time-stand-in.js';

jest.setTimeout(60_000);

/** As a database does whose answer is lost: the work is done. */
class LosingStore extends AnchorStore {
  isLosing = false;
  /** Each pass reads once. */
  passes = 0;

  override newest(limit: number): Promise<StoredToken[]> {
    this.passes += 1;
    return super.newest(limit);
  }

  override async add(token: StoredToken): Promise<void> {
    await super.add(token);
    if (this.isLosing) throw new TypeError('connection reset');
  }
}

const ROOT = 'ymt7PmdKyGwQJ7Wch8Bk/DvCezEylMdfg70F/dE/Dc8=';
const noteOf = (size: number) => `audit.test.example/0\n${size}\n${ROOT}\n\n— audit.test.example/0 AAAAAAAA\n`;
/** As the sequencer and then the publisher leave it. */
const grow = async (size: number) => {
  head = { size };
  await new PublishedStore(database, logId).addNote(size, 'audit.test.example/0', noteOf(size));
};

let lab: TimeLab;
let authority: TimeStandIn;
let own: TestDatabase;
let database: Database;
let store: LosingStore;
let published: OutgoingRecord[];
let lines: string[];
const clock = fakeClock();
let bus: { isFailing: boolean; publish: (records: readonly OutgoingRecord[]) => Promise<void> };
let timestamper: Timestamper;
let parts: TimestamperOptions;
let head: { size: number } | undefined;
/** A log of its own for each test. */
let logId = 0;

beforeAll(async () => {
  if (!hasOpenssl) return;
  lab = new TimeLab();
  lab.root('root');
  lab.authority('tsa', 'root');
  authority = new TimeStandIn((query) => lab.reply('tsa', query));
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'audit', migrations, poolSize: 2 });
  const url = await authority.listen();
  authorities = [{ name: 'tsa', url: new URL(url) }];
});
let authorities: { name: string; url: URL }[];
beforeEach(async () => {
  if (!hasOpenssl) return;
  logId += 1;
  await grow(8);
  published = [];
  lines = [];
  clock.set(Date.now());
  store = new LosingStore(database, logId);
  bus = {
    isFailing: false,
    publish: (records) => {
      published.push(...records);
      return bus.isFailing ? Promise.reject(new TypeError('answer lost')) : Promise.resolve();
    },
  };
  parts = {
    bus,
    store,
    signer: jwkSigner(generateSigningKey()),
    instanceId: 'TEST/audit1',
    clock,
    authorities,
    roots: parseRoots(lab.pem('root')) ?? [],
    intervalMs: 10,
    timeoutMs: 600_000,
    head: () => head,
    checkpoints: checkpointsOf(logId),
    metrics: trustedTimeMetrics.on(new AppMetrics('audit')),
    logger: createLogger('spec', { destination: { write: (line) => void lines.push(line) } }),
  };
  timestamper = new Timestamper(parts);
});
const checkpointsOf = (id: number) =>
  new StampableCheckpoints({
    store: new PublishedCheckpointStore(database),
    logId: id,
    policy: undefined,
    patienceMs: 100,
  });
afterEach(async () => {
  if (hasOpenssl) await timestamper.stop();
});
afterAll(async () => {
  if (!hasOpenssl) return;
  await authority.close();
  await database.close();
  await own.drop();
  lab.close();
});

/** A leaf under that statement id, in hex. */
const addLeaf = async (index: number, xid: string) => {
  await database.query('SELECT make_leaf_partition($1)', [logId]);
  await database.query(
    `INSERT INTO log_leaf (log_id, idx, xid, slot, signer, leaf_hash, body, kafka_offset)
     VALUES ($1, $2, $3, '-', 'TEST/audit1', $3, $3, 0)`,
    [logId, index, Buffer.from(xid, 'hex')],
  );
};
const statedIds = () =>
  published.map(({ value }) => {
    const parsed = parseStatement(Buffer.from(value ?? []).toString());
    return parsed.ok ? parsed.value.payload.id : 'none';
  });

// Without OpenSSL there is nobody to make tokens: the run shows these as skipped.
(hasOpenssl ? describe : describe.skip)('the time-stamper, when what worked said that it failed', () => {
  it('stores no second token of a size whose first was stored, and states the first', async () => {
    store.isLosing = true;
    const made = authority.made;
    await expect(timestamper.stampNow()).rejects.toThrow();
    expect(published).toHaveLength(0);
    store.isLosing = false;
    await timestamper.stampNow();
    expect(authority.made).toBe(made + 1);
    expect(await store.newest(10)).toMatchObject([{ size: 8, source: 'tsa' }]);
    expect(statedIds()).toHaveLength(1);
  });

  it('states a token again under the same id if it is not known whether it was stated', async () => {
    bus.isFailing = true;
    await expect(timestamper.stampNow()).rejects.toThrow();
    bus.isFailing = false;
    await timestamper.stampNow();
    const ids = statedIds();
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('vouches for no row that was changed before it was stated, and does for one that was not', async () => {
    bus.isFailing = true;
    await expect(timestamper.stampNow()).rejects.toThrow();
    bus.isFailing = false;
    published = [];
    const flip = async () =>
      database.transaction(async (queries) => {
        await queries.query('SET LOCAL session_replication_role = replica');
        // The last byte is the signature's: the row can still be read, and its time as well.
        await queries.query(
          `UPDATE log_anchor SET data = set_byte(data, length(data) - 1, get_byte(data, length(data) - 1) # 1)
            WHERE log_id = $1 AND kind = 'timestamp'`,
          [logId],
        );
      });
    await flip();
    await timestamper.stampNow();
    expect(published).toEqual([]);
    expect(lines.join('')).toContain('"alarm":"time-token-altered"');
    await flip();
    await timestamper.stampNow();
    expect(statedIds()).toHaveLength(1);
  });

  it('stores nothing if the database failed before it did anything', async () => {
    jest.spyOn(AnchorStore.prototype, 'add').mockRejectedValueOnce(new TypeError('connection refused'));
    await expect(timestamper.stampNow()).rejects.toThrow();
    expect(await store.newest(10)).toEqual([]);
    await timestamper.stampNow();
    expect(await store.newest(10)).toHaveLength(1);
  });

  it('asks nobody while another process writes the log, or while there is nothing new', async () => {
    const { asked } = authority;
    head = undefined;
    await timestamper.stampNow();
    head = { size: 0 };
    await timestamper.stampNow();
    expect(authority.asked).toBe(asked);
    head = { size: 8 };
    await timestamper.stampNow();
    await timestamper.stampNow();
    expect(authority.asked).toBe(asked + 1);
    await grow(9);
    await timestamper.stampNow();
    expect((await store.newest(10)).map(({ size }) => size)).toEqual([9, 8]);
    expect((await store.firstCovering(7))?.size).toBe(8);
    expect((await store.firstCovering(8))?.size).toBe(9);
    expect(await store.stampedNote(9)).toBe(noteOf(9));
    expect(await store.stampedNote(7)).toBeUndefined();
  });

  it('stamps the end of a window as soon as it is published, and says so if it is not', async () => {
    head = { size: 9 };
    const { asked } = authority;
    await expect(timestamper.stampNow()).rejects.toMatchObject({ code: 'checkpoint-unpublished' });
    expect([authority.asked, await store.newest(1)]).toEqual([asked, []]);
    const stamping = timestamper.stampNow();
    await grow(9);
    await stamping;
    expect(await store.newest(10)).toMatchObject([{ size: 9 }]);
  });

  it('says so if no authority gives a good token, and stores none', async () => {
    authority.fault = 'down';
    await expect(timestamper.stampNow()).rejects.toMatchObject({ code: 'time-unavailable' });
    authority.fault = 'none';
    expect(await store.newest(10)).toEqual([]);
  });
});

(hasOpenssl ? describe : describe.skip)('the time-stamper, over a rotation', () => {
  /** A window of the same shard with a published note of each of these sizes. */
  const nextWindow = async (...sizes: number[]) => {
    logId += 1;
    for (const size of sizes) await grow(size);
    return new LosingStore(database, logId);
  };

  it('ends its pass in the window in which it began', async () => {
    const windows = [
      { store, checkpoints: checkpointsOf(logId) },
      { store: await nextWindow(8), checkpoints: checkpointsOf(logId) },
    ];
    let at = 0;
    const spanning = new Timestamper({
      ...parts,
      get store() {
        return windows[at]?.store ?? store;
      },
      get checkpoints() {
        const { checkpoints = checkpointsOf(logId) } = windows[at] ?? {};
        const rotated = (checkpoint: Stampable) => {
          at = 1;
          return checkpoint;
        };
        return {
          newest: (stamped: number) => checkpoints.newest(stamped),
          holding: async (size: number, signal: AbortSignal) => rotated(await checkpoints.holding(size, signal)),
        };
      },
    });
    await spanning.stampNow();
    await spanning.stop();
    expect(await windows[0]?.store.newest(10)).toMatchObject([{ size: 8 }]);
    expect([await windows[1]?.store.newest(10), at]).toEqual([[], 1]);
    expect(statedIds()).toHaveLength(1);
  });

  it('stamps the last checkpoint of a closed window, though an older one has more witnesses', async () => {
    const [before, closedId] = [store, logId];
    await grow(10);
    await new PublishedStore(database, closedId).addCosignature(8, { source: 'w.test.example', line: 'a line' });
    const policy = { witnesses: [{ name: 'w', key: { name: 'w.test.example' } }], isEnough: () => true };
    const checkpoints = new StampableCheckpoints({
      store: new PublishedCheckpointStore(database),
      logId: closedId,
      policy: policy as never,
      patienceMs: 0,
    });
    const closed = () => Promise.resolve([{ store: before, size: 10, checkpoints }]);
    const later = new Timestamper({ ...parts, store: await nextWindow(2), checkpoints: checkpointsOf(logId), closed });
    await later.stampNow();
    await later.stampNow();
    await later.stop();
    expect((await before.newest(10)).map(({ size }) => size)).toEqual([10]);
  });
});

(hasOpenssl ? describe : describe.skip)('the time-stamper, left to itself', () => {
  it('does not feed a silent log: its own leaves are no reason for another token', async () => {
    await timestamper.stampNow();
    const [id = ''] = statedIds();
    await addLeaf(8, id.replaceAll('-', ''));
    await grow(9);
    const { asked } = authority;
    const { passes } = store;
    timestamper.start();
    await eventually(() => store.passes >= passes + 5);
    expect(authority.asked).toBe(asked);
    expect(statedIds()).toHaveLength(1);
    await addLeaf(9, '00'.repeat(16));
    await grow(10);
    await eventually(async () => (await store.newest(1))[0]?.size === 10);
  });

  it('stamps what was published, and not what was only committed', async () => {
    await addLeaf(0, '00'.repeat(16));
    head = { size: 11 };
    timestamper.start();
    await eventually(async () => (await store.newest(1))[0]?.size === 8);
    const { passes } = store;
    await eventually(() => store.passes >= passes + 3);
    expect((await store.newest(10)).map(({ size }) => size)).toEqual([8]);
  });

  it('alarms once for each gap of ten minutes', async () => {
    const alarms = () => lines.filter((line) => line.includes('"alarm":"no-trusted-time"')).length;
    authority.fault = 'down';
    await addLeaf(0, '00'.repeat(16));
    timestamper.start();
    const failed = (times: number) =>
      eventually(() => lines.filter((line) => line.includes('trying again')).length >= times);
    await failed(2);
    clock.advance(10 * 60_000 - 60_000);
    await failed(4);
    expect(alarms()).toBe(0);
    clock.advance(60_000);
    await eventually(() => alarms() === 1);
    await failed(7);
    expect([alarms(), timestamper.standing?.isAlarming]).toEqual([1, true]);
    authority.fault = 'none';
    clock.set(Date.now());
    await eventually(async () => (await store.newest(1)).length === 1);
    await eventually(() => timestamper.standing?.state.waitingSinceMs === undefined);
  });

  it('ends at once while an authority says nothing', async () => {
    authority.fault = 'silent';
    const { asked } = authority;
    const stamping = timestamper.stampNow();
    await eventually(() => authority.asked > asked);
    await timestamper.stop();
    await expect(stamping).rejects.toMatchObject({ code: 'time-unavailable' });
    authority.fault = 'none';
  });
});
