import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, uniqueName } from '#testing';
import type { Bus } from '../bus.js';
import type { BusUnderTest, NewTopic } from './bus-under-test.js';
import { collector, numbered, texts } from './collect.js';
import { groupContract } from './group-contract.js';

/** What every adapter owes the apps; run against each of them. `open` gives handlers 300 ms to end at a stop. */
export function busContract(adapter: string, open: () => Promise<BusUnderTest>): void {
  describe(`${adapter} as a bus`, () => {
    let under: BusUnderTest;
    beforeAll(async () => {
      under = await open();
    }, 60_000);
    afterAll(() => under.close(), 60_000);

    const newTopic = async (partitions = 1, extra: { compacted?: boolean; brokerTime?: boolean } = {}) => {
      const name = uniqueName('topic');
      await under.bus.ensureTopics([{ name, partitions, retentionMs: 600_000, ...extra }]);
      return name;
    };

    publishing(() => under.bus, newTopic);
    topics(() => under.bus, newTopic);
    starting(() => under.bus, newTopic);
    groupContract(() => under, newTopic);

    it('rejects everything after it was closed, and closes its subscriptions', async () => {
      const bus = await under.connectAnother();
      if (bus === under.bus) return;
      const topic = await newTopic();
      const subscription = await bus.subscribe(collector([topic], { kind: 'latest' }).options);
      await bus.close();
      expect(subscription.isAssigned()).toBe(false);
      expect(await bus.isReachable()).toBe(false);
      await expect(bus.publish(numbered(topic, 1))).rejects.toMatchObject({ code: 'bus-closed' });
    }, 30_000);
  });
}

function publishing(bus: () => Bus, newTopic: NewTopic): void {
  it('delivers key, value, header values in their order, offset and time', async () => {
    const topic = await newTopic();
    const seen = collector([topic], { kind: 'latest' });
    const subscription = await bus().subscribe(seen.options);
    const before = Date.now();
    await bus().publish([
      { topic, partition: 0, key: 'clé', value: Buffer.from([0, 255]), headers: { reply: ['b', 'a'], type: 'answer' } },
      { topic, partition: 0, value: Buffer.from('plain') },
    ]);
    await eventually(() => seen.records.length === 2);
    expect(seen.records[0]).toMatchObject({ topic, partition: 0, offset: 0n, key: Buffer.from('clé') });
    expect(seen.records[0]?.value).toEqual(Buffer.from([0, 255]));
    expect(seen.records[0]?.headers).toEqual({ reply: ['b', 'a'], type: ['answer'] });
    expect(seen.records[1]).toMatchObject({ offset: 1n, key: null, headers: {} });
    expect(Math.abs((seen.records[0]?.timestampMs ?? 0) - before)).toBeLessThan(5_000);
    await subscription.stop();
  }, 30_000);

  it('keeps the order of a partition within a call and from call to call', async () => {
    const topic = await newTopic();
    const seen = collector([topic], { kind: 'earliest' });
    const subscription = await bus().subscribe(seen.options);
    await Promise.all(Array.from({ length: 50 }, (_, call) => bus().publish(numbered(topic, 10, `${call}.`))));
    await eventually(() => seen.records.length === 500);
    expect(seen.texts()).toEqual(Array.from({ length: 50 }, (_, call) => texts(10, `${call}.`)).flat());
    expect(await bus().endOffset(topic, 0)).toBe(500n);
    expect(await bus().earliestOffset(topic, 0)).toBe(0n);
    await subscription.stop();
  }, 30_000);

  it('rejects a record of an unknown topic or partition alone', async () => {
    const topic = await newTopic(2);
    const bad = [uniqueName('nowhere'), 'not a topic name!'];
    const calls = await Promise.allSettled([
      bus().publish(numbered(topic, 1)),
      ...bad.map((name) => bus().publish(numbered(name, 1))),
      bus().publish(numbered(topic, 1, '', 2)),
      bus().publish([...numbered(topic, 1), ...numbered(bad[0] ?? '', 1)]),
      bus().publish(numbered(topic, 1, '', 1)),
    ]);
    expect(calls.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(calls[1]).toMatchObject({ reason: { code: 'bus-topic-unknown' } });
    expect(calls[3]).toMatchObject({ reason: { code: 'bus-topic-unknown' } });
    expect(await bus().endOffset(topic, 0)).toBe(1n);
    expect(await bus().endOffset(topic, 1)).toBe(1n);
  }, 30_000);
}

function topics(bus: () => Bus, newTopic: NewTopic): void {
  it('creates topics once and knows them at once', async () => {
    const name = uniqueName('topic');
    const spec = { name, partitions: 3, retentionMs: 600_000 };
    await expect(bus().publish(numbered(name, 1))).rejects.toMatchObject({ code: 'bus-topic-unknown' });
    await bus().ensureTopics([spec]);
    await bus().ensureTopics([{ ...spec, partitions: 7 }]);
    await bus().publish(numbered(name, 1, '', 2));
    await expect(bus().publish(numbered(name, 1, '', 3))).rejects.toMatchObject({ code: 'bus-topic-unknown' });
    expect(await bus().endOffset(name, 2)).toBe(1n);
  }, 30_000);

  it('stamps the time itself where the topic says so', async () => {
    const topic = await newTopic(1, { brokerTime: true });
    const seen = collector([topic], { kind: 'earliest' });
    const subscription = await bus().subscribe(seen.options);
    await bus().publish(numbered(topic, 2));
    await eventually(() => seen.records.length === 2);
    expect(Math.abs((seen.records[1]?.timestampMs ?? 0) - Date.now())).toBeLessThan(5_000);
    await subscription.stop();
  }, 30_000);

  it('keeps the last value of each key of a compacted topic, and shows deletions', async () => {
    const topic = await newTopic(1, { compacted: true });
    const send = (key: string, value: string | null) =>
      bus().publish([{ topic, partition: 0, key, value: value === null ? null : Buffer.from(value) }]);
    await send('a', '1');
    await send('b', '1');
    await send('a', '2');
    await send('b', null);
    const seen = collector([topic], { kind: 'earliest' });
    const subscription = await bus().subscribe(seen.options);
    await eventually(() => seen.records.at(-1)?.offset === 3n);
    const last = new Map(seen.records.map(({ key, value }) => [String(key), value.toString()]));
    expect(Object.fromEntries(last)).toEqual({ a: '2', b: '' });
    await subscription.stop();
  }, 30_000);
}

function starting(bus: () => Bus, newTopic: NewTopic): void {
  it('starts at the earliest, at the latest, or at a stored offset', async () => {
    const topic = await newTopic();
    await bus().publish(numbered(topic, 5, 'old'));
    const earliest = collector([topic], { kind: 'earliest' });
    const latest = collector([topic], { kind: 'latest' });
    const asked: string[] = [];
    const stored = collector([topic], {
      kind: 'stored',
      nextOffset: (name, partition) => {
        asked.push(`${name}/${partition}`);
        return Promise.resolve(3n);
      },
    });
    const all = [earliest, latest, stored];
    const subscriptions = await Promise.all(all.map(({ options }) => bus().subscribe(options)));
    // Nothing sent after `subscribe` resolved may be missed, so there is no waiting here.
    await bus().publish(numbered(topic, 1, 'new'));
    await eventually(() => all.every(({ records }) => records.length > 0 && records.at(-1)?.offset === 5n));
    expect(earliest.texts()).toEqual([...texts(5, 'old'), 'new0']);
    expect(latest.texts()).toEqual(['new0']);
    expect(stored.texts()).toEqual(['old3', 'old4', 'new0']);
    expect(asked).toEqual([`${topic}/0`]);
    for (const subscription of subscriptions) {
      expect(subscription.isAssigned()).toBe(true);
      expect(Date.now() - subscription.lastFetchAtMs()).toBeLessThan(2_000);
      expect(Date.now() - subscription.lastAnswerAtMs()).toBeLessThan(2_000);
      expect(subscription.state()).toMatchObject({
        topics: [topic],
        isAssigned: true,
        replaced: 0,
        partitions: [{ topic, partition: 0, position: 6n, unsettled: 0 }],
      });
      await subscription.stop();
    }
  }, 30_000);

  it('asks again for a stored offset that could not be had, and tells of it', async () => {
    const topic = await newTopic();
    await bus().publish(numbered(topic, 3));
    let attempts = 0;
    const seen = collector([topic], {
      kind: 'stored',
      nextOffset: () => {
        attempts += 1;
        return attempts < 3 ? Promise.reject(new TypeError('database away')) : Promise.resolve(2n);
      },
    });
    const subscription = await bus().subscribe(seen.options);
    await eventually(() => seen.records.length > 0);
    expect(seen.texts()).toEqual(['2']);
    expect(seen.errors).toHaveLength(2);
    await subscription.stop();
  }, 30_000);

  it('tells of a stored offset beyond the end, and reads nothing until another is given', async () => {
    const topic = await newTopic();
    await bus().publish(numbered(topic, 3));
    let attempts = 0;
    const seen = collector([topic], {
      kind: 'stored',
      nextOffset: () => Promise.resolve((attempts += 1) < 3 ? 4n : 1n),
    });
    const subscription = await bus().subscribe(seen.options);
    await eventually(() => seen.records.length === 2);
    expect(seen.texts()).toEqual(['1', '2']);
    expect(seen.errors).toMatchObject([{ code: 'bus-offset-beyond-end' }, { code: 'bus-offset-beyond-end' }]);
    await subscription.stop();
  }, 30_000);

  it('refuses to subscribe to a topic that does not exist', async () => {
    const { options } = collector([uniqueName('nowhere')], { kind: 'latest' });
    await expect(bus().subscribe(options)).rejects.toMatchObject({ code: 'bus-topic-unknown' });
    expect(
      bus()
        .state()
        .subscriptions.flatMap(({ topics }) => topics),
    ).not.toContain(options.topics[0]);
  }, 30_000);
}
