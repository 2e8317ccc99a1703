import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Bus, OutgoingRecord } from '#bus';
import { openDelivery, Outbox, readDelivery, sealDelivery, type Delivery, type ReadDelivery } from '#deliveries';
import type { SubsystemId } from '#kernel';
import { publicJwk, startSession } from '#signing';
import { eventually, uniqueName } from '#testing';
import { CONSUMER } from '../audit/audit-network.js';
import { FeedbackNetwork } from './feedback-network.js';

const to = CONSUMER as SubsystemId;
const outbox = new Outbox();
const dueMs = 1_900_000_000_000;

let network: FeedbackNetwork;
const arrived: { readonly key: string; readonly read: ReadDelivery }[] = [];
beforeAll(async () => {
  network = await FeedbackNetwork.create();
  const { topic = '' } = network.audit.world.view.correctionsOf(to) ?? {};
  await network.bus.subscribe({
    topics: [topic],
    group: uniqueName('spec'),
    startAt: { kind: 'earliest' },
    maxInFlight: 100,
    onError: () => undefined,
    each: ({ key, value }) => {
      const read = readDelivery(value);
      if (read.ok) arrived.push({ key: String(key), read: read.value });
    },
  });
}, 60_000);
afterAll(() => network.close());

async function question(n: number): Promise<Delivery> {
  const { seal } = network.audit.world.keysOf(to);
  const head = { id: randomUUID(), kind: 'question', to, dueMs };
  const session = await startSession({ recipient: to, kid: seal.kid, publicJwk: publicJwk(seal) });
  return { id: head.id, recipient: to, kind: 'question', value: sealDelivery(head, { n }, session), dueMs };
}

const keyOf = (owner: SubsystemId, kid: string) => {
  const { seal } = network.audit.world.keysOf(owner);
  return seal.kid === kid ? seal : undefined;
};

it('brings what is owed to a subsystem onto its topic, sealed, in order, through failures of the broker', async () => {
  let failures = 3;
  const publish = async (records: readonly OutgoingRecord[]) => {
    const isDelivery = records.some(({ topic }) => topic.includes('correction.'));
    // Kept by the broker, and said to have failed; then failed indeed.
    if (isDelivery && failures === 3) await network.bus.publish(records);
    if (isDelivery && failures-- > 0) throw new RangeError('broker');
    return network.bus.publish(records);
  };
  const bus = new Proxy(network.bus, {
    get: (target, name: keyof Bus) => (name === 'publish' ? publish : (target[name] as () => void).bind(target)),
  });
  const app = await network.start({}, { bus });
  const { feedback } = await network.databases();
  const made = [await question(0), await question(1), await question(2)];
  await feedback.transaction((queries) => outbox.add(queries, made));
  await eventually(() => arrived.length >= 4);
  expect(arrived.map(({ read }) => read.head.id)).toEqual([made[0], ...made].map((one) => one?.id));
  for (const { key, read } of arrived) {
    expect([key, read.head.kind, read.head.to, read.head.dueMs]).toEqual([read.head.id, 'question', to, dueMs]);
    const n = made.findIndex(({ id }) => id === read.head.id);
    expect(await openDelivery(read.head, read.sealed, keyOf)).toEqual({ ok: true, value: { n } });
  }
  await eventually(async () => (await outbox.sizes(feedback)).waiting === 0);
  const kept = await outbox.list(feedback, { states: ['delivered'], limit: 10 });
  expect(kept.map(({ attempts, value }) => [attempts, value.length])).toEqual([
    [4, 0],
    [1, 0],
    [1, 0],
  ]);
  await network.stop(app);
});

it('parks what it cannot read, tells it, and goes on', async () => {
  const app = await network.start();
  const { feedback } = await network.databases();
  const broken = { id: randomUUID(), recipient: to, kind: 'question', value: Buffer.from('not sealed') };
  const good = await question(3);
  await feedback.transaction((queries) => outbox.add(queries, [broken, good]));
  await eventually(() => arrived.some(({ read }) => read.head.id === good.id));
  expect(await outbox.parked(feedback, { limit: 5 })).toMatchObject([{ id: broken.id, why: 'delivery-malformed' }]);
  expect(network.alarms).toContainEqual(expect.objectContaining({ alarm: 'delivery-parked', delivery: broken.id }));
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  expect(metrics).toContain('kerege_feedback_delivery_attempts_total{state="parked",app="feedback"} 1');
});
