import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { fixedTopics } from '#contracts';
import { systemClock, type SubsystemId } from '#kernel';
import { logKeys } from '#log-watch';
import { RegistryCopy } from '#registry-copy';
import { publicJwk } from '#signing';
import { eventually } from '#testing';
import { amendWorld } from '../audit/amended-world.js';
import { CONSUMER } from '../audit/audit-network.js';
import { ConnectorNetwork } from '../connector/connector-network.js';
import { FeedbackNetwork, person } from '../feedback/feedback-network.js';
import { fuzz, mutated } from './fuzz.js';

/** Log and feedback. */
let feedback: FeedbackNetwork;
/** Without a connector: its registry and log are wanted. */
let network: ConnectorNetwork;
beforeAll(async () => {
  feedback = await FeedbackNetwork.create();
  await feedback.start();
  network = await ConnectorNetwork.create();
}, 180_000);
afterAll(async () => {
  await feedback.close();
  await network.close();
}, 60_000);

it('the log goes on after every stamp that was spoilt, and takes nothing that nobody signed', async () => {
  const { audit } = feedback;
  const asked = await audit.requested();
  const answered = await audit.answered(asked);
  const samples = [asked, answered].map(({ jws }) => Buffer.from(jws));
  const before = (await audit.head()).size;
  let sent = 0;
  await fuzz('stamps', mutated(samples), async (value) => {
    const headers: Record<string, string> =
      sent % 3 === 0 ? {} : { reply: sent % 3 === 1 ? audit.replyTopic : 'nowhere' };
    sent += 1;
    await audit.bus.publish([{ topic: fixedTopics.stamp.name, partition: 0, value, headers }]);
  });
  const good = await audit.requested();
  expect((await audit.stampAndWait(good, 60_000)).leaf.refused).toBe('');
  // At most the samples themselves, where an edit changed nothing, beside the good one.
  const { size } = await audit.head();
  expect(size - before).toBeLessThanOrEqual(samples.length + 1);
}, 120_000);

it('feedback goes on after every opening that was spoilt', async () => {
  const [asked, other] = await Promise.all([
    feedback.requested([person('PIN/T900001')]),
    feedback.requested([person('PIN/T900002')]),
  ]);
  const samples = await Promise.all([feedback.sealed(asked), feedback.sealed(other)]);
  await fuzz('openings', mutated(samples), (value) => feedback.send(value));
  const subject = person('PIN/T900003');
  const good = await feedback.requested([subject]);
  await feedback.stamp(good.statement);
  await feedback.send(await feedback.sealed(good));
  await eventually(async () => (await feedback.accesses(subject)).length === 1, { timeoutMs: 60_000 });
}, 120_000);

it('a gateway’s copy of the registry keeps the sound snapshot through every record that was spoilt, and takes the next', async () => {
  const { bus, world, log } = network;
  const key = world.keysOf('TEST/registry1').sign;
  const topic = fixedTopics.snapshot.name;
  const copy = await RegistryCopy.start({
    bus,
    clock: systemClock,
    registryKeys: [{ kid: key.kid, jwk: publicJwk(key) }],
    logs: logKeys({ logs: [log.vkey] }),
    instanceId: 'TEST/gw1',
    events: { adopted: () => undefined, alarm: () => undefined },
  });
  const publish = async (records: readonly { readonly key: string; readonly value: Buffer }[]) => {
    for (const record of records) await bus.publish([{ topic, partition: 0, ...record }]);
  };
  try {
    await eventually(() => copy.current()?.number === 1, { timeoutMs: 30_000 });
    const first = await network.registryRecords(world);
    const next = await network.registryRecords(await amendWorld(world, 2, (document) => document));
    let sent = 0;
    await fuzz('registry records', mutated([...first, ...next].map(({ value }) => value)), async (value) => {
      const name = ['snapshot.0', 'snapshot.1', 'manifest'][sent % 3] ?? '';
      sent += 1;
      await bus.publish([{ topic, partition: 0, key: name, value }]);
      const standing = copy.current();
      expect([1, 2]).toContain(standing?.number);
      expect(standing?.subsystem(CONSUMER as SubsystemId)).toBeDefined();
    });
    await publish(next);
    await eventually(() => copy.current()?.number === 2, { timeoutMs: 60_000 });
  } finally {
    await copy.stop();
  }
}, 120_000);
