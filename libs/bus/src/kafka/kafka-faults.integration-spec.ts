import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from '@jest/globals';
import { eventually, uniqueName, type AnswerFault, type KafkaApi } from '#testing';
import type { Bus } from '../bus.js';
import { startBrokerBehindProxy, type BrokerBehindProxy } from '../spec-support/broker-behind-proxy.js';
import { busContract } from '../spec-support/bus-contract.js';
import { collector, numbered, texts } from '../spec-support/collect.js';

let broker: BrokerBehindProxy;
beforeAll(async () => {
  broker = await startBrokerBehindProxy();
}, 90_000);
afterAll(() => broker.stop(), 30_000);

busContract('Kafka behind a line that delays answers', async () => {
  for (const api of ['Produce', 'Fetch', 'JoinGroup', 'SyncGroup', 'OffsetCommit', 'ListOffsets'] as const) {
    void broker.proxy.disturb(api, { delayMs: 40 }, 15);
  }
  const bus = await broker.connect({ requestTimeoutMs: 3_000 });
  return { bus, connectAnother: () => broker.connect({ requestTimeoutMs: 3_000 }), close: () => bus.close() };
});

const FAULTS: readonly AnswerFault[] = ['swallow', 'cut', { delayMs: 900 }];
const nameOf = (fault: AnswerFault) => (typeof fault === 'string' ? fault : `delay of ${fault.delayMs} ms`);
const cases = (apis: readonly KafkaApi[]) =>
  apis.flatMap((api) => FAULTS.map((fault) => ({ api, fault, name: `${nameOf(fault)} of one ${api} answer` })));

describe('Kafka adapter, single answers disturbed', () => {
  let bus: Bus;
  let truth: Bus;
  let topic: string;
  beforeEach(async () => {
    bus = await broker.connect();
    truth = await broker.connectDirectly();
    topic = uniqueName('topic');
    await truth.ensureTopics([{ name: topic, partitions: 3, retentionMs: 600_000 }]);
  }, 30_000);
  afterEach(async () => {
    await bus.close();
    await truth.close();
  }, 30_000);

  /** What is really in partition 0, by a reader whose line nobody disturbs. */
  const stored = async (partition = 0) => {
    const end = await truth.endOffset(topic, partition);
    const seen = collector([topic], { kind: 'earliest' });
    const subscription = await truth.subscribe(seen.options);
    const here = () => seen.records.filter((record) => record.partition === partition);
    await eventually(() => BigInt(here().length) === end);
    await subscription.stop();
    return here().map(({ value }) => value.toString());
  };

  it.each(cases(['Produce', 'Metadata']))(
    'loses no acknowledged record at a $name',
    async ({ api, fault }) => {
      await bus.publish(numbered(topic, 1, 'first'));
      const met = broker.proxy.disturb(api, fault);
      // A topic that the client has not heard of makes it ask for metadata.
      const fresh = uniqueName('topic');
      await truth.ensureTopics([{ name: fresh, partitions: 1, retentionMs: 600_000 }]);
      const calls = Array.from({ length: 60 }, (_, call) => bus.publish(numbered(topic, 1, `c${call}.`)));
      const freshCall = bus.publish(numbered(fresh, 1));
      const outcomes = await Promise.allSettled([...calls, freshCall]);
      await met;
      expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
      const values = await stored();
      const firstSeen = [...new Set(values)];
      expect(firstSeen).toEqual(['first0', ...Array.from({ length: 60 }, (_, call) => `c${call}.0`)]);
    },
    30_000,
  );

  it.each(cases(['Fetch', 'Heartbeat', 'OffsetCommit']))(
    'hands over every record at a $name',
    async ({ api, fault }) => {
      const seen = collector([topic], { kind: 'committed' });
      const subscription = await bus.subscribe(seen.options);
      await truth.publish(numbered(topic, 20, 'a'));
      const met = broker.proxy.disturb(api, fault);
      await truth.publish(numbered(topic, 20, 'b'));
      await met;
      await truth.publish(numbered(topic, 20, 'c'));
      const wanted = [...texts(20, 'a'), ...texts(20, 'b'), ...texts(20, 'c')];
      await eventually(() => new Set(seen.texts()).size === 60, { timeoutMs: 20_000 });
      // Repeats are allowed, gaps and a changed order are not.
      expect([...new Set(seen.texts())]).toEqual(wanted);
      await subscription.stop();
    },
    40_000,
  );

  it.each(cases(['FindCoordinator', 'JoinGroup', 'SyncGroup', 'ListOffsets', 'OffsetFetch']))(
    'subscribes in spite of a $name, and misses nothing after',
    async ({ api, fault }) => {
      const met = broker.proxy.disturb(api, fault);
      const seen = collector([topic], { kind: 'latest' });
      const subscription = await bus.subscribe(seen.options);
      await truth.publish(numbered(topic, 3));
      await met;
      await eventually(() => seen.records.length === 3, { timeoutMs: 15_000 });
      expect(seen.texts()).toEqual(texts(3));
      await subscription.stop();
    },
    40_000,
  );

  it('says so when the broker is away, and goes on when it is back', async () => {
    const seen = collector([topic], { kind: 'latest' });
    const subscription = await bus.subscribe(seen.options);
    broker.proxy.shut();
    await expect(bus.publish(numbered(topic, 1, 'lost'))).rejects.toMatchObject({ code: 'bus-unavailable' });
    await eventually(async () => !(await bus.isReachable()));
    await truth.publish(numbered(topic, 5, 'meanwhile'));
    broker.proxy.open();
    const backMs = Date.now();
    await eventually(() => seen.records.length >= 5, { timeoutMs: 20_000 });
    expect(seen.texts()).toEqual(texts(5, 'meanwhile'));
    // `bus.md` §7: within a second of its return; the rest is for a slow machine that runs other suites.
    expect(Date.now() - backMs).toBeLessThan(15_000);
    await bus.publish(numbered(topic, 1, 'after'));
    expect(await bus.isReachable()).toBe(true);
    await eventually(() => seen.texts().includes('after0'));
    await subscription.stop();
  }, 60_000);

  it('keeps its place in each group while the broker is away', async () => {
    const seen = Array.from({ length: 8 }, () => collector([topic], { kind: 'committed' }));
    const subscriptions = await Promise.all(seen.map(({ options }) => bus.subscribe(options)));
    broker.proxy.shut();
    await eventually(async () => !(await bus.isReachable()));
    await truth.publish(numbered(topic, 3));
    broker.proxy.open();
    await eventually(() => seen.every(({ records }) => records.length >= 3), { timeoutMs: 20_000 });
    expect(subscriptions.map((subscription) => subscription.state().replaced)).toEqual(seen.map(() => 0));
    await Promise.all(subscriptions.map((subscription) => subscription.stop()));
  }, 60_000);

  it('gives a subscription that hears nothing a new consumer, and goes on where it was', async () => {
    // A consumer that waited until the group has missed the last one would be too late.
    const late = { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 60_000 };
    const impatient = await broker.connect({ watchdogMs: 1_500, requestTimeoutMs: 60_000, ...late });
    const seen = collector([topic], { kind: 'latest' });
    const subscription = await impatient.subscribe(seen.options);
    await truth.publish(numbered(topic, 2, 'before'));
    await eventually(() => seen.records.length === 2);
    // With this request time-out kafkajs alone would wait a minute for the answer.
    await broker.proxy.disturb('Fetch', 'swallow');
    await truth.publish(numbered(topic, 2, 'after'));
    await eventually(() => seen.records.length === 4, { timeoutMs: 20_000 });
    expect(seen.texts()).toEqual(['before0', 'before1', 'after0', 'after1']);
    // What metrics and status show of it.
    expect(subscription.state()).toMatchObject({ topics: [topic], replaced: expect.any(Number) });
    expect(subscription.state().replaced).toBeGreaterThanOrEqual(1);
    expect(subscription.state().replacedAtMs).toBeGreaterThan(0);
    await subscription.stop();
    await impatient.close();
  }, 60_000);
});
