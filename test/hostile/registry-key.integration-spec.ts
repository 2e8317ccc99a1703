import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { fixedTopics, replyTopic } from '#contracts';
import { jwkSigner } from '#signing';
import { publicDigest } from '#snapshot';
import type { RunningApp } from '#platform';
import { eventually, type World } from '#testing';
import { CONSUMER, PROVIDER } from '../audit/audit-network.js';
import { receiptBytes } from '../audit/audit-answers.js';
import { alteredDocument, forgedWorld, REGISTER, signedAt, swappedKey, withoutAgreements } from './attacker.js';
import { showing } from './broker-in-the-middle.js';
import { HostileNetwork } from './hostile-network.js';

jest.setTimeout(120_000);

/** Both parties' processes read the registry by themselves, so each has to find out. */
const READERS = ['gw1', 'cn1'];

describe('whoever has the registry’s key, its database and the broker, but no key of a member nor the log’s', () => {
  let network: HostileNetwork;
  let gateway: RunningApp;
  /** Of the newest snapshot that the log has a manifest of, whoever made it. */
  let number: number;

  beforeAll(async () => {
    network = await HostileNetwork.create();
    number = network.world.snapshot.number;
    [gateway] = await Promise.all([network.startGateway(), network.startConnector()]);
  });
  afterEach(async () => {
    // Whatever was tried: honest traffic beside it goes on.
    const answer = await network.ask(gateway);
    expect([answer.status, answer.text]).toEqual([200, '{"ok":true}']);
    network.alarms.length = 0;
  });
  afterAll(() => network.close());

  /** As the honest registry publishes, in the log and then on the topic. */
  async function publish(world: World, isHonest = false): Promise<void> {
    await network.publish(world, { isHonest });
    number = world.snapshot.number;
  }

  async function distrusted(reason: string): Promise<void> {
    for (const part of READERS)
      expect(await network.alarmOf(part, 'registry-member-distrusted', { reason })).toMatchObject({
        member: REGISTER,
        kept: true,
      });
  }

  async function refusedManifest(reason: string, parts = READERS): Promise<void> {
    for (const part of parts) await network.alarmOf(part, 'registry-manifest-refused', { reason });
  }

  it('cannot swap a member’s key: both ends alarm and keep the old one, and intake takes no statement by the new', async () => {
    const { entry, key } = await swappedKey(network.world, REGISTER, PROVIDER);
    await publish(forgedWorld(network.world, number + 1, { entry }));
    await distrusted('key-chain-rewritten');
    const requested = await network.audit.requested();
    await network.audit.stampAndWait(requested);
    const forged = await network.audit.answered(requested, {}, jwkSigner(key));
    expect(await network.audit.refusalOf(forged)).toBe('signer-unknown');
  });

  it('cannot write an agreement into a provider’s document', async () => {
    const entry = alteredDocument(network.world, REGISTER, (document) => ({
      ...document,
      subsystems: document.subsystems.map((subsystem) => ({
        ...subsystem,
        agreements: subsystem.agreements.map((one) => ({ ...one, until: '2200-01-01T00:00:00Z' })),
      })),
    }));
    await publish(forgedWorld(network.world, number + 1, { entry }));
    await distrusted('document-signature');
  });

  it('cannot bring back a document that its member has replaced since', async () => {
    const early = await signedAt(network.world, REGISTER, '2026-01-01T00:00:00.000Z', withoutAgreements);
    const late = await signedAt(network.world, REGISTER, '2026-06-01T00:00:00.000Z');
    await publish({ ...forgedWorld(network.world, number + 1, { entry: late }) }, true);
    await publish(forgedWorld(network.world, number + 1, { entry: early }));
    await distrusted('document-rolled-back');
  });

  it('cannot publish a manifest that the log does not hold, with a receipt of another or none', async () => {
    const entry = (await swappedKey(network.world, REGISTER, PROVIDER)).entry;
    const forged = forgedWorld(network.world, number + 1, { entry });
    await network.audit.publishSnapshot(forged);
    const manifest = await network.audit.manifest(forged);
    const stale = receiptBytes(network.audit.receipts.find(({ isProven }) => isProven));
    for (const receipt of [stale, new Uint8Array()]) {
      network.alarms.length = 0;
      await network.show(manifest, forged.digests, receipt);
      await refusedManifest('manifest-unlogged');
    }
  });

  it('cannot show one gateway another registry than the log and everybody else', async () => {
    const victims = 'registry.snapshot.victim';
    await network.bus.ensureTopics([{ ...fixedTopics.snapshot, name: victims }]);
    const put = (world: World) =>
      network.bus.publish([
        { topic: victims, partition: 0, key: `snapshot.${world.snapshot.number % 2}`, value: gzipSync(world.bytes) },
      ]);
    const honest = forgedWorld(network.world, number + 1);
    const logged = await network.publish(honest);
    number += 1;
    await put(honest);
    await network.show(logged, honest.digests, receiptBytes(network.audit.receiptOf(logged.leafHash)), victims);
    const victim = await network.startGateway({ bus: showing(network.bus, victims), name: 'victim' });
    expect((await network.ask(victim)).status).toBe(200);

    const { instances } = network.world.snapshot;
    const other = forgedWorld(network.world, number + 1, {
      instances: instances.map((one) => (one.id === 'TEST/gw2' ? { ...one, serves: [CONSUMER as never] } : one)),
    });
    await put(other);
    await network.show(await network.audit.manifest(other), other.digests, new Uint8Array(), victims);
    await refusedManifest('manifest-unlogged', ['victim']);
    // To be shown, it would have to be in the log, where everybody else sees it.
    expect((await network.ask(victim)).status).toBe(200);
    await network.stop(victim);
  });

  it('cannot roll the registry back: neither intake nor readers take a number that was', async () => {
    const before = forgedWorld(network.world, number - 1);
    await network.audit.publishSnapshot(before);
    const manifest = await network.audit.manifest(before);
    expect(await network.audit.refusalOf(manifest)).toBe('manifest-number-back');
    const second = forgedWorld(network.world, number, {
      entry: (await swappedKey(network.world, REGISTER, PROVIDER)).entry,
    });
    await network.audit.publishSnapshot(second);
    expect(await network.audit.refusalOf(await network.audit.manifest(second))).toBe('manifest-forked');
  });

  it('cannot have a gateway of its own served with answers for a consumer of another', async () => {
    const { instances } = network.world.snapshot;
    const evil = {
      id: 'TEST/gw9' as never,
      kind: 'gateway' as const,
      runBy: 'TEST/GOV/1009',
      serves: [CONSUMER as never],
      reply: replyTopic('TEST/gw9').name,
    };
    await publish(forgedWorld(network.world, number + 1, { instances: [...instances, evil] }), true);
    const unsigned = await network.audit.requested({}, network.audit.signerOf('TEST/GOV/1009/operator'));
    expect(await network.audit.refusalOf(unsigned)).toBe('signer-unknown');
  });
});

describe('a gateway that is shown no newer registry', () => {
  it('serves until the last manifest runs out, not a moment longer, and a revocation that is hidden from it counts', async () => {
    const network = await HostileNetwork.create();
    try {
      let stoppedAtMs: number | undefined;
      const clock = { now: () => stoppedAtMs ?? Date.now() };
      const topic = 'registry.snapshot.cut';
      await network.bus.ensureTopics([{ ...fixedTopics.snapshot, name: topic }]);
      const before = network.world;
      const next = forgedWorld(before, 3);
      const logged = await network.publish(next);
      await network.bus.publish([{ topic, partition: 0, key: 'snapshot.1', value: gzipSync(next.bytes) }]);
      await network.show(logged, next.digests, receiptBytes(network.audit.receiptOf(logged.leafHash)), topic);
      const untilMs = Reflect.get(logged.payload, 'until') as number;
      const cut = await network.startGateway({ bus: showing(network.bus, topic), clock, name: 'cut' });
      await network.startConnector();
      expect((await network.ask(cut)).status).toBe(200);
      const lacks = async () => (await fetch(`${cut.url}/ready`)).text();

      const entry = await signedAt(before, REGISTER, '2026-06-01T00:00:00.000Z', withoutAgreements);
      await network.publish(forgedWorld(before, 4, { entry }));
      const refused = await eventually(
        async () => {
          const answer = await network.ask(cut);
          return answer.status === 200 ? undefined : answer;
        },
        { timeoutMs: 20_000 },
      );
      expect(await network.leavesOf(refused.exchange)).toContain(`exchange.refused by ${PROVIDER}`);

      stoppedAtMs = untilMs - 1;
      expect(await lacks()).not.toContain('registry-copy');
      stoppedAtMs = untilMs;
      expect(await lacks()).toContain('registry-copy');
      expect(await network.ask(cut)).toMatchObject({
        status: 500,
        text: expect.stringContaining('global_conf_outdated'),
      });
      // A manifest that would live longer is not taken, and one of the old number the log does not take.
      const renewed = await network.audit.manifest({ ...next }, Date.now());
      expect(await network.audit.refusalOf(renewed)).toBe('manifest-number-back');
      await network.show(renewed, next.digests, receiptBytes(network.audit.receiptOf(renewed.leafHash)), topic);
      await network.alarmOf('cut', 'registry-manifest-refused', { reason: 'manifest-unlogged' });
      expect(publicDigest(next.digests)).toBe(Reflect.get(renewed.payload, 'doc'));
      expect(await lacks()).toContain('registry-copy');
    } finally {
      await network.close();
    }
  });
});
