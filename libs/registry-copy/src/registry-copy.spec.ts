import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createInProcessBus, type Bus } from '#bus';
import { encode, fixedTopics, ManifestSchema, message } from '#contracts';
import { newExchangeId } from '#kernel';
import { generateSigningKey, jwkSigner, publicJwk, signStatement } from '#signing';
import { publicDigest } from '#snapshot';
import { buildWorld, eventually, fakeClock, type World } from '#testing';
import { RegistryCopy } from './registry-copy.consumer.js';

const NOW = 1_800_000_000_000;
const registryKey = generateSigningKey();

async function publish(bus: Bus, key: string, value: Uint8Array): Promise<void> {
  await bus.publish([{ topic: fixedTopics.snapshot.name, partition: 0, key, value }]);
}

async function publishSnapshot(bus: Bus, world: World): Promise<void> {
  await publish(bus, `snapshot.${world.view.number % 2}`, gzipSync(world.bytes));
}

async function publishManifest(bus: Bus, world: World, signedWith = registryKey): Promise<void> {
  const statement = await signStatement(
    {
      v: 1,
      t: 'registry.manifest',
      id: newExchangeId(),
      ts: NOW,
      n: world.view.number,
      until: NOW + 600_000,
      doc: publicDigest(world.digests),
    },
    jwkSigner(signedWith),
  );
  const manifest = message(ManifestSchema, { statement: statement.jws, digests: world.digests });
  await publish(bus, 'manifest', encode(ManifestSchema, manifest));
}

describe('RegistryCopy', () => {
  let bus: Bus;
  let alarms: string[];
  let details: Readonly<Record<string, unknown>>[];
  let clock: ReturnType<typeof fakeClock>;
  const copies: RegistryCopy[] = [];

  async function start(): Promise<RegistryCopy> {
    const copy = await RegistryCopy.start({
      bus,
      clock,
      registryKeys: [{ kid: registryKey.kid, jwk: publicJwk(registryKey) }],
      instanceId: 'TEST/gw1',
      events: {
        adopted: () => undefined,
        alarm: (reason, told) => {
          alarms.push(reason);
          details.push(told);
        },
      },
    });
    copies.push(copy);
    return copy;
  }

  beforeEach(async () => {
    bus = createInProcessBus();
    await bus.ensureTopics([fixedTopics.snapshot]);
    [alarms, details] = [[], []];
    clock = fakeClock(NOW);
  });

  afterEach(async () => {
    await Promise.all(copies.splice(0).map((copy) => copy.stop()));
    await bus.close();
  });

  it('has caught up with what was published before it started', async () => {
    const world = await buildWorld();
    await publishSnapshot(bus, world);
    await publishManifest(bus, world);
    const copy = await start();
    expect(copy.current()?.number).toBe(1);
  });

  it('tells listeners and waiters of a change, and keeps the snapshot before', async () => {
    const first = await buildWorld();
    const copy = await start();
    expect(copy.current()).toBeUndefined();
    const waited = copy.waitFor((view) => view.number >= 2, NOW + 10_000);
    const seen: number[] = [];
    copy.onChange((view) => seen.push(view.number));
    for (const world of [first, await buildWorld({ number: 2, sameKeysAs: first })]) {
      await publishSnapshot(bus, world);
      await publishManifest(bus, world);
      await eventually(() => copy.current()?.number === world.view.number);
    }
    expect((await waited)?.number).toBe(2);
    expect(seen).toEqual([1, 2]);
    expect(copy.atNumber(1)?.number).toBe(1);
  });

  it('forgets everything when the manifest has run out', async () => {
    const world = await buildWorld();
    await publishSnapshot(bus, world);
    await publishManifest(bus, world);
    const copy = await start();
    clock.advance(600_000);
    expect(copy.current()).toBeUndefined();
  });

  it.each([
    ['a manifest of another key', async () => publishManifest(bus, await buildWorld(), generateSigningKey())],
    ['rubbish for a manifest', () => publish(bus, 'manifest', Buffer.from('rubbish'))],
    ['rubbish for a snapshot', () => publish(bus, 'snapshot.0', Buffer.from('rubbish'))],
    ['an alien key', () => publish(bus, 'alien', Buffer.from('x'))],
  ])('alarms on %s and adopts nothing', async (_what, act) => {
    const copy = await start();
    await act();
    await eventually(() => alarms.length === 1);
    expect(copy.current()).toBeUndefined();
  });

  it('alarms with the error, under the name by which a logger knows errors, when a listener fails', async () => {
    const copy = await start();
    const cause = new TypeError('a listener of this spec');
    copy.onChange(() => {
      throw cause;
    });
    const world = await buildWorld();
    await publishSnapshot(bus, world);
    await publishManifest(bus, world);
    await eventually(() => alarms.length > 0);
    expect([alarms[0], details[0]]).toEqual(['registry-copy-failed', { err: cause }]);
  });

  it('gives up waiting at the deadline', async () => {
    const copy = await start();
    expect(await copy.waitFor(() => true, NOW + 5)).toBeUndefined();
    expect(await copy.waitFor(() => true, NOW - 1)).toBeUndefined();
  });
});
