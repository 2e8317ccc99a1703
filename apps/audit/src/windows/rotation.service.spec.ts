import { beforeAll, describe, expect, it } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { silentLogger } from '#platform';
import { generateSigningKey, jwkSigner, parseStatement, signStatement, type Signer } from '#signing';
import { publicDigest } from '#snapshot';
import { buildWorld, type World } from '#testing';
import type { Law } from '../intake/law.js';
import { closedPayload } from './border.js';
import { Rotation } from './rotation.service.js';

const AUDIT = 'TEST/audit1';
const ORIGIN = 'audit.test.example/TEST/0/2026h2';
const VKEY = `${ORIGIN}-2+00000000+AQ`;
const NOW = Date.UTC(2026, 8, 1);
const place = { logId: 1, origin: ORIGIN, size: 2, atMs: NOW };

describe('a window', () => {
  let world: World;
  let law: Law;
  let closed: Buffer;
  let manifest: string;
  beforeAll(async () => {
    world = await buildWorld();
    law = { view: world.view, atMs: NOW } as Law;
    const ours = jwkSigner(world.keysOf(AUDIT).sign);
    closed = Buffer.from((await signStatement(closedPayload(3, VKEY, NOW), ours)).jws);
    const renewal = { v: 1, t: 'registry.manifest', id: newExchangeId(), ts: NOW, n: 1, until: NOW + 1 } as const;
    manifest = (await signStatement({ ...renewal, doc: publicDigest(world.digests) }, ours)).jws;
  });
  const rotationBy = (signer: Signer) =>
    new Rotation({
      windows: {
        byId: () => Promise.resolve({ size: 3, note: 'note\n\n' }),
        lastLeaf: () => Promise.resolve({ leafHash: Buffer.alloc(32), body: closed }),
        lastManifest: () => Promise.resolve({ number: 1, statement: manifest }),
        makePartition: () => Promise.resolve(),
      },
      keys: { load: () => Promise.resolve({ vkey: VKEY, key: { name: `${ORIGIN}-2` } }) },
      signer,
      instanceId: AUDIT,
      maxLeaves: 100,
      sequenced: () => ({}),
      clock: { now: () => NOW },
      logger: silentLogger(),
    } as never);
  const typesOf = (leaves: readonly { readonly body: Buffer }[]) =>
    leaves.map(({ body }) => {
      const parsed = parseStatement(body.toString('latin1'));
      return parsed.ok && parsed.value.payload.t;
    });

  it('is closed, and its successor opened, with the key that the manifest in force has of us', async () => {
    const rotation = rotationBy(jwkSigner(world.keysOf(AUDIT).sign));
    const last = await rotation.lastLeaf(place, law, true);
    expect([last?.index, typesOf(last === undefined ? [] : [last])]).toEqual([2, ['log.closed']]);
    const first = await rotation.firstLeaves(1, VKEY, law);
    expect(typesOf(first.leaves)).toEqual(['log.opened', 'registry.manifest']);
  });

  it.each([
    ['no manifest knows', () => jwkSigner(generateSigningKey())],
    ['is that of another', () => jwkSigner(world.keysOf('TEST/gw1').sign)],
  ])('is neither closed nor opened with a key that %s', async (_which, signer) => {
    const rotation = rotationBy(signer());
    expect(await rotation.lastLeaf(place, law, true)).toBeUndefined();
    expect(rotation.problem).toContain('cannot be closed');
    await expect(rotation.firstLeaves(1, VKEY, law)).rejects.toMatchObject({ code: 'instance-key-unknown' });
  });
});
