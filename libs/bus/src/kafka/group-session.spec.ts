import { describe, expect, it } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import type { EachSubscription } from '../bus.js';
import { Dispatcher } from '../delivery/dispatcher.js';
import { silentLogger } from '../logger.js';
import { GroupSession } from './group-session.js';
import type { KafkaAdmin } from './kafka-admin.js';
import { LaneSet } from './lane-set.js';

const settings = {
  groupId: 'g',
  sessionTimeoutMs: 6_000,
  heartbeatIntervalMs: 500,
  rebalanceTimeoutMs: 6_000,
  fetchMaxWaitMs: 250,
  fetchMaxBytes: 1_000,
  fetchMaxBytesPerPartition: 1_000,
};
const options: EachSubscription = {
  ...{ topics: ['t'], group: 'g', startAt: { kind: 'committed' }, maxInFlight: 1 },
  onError: () => undefined,
  each: () => undefined,
};

/** A session whose consumer says what it is told to say, and reaches no broker. */
async function session() {
  const heard = new Map<string, (event: object) => void>();
  const names = ['GROUP_JOIN', 'REBALANCING', 'HEARTBEAT', 'CRASH', 'FETCH_START', 'FETCH', 'REQUEST'];
  const nothing = () => Promise.resolve();
  const consumer = {
    events: Object.fromEntries(names.map((name) => [name, name])),
    on: (name: string, listener: (event: object) => void) => heard.set(name, listener),
    ...{ connect: nothing, subscribe: nothing, run: nothing, disconnect: nothing },
    ...{ seek: () => undefined, pause: () => undefined, resume: () => undefined },
  };
  const kafka = { consumer: () => consumer } as unknown as Kafka;
  const dispatcher = new Dispatcher(options, () => undefined);
  const lanes = new LaneSet(dispatcher, options);
  // Never asked: what is committed the broker knows.
  const admin = {} as KafkaAdmin;
  const opened = new GroupSession(kafka, { admin, lanes, dispatcher, logger: silentLogger }, options, settings);
  await opened.open();
  const says = (name: string, payload: object = {}) => heard.get(name)?.({ payload });
  const joins = (memberAssignment: Record<string, number[]>) => says('GROUP_JOIN', { memberId: 'm', memberAssignment });
  return { opened, says, joins };
}

describe('a session has its partitions', () => {
  it('from the join to the next rebalance', async () => {
    const { opened, says, joins } = await session();
    expect(opened.isAssigned()).toBe(false);
    joins({ t: [0] });
    expect(opened.isAssigned()).toBe(true);
    says('REBALANCING');
    expect(opened.isAssigned()).toBe(false);
    joins({ t: [0] });
    expect(opened.isAssigned()).toBe(true);
  });

  it('again when a heartbeat is answered after a rebalance that did not come', async () => {
    const { opened, says, joins } = await session();
    joins({ t: [0] });
    says('REBALANCING');
    says('HEARTBEAT');
    expect(opened.isAssigned()).toBe(true);
  });

  it('not by a heartbeat alone: it may have got none, or be over', async () => {
    const { opened, says, joins } = await session();
    says('HEARTBEAT');
    expect(opened.isAssigned()).toBe(false);
    joins({});
    says('HEARTBEAT');
    expect(opened.isAssigned()).toBe(false);
    joins({ t: [0] });
    says('CRASH');
    says('HEARTBEAT');
    expect(opened.isAssigned()).toBe(false);
  });
});
