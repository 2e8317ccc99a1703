import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createInProcessBus, type Bus } from '#bus';
import { encode, fixedTopics, ManifestSchema, message, ReceiptsSchema } from '#contracts';
import { newExchangeId, sha256, type MemberId } from '#kernel';
import { generateSigningKey, jwkSigner, publicJwk, signStatement } from '#signing';
import { digestList, publicDigest, snapshotBytes, type Snapshot } from '#snapshot';
import { buildWorld, eventually, fakeClock, signEntry, type World } from '#testing';
import { checkpointText, ed25519Seed, GrowingTree, makeVkey, noteSigner, parseVkey, signNote } from '#tlog';
import { RegistryCopy } from './registry-copy.consumer.js';
import { RegistryMemory } from './registry-memory.store.js';

const NOW = 1_800_000_000_000;
const ORIGIN = 'log.example/TEST/0/2026h2';
const REGISTER = 'TEST/GOV/1001' as MemberId;
const registryKey = generateSigningKey();
const logKey = ed25519Seed(sha256('log'));
const log = parseVkey(makeVkey(ORIGIN, logKey.publicKey));
if (!log.ok) throw new TypeError('no vkey');
const logs = [log.value];

type Published = Pick<World, 'bytes' | 'digests'> & { readonly number: number };
type Showing = { readonly key?: typeof registryKey; readonly receipt?: Uint8Array; readonly lifetimeMs?: number };

async function receiptFor(leafHash: Uint8Array, by = logKey): Promise<Uint8Array> {
  const tree = GrowingTree.empty().extend([Buffer.from(leafHash)]);
  const note = await signNote(checkpointText(ORIGIN, 1, tree.root), [noteSigner(ORIGIN, by.publicKey, by.sign)]);
  const leaves = [{ leafHash, index: 0n, path: tree.path(0) }];
  return encode(ReceiptsSchema, message(ReceiptsSchema, { note: Buffer.from(note), size: 1n, leaves }));
}

/** A snapshot of a world in which the registry has put another entry for the register. */
function withEntry(world: World, number: number, entry: Snapshot['members'][number]): Published {
  const members = world.snapshot.members.map((each) => (each.id === entry.id ? entry : each));
  const bytes = snapshotBytes({ ...world.snapshot, number, members });
  return { number, bytes, digests: digestList(bytes, members) };
}

describe('RegistryCopy', () => {
  let bus: Bus;
  let world: World;
  let directory: string;
  let alarms: string[];
  let details: Readonly<Record<string, unknown>>[];
  let clock: ReturnType<typeof fakeClock>;
  const copies: RegistryCopy[] = [];

  async function start(): Promise<RegistryCopy> {
    const alarm = (reason: string, told: Readonly<Record<string, unknown>>) => {
      alarms.push(reason);
      details.push(told);
    };
    const copy = await RegistryCopy.start({
      ...{ bus, clock, logs },
      registryKeys: [{ kid: registryKey.kid, jwk: publicJwk(registryKey) }],
      memory: new RegistryMemory(directory, (cause) => alarm('registry-memory', { err: cause })),
      instanceId: 'TEST/gw1',
      events: { adopted: () => undefined, alarm },
    });
    copies.push(copy);
    return copy;
  }

  async function publish(key: string, value: Uint8Array): Promise<void> {
    await bus.publish([{ topic: fixedTopics.snapshot.name, partition: 0, key, value }]);
  }

  async function publishSnapshot({ number, bytes }: Pick<Published, 'number' | 'bytes'>): Promise<void> {
    await publish(`snapshot.${number % 2}`, gzipSync(bytes));
  }

  async function publishManifest({ number, digests }: Published, showing: Showing = {}): Promise<void> {
    const { key = registryKey, lifetimeMs = 600_000 } = showing;
    const [id, ts, until] = [newExchangeId(), clock.now(), clock.now() + lifetimeMs];
    const statement = await signStatement(
      { v: 1, t: 'registry.manifest', id, ts, n: number, until, doc: publicDigest(digests) },
      jwkSigner(key),
    );
    const receipt = showing.receipt ?? (await receiptFor(statement.leafHash));
    const manifest = message(ManifestSchema, { statement: statement.jws, digests, receipt });
    await publish('manifest', encode(ManifestSchema, manifest));
  }

  async function show(published: Published): Promise<void> {
    await publishSnapshot(published);
    await publishManifest(published);
  }

  const of = (shown: World): Published => ({ number: shown.view.number, bytes: shown.bytes, digests: shown.digests });
  const entryOf = (shown: { memberEntry(id: MemberId): unknown } | undefined) => shown?.memberEntry(REGISTER);

  beforeEach(async () => {
    bus = createInProcessBus();
    await bus.ensureTopics([fixedTopics.snapshot]);
    [alarms, details] = [[], []];
    clock = fakeClock(NOW);
    world = await buildWorld();
    directory = mkdtempSync(join(tmpdir(), 'kerege-registry-copy-'));
  });

  afterEach(async () => {
    await Promise.all(copies.splice(0).map((copy) => copy.stop()));
    await bus.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('has caught up with what was published before it started', async () => {
    await show(of(world));
    const copy = await start();
    expect(copy.current()?.number).toBe(1);
  });

  it('tells listeners and waiters of a change, and keeps the snapshot before', async () => {
    const copy = await start();
    expect(copy.current()).toBeUndefined();
    const waited = copy.waitFor((view) => view.number >= 2, NOW + 10_000);
    const seen: number[] = [];
    copy.onChange((view) => seen.push(view.number));
    for (const next of [world, await buildWorld({ number: 2, sameKeysAs: world })]) {
      await show(of(next));
      await eventually(() => copy.current()?.number === next.view.number);
    }
    expect((await waited)?.number).toBe(2);
    expect(seen).toEqual([1, 2]);
    expect(copy.atNumber(1)?.number).toBe(1);
  });

  it('forgets everything when the manifest has run out, and not before', async () => {
    await show(of(world));
    const copy = await start();
    clock.advance(599_999);
    expect(copy.current()?.number).toBe(1);
    clock.advance(1);
    expect(copy.current()).toBeUndefined();
  });

  it.each<[string, string, () => Promise<void>]>([
    [
      'a manifest of another key',
      'manifest-signature',
      () => publishManifest(of(world), { key: generateSigningKey() }),
    ],
    [
      'a manifest that no log holds',
      'manifest-unlogged',
      () => publishManifest(of(world), { receipt: Buffer.alloc(0) }),
    ],
    [
      'a manifest with the receipt of another leaf',
      'manifest-unlogged',
      async () => publishManifest(of(world), { receipt: await receiptFor(sha256('another')) }),
    ],
    [
      'a manifest that lives for days',
      'manifest-lifetime',
      () => publishManifest(of(world), { lifetimeMs: 86_400_000 }),
    ],
    ['rubbish for a manifest', 'manifest-malformed', () => publish('manifest', Buffer.from('rubbish'))],
  ])('alarms on %s and adopts nothing', async (_what, reason, act) => {
    const copy = await start();
    await publishSnapshot(of(world));
    await act();
    await eventually(() => alarms.length === 1);
    expect([alarms[0], details[0]]).toMatchObject(['registry-manifest-refused', { reason }]);
    expect(copy.current()).toBeUndefined();
  });

  it.each([
    ['rubbish for a snapshot', 'snapshot.0', 'rubbish'],
    ['an alien key', 'alien', 'x'],
  ])('alarms on %s and adopts nothing', async (_what, key, value) => {
    const copy = await start();
    await publish(key, Buffer.from(value));
    await eventually(() => alarms.length === 1);
    expect(copy.current()).toBeUndefined();
  });

  it('alarms with the error, under the name by which a logger knows errors, when a listener fails', async () => {
    const copy = await start();
    const cause = new TypeError('a listener of this spec');
    copy.onChange(() => {
      throw cause;
    });
    await show(of(world));
    await eventually(() => alarms.length > 0);
    expect([alarms[0], details[0]]).toEqual(['registry-copy-failed', { err: cause }]);
  });

  it('gives up waiting at the deadline', async () => {
    const copy = await start();
    expect(await copy.waitFor(() => true, NOW + 5)).toBeUndefined();
    expect(await copy.waitFor(() => true, NOW - 1)).toBeUndefined();
  });

  describe('against a registry that shows a member another first key', () => {
    let forged: Published;
    let honest: unknown;

    beforeEach(async () => {
      const document = world.view.member(REGISTER);
      if (document === undefined) throw new TypeError('no register in the world');
      forged = withEntry(world, 2, await signEntry(document, generateSigningKey()));
      honest = entryOf(world.view);
    });

    it('keeps the member’s own document and adopts the rest, with an alarm', async () => {
      const copy = await start();
      await show(of(world));
      await eventually(() => copy.current()?.number === 1);
      await show(forged);
      await eventually(() => copy.current()?.number === 2);
      expect(entryOf(copy.current())).toEqual(honest);
      const told = { member: REGISTER, reason: 'key-chain-rewritten', kept: true };
      expect([alarms, details]).toEqual([['registry-member-distrusted'], [told]]);
    });

    it('does so after a restart, too', async () => {
      await show(of(world));
      const before = await start();
      await before.stop();
      await show(forged);
      const copy = await start();
      expect(copy.current()?.number).toBe(2);
      expect(entryOf(copy.current())).toEqual(honest);
      expect(alarms).toEqual(['registry-member-distrusted']);
    });

    it('does so, too, if the forged snapshot was on the topic before the member was known', async () => {
      const copy = await start();
      await publishSnapshot(forged);
      await show(of(world));
      await eventually(() => copy.current()?.number === 1);
      await publishManifest(forged);
      await eventually(() => copy.current()?.number === 2);
      expect(entryOf(copy.current())).toEqual(honest);
    });

    it('takes nothing older after a restart', async () => {
      const next = await buildWorld({ number: 2, sameKeysAs: world });
      await show(of(next));
      await (await start()).stop();
      await show(of(world));
      const copy = await start();
      expect(alarms).toContain('registry-manifest-refused');
      expect(details).toContainEqual(expect.objectContaining({ reason: 'manifest-number-back' }));
      expect(copy.current()).toBeUndefined();
    });
  });

  it('does not start over a memory that it cannot read, and leaves none half written', async () => {
    await show(of(world));
    await (await start()).stop();
    expect(readdirSync(directory)).toEqual(['registry.json']);
    for (const text of [
      '',
      '{"v":1}',
      JSON.stringify({ v: 1, number: 1, doc: '', members: [{ id: 'x', document: 'x', keyChain: ['x'] }] }),
    ]) {
      writeFileSync(join(directory, 'registry.json'), text);
      await expect(start()).rejects.toMatchObject({ code: 'registry-memory-broken' });
    }
  });

  it('goes on where it cannot write what it remembers, and says so', async () => {
    directory = join(directory, 'file');
    writeFileSync(directory, '');
    // Reading it fails otherwise: what is no folder holds nothing that could be read.
    rmSync(directory);
    const copy = await start();
    writeFileSync(directory, '');
    await show(of(world));
    await eventually(() => alarms.includes('registry-memory'));
    expect(copy.current()?.number).toBe(1);
  });
});
