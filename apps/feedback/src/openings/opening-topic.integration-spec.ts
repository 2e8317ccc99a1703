import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createInProcessBus, type Bus } from '#bus';
import { fixedTopics } from '#contracts';
import { newExchangeId, systemClock, type InstanceId } from '#kernel';
import { openingRecord, sealOpening } from '#openings';
import { openDatabase, type Database } from '#postgres';
import { generateSealingKey, publicJwk, startSession, type SealingSession } from '#signing';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { migrations } from '../migrations/index.js';
import { InboxStore } from './inbox.store.js';
import type { TopicBreak } from './opening-place.service.js';
import { OpeningConsumer } from './opening.consumer.js';

let own: TestDatabase;
let database: Database;
let session: SealingSession;
beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'feedback', migrations, poolSize: 3 });
  const sealing = generateSealingKey();
  const recipient = 'TEST/feedback1' as InstanceId;
  session = await startSession({ recipient, kid: sealing.kid, publicJwk: publicJwk(sealing) });
}, 60_000);
afterAll(async () => {
  await database.close();
  await own.drop();
});

/** A topic of one partition, which may lose its oldest records or be made anew. */
class Topic {
  constructor(readonly retentionMs = -1) {}
  nowMs = Date.now();
  readonly bus: Bus = createInProcessBus({ clock: { now: () => this.nowMs } });

  async ready(): Promise<this> {
    await this.bus.ensureTopics([{ ...fixedTopics.opening, partitions: 1, retentionMs: this.retentionMs }]);
    return this;
  }

  /** Sends openings of nobody; the leaf hashes that they name. */
  async send(count: number): Promise<string[]> {
    const sent = Array.from({ length: count }, () => ({ exchangeId: newExchangeId(), statementHash: randomBytes(32) }));
    for (const one of sent) {
      const value = sealOpening({ ...one, subjects: [], users: [] }, session);
      await this.bus.publish([{ ...openingRecord(one.exchangeId, value), partition: 0 }]);
    }
    return sent.map(({ statementHash }) => statementHash.toString('hex'));
  }
}

let consumers: OpeningConsumer[];
let breaks: TopicBreak[];
let letGo: (limit: number) => Promise<number>;
beforeEach(() => {
  consumers = [];
  breaks = [];
  letGo = () => Promise.resolve(0);
});
afterEach(async () => {
  for (const consumer of consumers) await consumer.stop();
  await database.query('DELETE FROM inbox');
  await database.erase('TRUNCATE opening_offset').catch(() => undefined);
  await database.query('DELETE FROM opening_offset');
});

function read(bus: Bus, maxWaiting = 1_000): OpeningConsumer {
  const silent = () => undefined;
  const consumer = new OpeningConsumer({
    ...{ bus, inbox: new InboxStore(database), clock: systemClock, processId: randomBytes(8).toString('hex') },
    ...{ maxWaiting, letGo: (limit: number) => letGo(limit), topicBroken: (one) => breaks.push(one) },
    ...{ arrived: silent, flawed: silent, failed: silent },
  });
  consumer.start();
  consumers.push(consumer);
  return consumer;
}

const waiting = async () =>
  (await database.query<{ name: string }>(`SELECT encode(statement, 'hex') AS name FROM inbox ORDER BY id`)).map(
    ({ name }) => name,
  );
const arrive = (names: readonly string[]) =>
  eventually(async () => JSON.stringify(await waiting()) === JSON.stringify(names));

describe('a topic of openings', () => {
  it('says until when all that came is taken: no time after which something waits', async () => {
    const topic = await new Topic().ready();
    const consumer = read(topic.bus);
    expect(await consumer.takenUntilMs()).toBe(-Infinity);
    await arrive(await topic.send(1));
    const first = await eventually(async () => {
      const atMs = await consumer.takenUntilMs();
      return atMs === -Infinity ? undefined : atMs;
    });
    // Whatever comes now waits.
    await database.query('ALTER TABLE inbox RENAME TO away');
    const beforeMs = Date.now();
    const [second] = await topic.send(1);
    for (let times = 0; times < 3; times += 1) expect(await consumer.takenUntilMs()).toBeLessThanOrEqual(beforeMs);
    expect(first).toBeLessThanOrEqual(beforeMs);
    await database.query('ALTER TABLE away RENAME TO inbox');
    await eventually(async () => (await consumer.takenUntilMs()) > beforeMs);
    expect((await waiting()).at(-1)).toBe(second);
  });

  it('goes on where it was left, without a word', async () => {
    const topic = await new Topic().ready();
    const first = await topic.send(3);
    const consumer = read(topic.bus);
    await arrive(first);
    await consumer.stop();
    const next = await topic.send(2);
    read(topic.bus);
    await arrive([...first, ...next]);
    expect(breaks).toEqual([]);
  });

  it('that was made anew is told of and read from its beginning, whether shorter or longer than what was read', async () => {
    const old = await new Topic().ready();
    const first = await old.send(3);
    const consumer = read(old.bus);
    await arrive(first);
    await consumer.stop();
    const shorter = await new Topic().ready();
    const second = await shorter.send(2);
    const again = read(shorter.bus);
    await arrive([...first, ...second]);
    await again.stop();
    const longer = await new Topic().ready();
    const third = await longer.send(5);
    read(longer.bus);
    await arrive([...first, ...second, ...third]);
    expect(breaks).toEqual([
      { trouble: 'anew', partition: 0, left: 3n, begins: 0n },
      { trouble: 'anew', partition: 0, left: 2n, begins: 0n },
    ]);
  });

  it('that was made anew under its reader is told of as well', async () => {
    const [old, anew] = [await new Topic().ready(), await new Topic().ready()];
    const first = await old.send(3);
    // A broker behind which the topic is exchanged: what is asked of it next is the new one.
    let now = old.bus;
    let hand: Parameters<Extract<Parameters<Bus['subscribe']>[0], { batch: unknown }>['batch']>[0] = [];
    let take: ((records: typeof hand) => Promise<void>) | undefined;
    const bus: Pick<Bus, 'subscribe' | 'endOffset' | 'earliestOffset'> = {
      endOffset: (...at) => now.endOffset(...at),
      earliestOffset: (...at) => now.earliestOffset(...at),
      subscribe: (options) => {
        if ('batch' in options) take = options.batch;
        return now.subscribe(
          'batch' in options ? { ...options, batch: (all) => ((hand = all), options.batch(all)) } : options,
        );
      },
    };
    read(bus as Bus);
    await arrive(first);
    const oldHand = hand;
    now = anew.bus;
    const second = await anew.send(2);
    await expect(take?.(oldHand.map((record) => ({ ...record, offset: 0n })))).rejects.toMatchObject({
      code: 'opening-topic-broken',
    });
    await arrive([...first, ...second]);
    expect(breaks).toEqual([{ trouble: 'anew', partition: 0, left: 3n, begins: 0n }]);
  });

  it('that has lost what was not read is told of, and the rest is read', async () => {
    const topic = await new Topic(60_000).ready();
    const first = await topic.send(2);
    const consumer = read(topic.bus);
    await arrive(first);
    await consumer.stop();
    await topic.send(3);
    topic.nowMs += 120_000;
    const rest = await topic.send(1);
    read(topic.bus);
    await arrive([...first, ...rest]);
    expect(breaks).toEqual([{ trouble: 'truncated', partition: 0, left: 2n, begins: 5n }]);
  });
});

describe('a full inbox', () => {
  it('lets go of openings whose leaf is late, so that those behind them pass', async () => {
    const topic = await new Topic().ready();
    const junk = await topic.send(5);
    read(topic.bus, 5);
    await arrive(junk);
    const good = await topic.send(2);
    let isJunkLate = false;
    letGo = async (limit) => {
      if (!isJunkLate) return 0;
      const gone = await database.query('DELETE FROM inbox WHERE statement = ANY($1) RETURNING id', [
        junk.slice(0, limit).map((name) => Buffer.from(name, 'hex')),
      ]);
      return gone.length;
    };
    expect(await waiting()).toEqual(junk);
    isJunkLate = true;
    await arrive(good);
  });
});
