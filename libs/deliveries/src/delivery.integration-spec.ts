import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { CreateDeliveries } from './spec-support/create-deliveries.js';
import { DeliveryWorker, Inbox, Outbox, type DeliveryRule, type SendOutcome, type ToldAttempt } from './index.js';
import { LaneStore } from './lane.store.js';

let own: TestDatabase;
let database: Database;
const outbox = new Outbox();
const delivered: SendOutcome = { kind: 'delivered' };
const away: SendOutcome = { kind: 'again', why: 'away' };
const rule: DeliveryRule = {
  ...{ firstMs: 1, longestMs: 5, maxAttempts: 3, whenParked: 'hold', concurrency: 4, sendMs: 5_000, pollMs: 10 },
  keepMs: 3_600_000,
};

beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'deliveries', migrations: [CreateDeliveries], poolSize: 8 });
}, 60_000);
beforeEach(() => database.query('TRUNCATE delivery, delivery_recipient, taken_delivery'));
const running = new Set<DeliveryWorker>();
afterEach(async () => {
  await Promise.all([...running].map((worker) => worker.stop()));
  running.clear();
});
afterAll(async () => {
  await database.close();
  await own.drop();
});

type Sending = ConstructorParameters<typeof DeliveryWorker>[0]['send'];

function work(send: Sending, changes: Partial<DeliveryRule> = {}, told: ToldAttempt[] = []): DeliveryWorker {
  const worker = new DeliveryWorker({
    ...{ database, send, rule: { ...rule, ...changes } },
    attempted: (attempt) => told.push(attempt),
    failed: () => undefined,
  });
  worker.start();
  running.add(worker);
  return worker;
}

async function add(recipient: string, count: number): Promise<string[]> {
  const made = Array.from({ length: count }, (_, n) => one(recipient, `${recipient} ${n}`));
  await database.transaction((queries) => outbox.add(queries, made));
  return made.map(({ id }) => id);
}

const one = (recipient: string, text: string) => ({
  id: randomUUID(),
  recipient,
  kind: 'test',
  value: Buffer.from(text),
});
const ended = async (count: number) =>
  (await outbox.list(database, { states: ['delivered'], limit: 20_000 })).length >= count;
const stateOf = async (id: string) =>
  (await outbox.list(database, { states: ['waiting', 'parked', 'delivered', 'discarded'], limit: 20_000 })).find(
    (entry) => entry.id === id,
  );

describe('an outbox', () => {
  it('says nothing of a transaction that was rolled back', async () => {
    const lost = database.transaction(async (queries) => {
      await outbox.add(queries, [one('a', 'never')]);
      await queries.query('SELECT 1 / 0');
    });
    await expect(lost).rejects.toMatchObject({ code: 'database-failed' });
    expect(await outbox.sizes(database)).toEqual({ waiting: 0, parked: 0, oldestMs: 0 });
  });

  it('holds each id once, and refuses what is too large', async () => {
    const twice = { ...one('a', 'once'), dueMs: 17 };
    await outbox.add(database, [twice]);
    await outbox.add(database, [{ ...twice, value: Buffer.from('another') }]);
    const list = await outbox.list(database, { states: ['waiting'], limit: 5 });
    expect(list).toMatchObject([
      { id: twice.id, value: Buffer.from('once'), dueMs: 17, attempts: 0, state: 'waiting' },
    ]);
    const large = { ...one('a', ''), value: Buffer.alloc(768 * 1024 + 1) };
    await expect(outbox.add(database, [large])).rejects.toMatchObject({ code: 'delivery-too-large' });
  });

  it('keeps the order of adding also where the first to add commits last', async () => {
    const sent: string[] = [];
    let second: Promise<unknown> = Promise.resolve();
    await database.transaction(async (queries) => {
      await outbox.add(queries, [one('a', 'first')]);
      second = outbox.add(database, [one('a', 'second')]);
      // Another recipient's waits for nobody.
      await outbox.add(database, [one('b', 'elsewhere')]);
    });
    await second;
    work(({ value, recipient }) => {
      if (recipient === 'a') sent.push(Buffer.from(value).toString());
      return Promise.resolve(delivered);
    });
    await eventually(() => ended(3));
    expect(sent).toEqual(['first', 'second']);
  });
});

describe('a worker', () => {
  it('brings everything to each recipient once, in order, through failures', async () => {
    await Promise.all(['a', 'b', 'c'].map((recipient) => add(recipient, 60)));
    const taken = new Map<string, string[]>();
    let attempts = 0;
    work(
      ({ recipient, value }) => {
        attempts += 1;
        if (attempts % 7 === 0) return Promise.resolve(away);
        if (attempts % 11 === 0) return Promise.reject(new RangeError('broken'));
        taken.set(recipient, [...(taken.get(recipient) ?? []), Buffer.from(value).toString()]);
        return Promise.resolve(delivered);
      },
      { maxAttempts: 50 },
    );
    await eventually(() => ended(180));
    for (const recipient of ['a', 'b', 'c'])
      expect(taken.get(recipient)).toEqual(Array.from({ length: 60 }, (_, n) => `${recipient} ${n}`));
  });

  it('lets silent recipients stand in nobody’s way, also where they are more than there are places', async () => {
    for (let n = 0; n < 12; n += 1) await add(`silent ${n}`, 5);
    let silences = 0;
    const hang: Sending = (_delivery, signal) =>
      new Promise((resolve) => {
        silences += 1;
        signal.addEventListener('abort', () => resolve(away));
      });
    const waits = { sendMs: 300, longestMs: 50, maxAttempts: undefined };
    work(
      (delivery, signal) =>
        delivery.recipient.startsWith('silent') ? hang(delivery, signal) : Promise.resolve(delivered),
      waits,
    );
    await eventually(() => silences > 12);
    await add('good', 200);
    // Not one of them is ever answered, and each holds its place for as long as it may.
    await eventually(() => ended(200));
    expect((await outbox.sizes(database)).waiting).toBe(60);
  });

  it('counts attempts, parks after the last, and holds what is behind until it is replayed or discarded', async () => {
    const [first = '', second = '', third = ''] = await add('a', 3);
    const sent: string[] = [];
    const told: ToldAttempt[] = [];
    let answer = (id: string): SendOutcome => (id === first ? away : delivered);
    const worker = work(({ id }) => (sent.push(id), Promise.resolve(answer(id))), {}, told);
    await eventually(async () => (await outbox.parked(database, { limit: 5 })).length === 1);
    expect(await stateOf(first)).toMatchObject({ state: 'parked', attempts: 3, why: 'away' });
    expect(told.map(({ state, attempt }) => [state, attempt])).toEqual([
      ['waiting', 1],
      ['waiting', 2],
      ['parked', 3],
    ]);
    expect(await outbox.replay(database, second)).toBe(false);
    expect(await outbox.replay(database, first, ['b'])).toBe(false);
    answer = (id) => (id === second ? { kind: 'refused', why: 'gone' } : delivered);
    expect(await outbox.replay(database, first)).toBe(true);
    worker.wake();
    await eventually(async () => (await stateOf(second))?.state === 'parked');
    expect(sent).not.toContain(third);
    expect(await outbox.discard(database, second, 'agreed')).toBe(true);
    expect(await outbox.discard(database, second, 'agreed')).toBe(false);
    await eventually(async () => (await stateOf(third))?.state === 'delivered');
    expect(await stateOf(second)).toMatchObject({ state: 'discarded', why: 'agreed', attempts: 1 });
    expect((await stateOf(second))?.value).toHaveLength(0);
    expect(sent).toEqual([first, first, first, first, second, third]);
  });

  it('goes on behind a parked one where it is told to', async () => {
    const [first = '', second = ''] = await add('a', 2);
    work(({ id }) => Promise.resolve(id === first ? { kind: 'refused', why: 'gone' } : delivered), {
      whenParked: 'pass',
    });
    await eventually(async () => (await stateOf(second))?.state === 'delivered');
    expect(await stateOf(first)).toMatchObject({ state: 'parked', why: 'gone' });
  });

  it('waits for as long as a recipient asks', async () => {
    const [id = ''] = await add('a', 1);
    let attempts = 0;
    const busy: SendOutcome = { kind: 'again', why: 'busy', afterMs: 3_600_000 };
    work(() => ((attempts += 1), Promise.resolve(busy)), { longestMs: 3_600_000 });
    await eventually(async () => (await stateOf(id))?.why === 'busy');
    const [row] = await database.query<{ pause: number }>(
      `SELECT (not_before_ms - extract(epoch FROM clock_timestamp()) * 1000)::integer AS pause FROM delivery_recipient`,
    );
    expect(row?.pause).toBeGreaterThan(3_000_000);
    expect(attempts).toBe(1);
  });

  it('ends an attempt that nobody answers', async () => {
    const [id = ''] = await add('a', 1);
    work(() => new Promise(() => undefined), { sendMs: 20, maxAttempts: 2 });
    await eventually(async () => (await stateOf(id))?.state === 'parked');
    expect(await stateOf(id)).toMatchObject({ why: 'timed-out', attempts: 2 });
  });

  it('forgets what has ended when its time is over, and nothing else', async () => {
    await add('a', 3);
    const [parked = ''] = await add('b', 1);
    work(({ recipient }) => Promise.resolve(recipient === 'a' ? delivered : { kind: 'refused', why: 'no' }), {
      keepMs: 0,
    });
    await eventually(async () => (await stateOf(parked))?.state === 'parked' && (await ended(3)));
    expect(await outbox.removeEnded(database, 0, 2)).toBe(2);
    expect(await outbox.removeEnded(database, 0, 2)).toBe(1);
    expect(await outbox.removeEnded(database, 0, 2)).toBe(0);
    expect(await stateOf(parked)).toBeDefined();
  });

  it('brings ten thousand with a page of each recipient in memory', async () => {
    const recipients = Array.from({ length: 10 }, (_, n) => `big ${n}`);
    const bytes = Buffer.alloc(4_096, 1);
    const backlog = recipients.flatMap((name) =>
      Array.from({ length: 1_000 }, () => ({ ...one(name, ''), value: bytes })),
    );
    for (let n = 0; n < backlog.length; n += 500) await outbox.add(database, backlog.slice(n, n + 500));
    const store = new LaneStore(database);
    expect(await store.page('big 0', 50, 1024 * 1024)).toHaveLength(50);
    // By bytes too: one in any case.
    expect(await store.page('big 0', 50, 10_000)).toHaveLength(3);
    expect(await store.page('big 0', 50, 1)).toHaveLength(1);
    const sent = new Map<string, string[]>(recipients.map((name) => [name, []]));
    work(({ id, recipient }) => (sent.get(recipient)?.push(id), Promise.resolve(delivered)), { concurrency: 10 });
    await eventually(() => [...sent.values()].every((ids) => ids.length === 1_000), { timeoutMs: 120_000 });
    for (const name of recipients)
      expect(sent.get(name)).toEqual(backlog.filter(({ recipient }) => recipient === name).map(({ id }) => id));
  }, 180_000);
});

describe('a crash', () => {
  it('after the recipient took it delivers it again, under its id, when the lease has ended', async () => {
    const [id = ''] = await add('a', 1);
    const store = new LaneStore(database);
    const claim = { leaseMs: 200, limit: 5, isFailing: false, isHolding: true, recipients: undefined };
    const [dead] = await store.claim({ ...claim, holder: randomUUID() });
    const [waiting] = await store.page('a', 5, 1_000);
    expect(await store.begin(dead!, waiting!.seq, 200)).toBe(1);
    expect(await store.claim({ ...claim, holder: randomUUID() })).toEqual([]);
    const sent: [string, number][] = [];
    work((delivery) => (sent.push([delivery.id, delivery.attempt]), Promise.resolve(delivered)));
    await eventually(() => ended(1));
    expect(sent).toEqual([[id, 2]]);
    // Whoever was thought dead begins nothing under a lease that is gone.
    expect(await store.begin(dead!, waiting!.seq, 200)).toBe('lost');
  });

  it('that a delivery itself brings about is counted, until it is parked', async () => {
    const [id = '', next = ''] = await add('a', 2);
    await database.query('UPDATE delivery SET attempts = 3 WHERE id = $1', [id]);
    const sent: string[] = [];
    work((delivery) => (sent.push(delivery.id), Promise.resolve(delivered)), { whenParked: 'pass' });
    await eventually(async () => (await stateOf(next))?.state === 'delivered');
    expect(await stateOf(id)).toMatchObject({ state: 'parked', why: 'never-ended', attempts: 3 });
    expect(sent).toEqual([next]);
  });
});

it('two workers on one database never serve a recipient at once, and lose and double nothing', async () => {
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((recipient) => add(recipient, 40)));
  const at = new Set<string>();
  const sent: string[] = [];
  const meetings: string[] = [];
  const send: Sending = async ({ recipient, value }) => {
    if (at.has(recipient)) meetings.push(recipient);
    at.add(recipient);
    await new Promise((resolve) => setImmediate(resolve));
    at.delete(recipient);
    sent.push(Buffer.from(value).toString());
    return delivered;
  };
  const told: [ToldAttempt[], ToldAttempt[]] = [[], []];
  work(send, { concurrency: 2 }, told[0]);
  work(send, { concurrency: 2 }, told[1]);
  await eventually(() => ended(200));
  expect(meetings).toEqual([]);
  expect(sent).toHaveLength(200);
  for (const recipient of ['a', 'b', 'c', 'd', 'e'])
    expect(sent.filter((text) => text.startsWith(recipient))).toEqual(
      Array.from({ length: 40 }, (_, n) => `${recipient} ${n}`),
    );
});

it('an inbox takes each id of a source once, with its effect, and forgets in time', async () => {
  const inbox = new Inbox();
  const id = randomUUID();
  const undone = database.transaction(async (queries) => {
    expect(await inbox.take(queries, 'x', id)).toBe(true);
    await queries.query('SELECT 1 / 0');
  });
  await expect(undone).rejects.toMatchObject({ code: 'database-failed' });
  const at = await Promise.all(Array.from({ length: 10 }, () => inbox.take(database, 'x', id)));
  expect(at.filter(Boolean)).toHaveLength(1);
  expect(await inbox.take(database, 'y', id)).toBe(true);
  expect(await inbox.forget(database, 3_600_000, 10)).toBe(0);
  await eventually(async () => (await inbox.forget(database, 0, 10)) === 2);
  expect(await inbox.take(database, 'x', id)).toBe(true);
});
