import { jest } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { eventually } from '#testing';
import { localUrl } from '../../../apps/sandbox/src/instance/layout.js';
import {
  call,
  ledger,
  MYGOV,
  PERSONS,
  startBus,
  temporaryDirectory,
  type BusUnderTest,
  type Call,
} from '../../system/spec-support/bus-under-test.js';
import { counterOf } from '../../system/spec-support/counters.js';
import { TopicRecord, topics } from '../../system/spec-support/topic-record.js';
import { SteadyLoad } from '../rolling/steady-load.js';
import { expectOrder } from './log-order.js';
import { HOUR_MS, WrongClock } from './wrong-clock.js';

jest.setTimeout(240_000);

type Name = 'gateway' | 'cn1';
const PER_SECOND = 4;
/** Longer than a group takes to miss a member that sends no heartbeat. */
const WRONG_FOR_MS = 12_000;
const GROUP = `connector.${topics.request}`;
const READ: Call = {
  target: `${PERSONS}/TEST000001`,
  client: MYGOV,
  purpose: 'citizen-view',
  headers: { Accept: 'application/problem+json', 'Kerege-Deadline': '3000' },
};

let bus: BusUnderTest;
let records: TopicRecord;
let admin: Admin;
let load: SteadyLoad;
let directory: string;
let clocks: Readonly<Record<Name, WrongClock>>;
let startedMs: number;
beforeAll(async () => {
  directory = await temporaryDirectory();
  clocks = { gateway: new WrongClock(directory, 'gateway'), cn1: new WrongClock(directory, 'cn1') };
  startedMs = Date.now();
  bus = await startBus({ isKafkaOpen: true, env: { gateway: clocks.gateway.env, cn1: clocks.cn1.env } });
  records = await TopicRecord.of(bus.instance);
  admin = new Kafka({ brokers: bus.instance.kafkaBrokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  load = new SteadyLoad([bus.instance.gatewayUrl], PER_SECOND);
  await load.start();
});
afterAll(async () => {
  await load.stop();
  await admin.disconnect();
  await records.bus.close();
  await bus.end();
  await rm(directory, { recursive: true, force: true });
});

const alarmsOf = (name: Name) =>
  counterOf(
    localUrl(bus.instance.ports[name]),
    `kerege_${name === 'gateway' ? 'gateway' : 'connector'}_alarms_total`,
    {},
  );
const statusOf = async () => (await call(bus.instance, READ)).status;

/** Who is in the connector's group, and how many requests of its topic it has not committed. */
async function group(): Promise<{ members: string[]; left: number }> {
  const [described, ends, committed] = await Promise.all([
    admin.describeGroups([GROUP]),
    admin.fetchTopicOffsets(topics.request),
    admin.fetchOffsets({ groupId: GROUP, topics: [topics.request] }),
  ]);
  const taken = new Map(committed[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  const left = ends.reduce(
    (sum, { partition, high }) => sum + Number(high) - Math.max(0, taken.get(partition) ?? 0),
    0,
  );
  return { members: described.groups[0]?.members.map(({ memberId }) => memberId) ?? [], left };
}

describe.each([
  ['gateway', HOUR_MS],
  ['gateway', -HOUR_MS],
  ['cn1', HOUR_MS],
  ['cn1', -HOUR_MS],
] as const)('the clock of a running %s that jumps by %d ms', (name, aheadMs) => {
  it('alarms and refuses while it is wrong, and works again, in its group all the while, as soon as it is right', async () => {
    const { members } = await group();
    expect(members).toHaveLength(1);
    const [alarms, pid] = [await alarmsOf(name), bus.instance.pid(name)];
    clocks[name].setAhead(aheadMs);
    await eventually(async () => (await statusOf()) >= 500, { timeoutMs: 15_000 });
    // At the latest with the next manifest, which comes once a minute.
    await eventually(async () => (await alarmsOf(name)) > alarms, { timeoutMs: 75_000 });
    await delay(WRONG_FOR_MS);
    expect(await statusOf()).toBeGreaterThanOrEqual(500);
    expect((await group()).members).toEqual(members);

    clocks[name].setAhead(0);
    await eventually(async () => (await statusOf()) === 200, { timeoutMs: 10_000 });
    await delay(WRONG_FOR_MS);
    expect(await statusOf()).toBe(200);
    expect((await group()).members).toEqual(members);
    // Under load there is always one on its way.
    await eventually(async () => (await group()).left < PER_SECOND, { timeoutMs: 10_000 });
    expect(bus.instance.pid(name)).toBe(pid);
  });
});

describe('after all that', () => {
  beforeAll(() => load.stop());

  it('each claim that was answered was made once, and none twice', async () => {
    const made = (await ledger(bus.instance, 'benefits')).flatMap(({ exchangeId, method }) =>
      method === 'POST' && exchangeId !== null ? [exchangeId] : [],
    );
    expect(new Set(made).size).toBe(made.length);
    const answered = load.ended.filter(({ kind, status }) => kind === 'claim' && status === 201);
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.filter(({ exchangeId }) => !made.includes(exchangeId))).toEqual([]);
  });

  it('the log has its leaves in the order of the broker', async () => {
    await expectOrder(bus.instance, records, startedMs);
  });
});
