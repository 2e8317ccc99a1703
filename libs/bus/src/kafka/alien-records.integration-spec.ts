import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Producer } from 'kafkajs';
import { eventually, serviceAddresses, uniqueName } from '#testing';
import type { Bus, ReceivedRecord } from '../bus.js';
import { connectKafkaBus } from './kafka-bus.js';
import { createKafka, PATIENT } from './kafka-client.js';
import { silentLogger } from '../logger.js';

jest.setTimeout(60_000);

const brokers = serviceAddresses()?.kafkaBrokers.split(',') ?? [];

let bus: Bus;
let stranger: Producer;
beforeAll(async () => {
  bus = await connectKafkaBus({ brokers, clientId: uniqueName('bus') });
  const settings = { brokers, clientId: uniqueName('stranger'), logger: silentLogger };
  const kafka = createKafka({ ...settings, connectionTimeoutMs: 3_000, requestTimeoutMs: 30_000 });
  stranger = kafka.producer({ transactionalId: uniqueName('stranger'), maxInFlightRequests: 1, retry: PATIENT });
  await stranger.connect();
});
afterAll(async () => {
  await stranger.disconnect();
  await bus.close();
});

/** A topic with a reader that keeps what it gets. */
async function readTopic(): Promise<{ topic: string; read: ReceivedRecord[] }> {
  const topic = uniqueName('alien');
  const read: ReceivedRecord[] = [];
  await bus.ensureTopics([{ name: topic, partitions: 1, retentionMs: 60_000 }]);
  await bus.subscribe({
    topics: [topic],
    group: topic,
    startAt: { kind: 'committed' },
    maxInFlight: 10,
    onError: () => undefined,
    each: (record) => void read.push(record),
  });
  return { topic, read };
}

it('reads on behind a record that is nothing but headers', async () => {
  const { topic, read } = await readTopic();
  const headers: Record<string, string> = { reply: 'first' };
  for (let at = 0; at < 50_000; at += 1) headers[`h${at}`] = '';
  await bus.publish([{ topic, partition: 0, value: Buffer.from('many'), headers }]);
  await bus.publish([{ topic, partition: 0, value: Buffer.from('good') }]);
  const [many, good] = await eventually(() => (read.length === 2 ? read : undefined), { timeoutMs: 20_000 });
  expect(many?.headers['reply']).toEqual(['first']);
  expect(Object.keys(many?.headers ?? {})).toHaveLength(64);
  expect(good?.value.toString()).toBe('good');
});

it('reads on behind a transaction that a stranger leaves open', async () => {
  const { topic, read } = await readTopic();
  const open = await stranger.transaction();
  await open.send({ topic, messages: [{ partition: 0, value: 'held' }] });
  await bus.publish([{ topic, partition: 0, value: Buffer.from('good') }]);
  try {
    await eventually(() => read.length === 2, { timeoutMs: 20_000 });
    expect(read.map(({ value }) => value.toString())).toEqual(['held', 'good']);
  } finally {
    await open.abort();
  }
  // The broker's own record of the end of the transaction is nobody's.
  await bus.publish([{ topic, partition: 0, value: Buffer.from('better') }]);
  await eventually(() => read.length === 3);
  expect(read[2]?.value.toString()).toBe('better');
});
