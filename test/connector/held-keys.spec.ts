import { expect, it } from '@jest/globals';
import { parseSubsystemId } from '#kernel';
import { KeyRing } from '#signing';
import { buildWorld, fakeClock } from '#testing';
import { amendWorld, freshKey, publishedKey, withSigningKeys } from '../audit/amended-world.js';
import { HeldKeys, keyTimeMs } from '../../apps/connector/src/dispatch/held-keys.js';
import { PROVIDER } from './evil-gateway.js';

it('signs with the key that was valid at the time of the manifest, until a manifest is beyond the change', async () => {
  const change = '2026-11-01T00:00:00Z';
  const changeMs = Date.parse(change);
  const world = await buildWorld();
  const { sign, seal } = world.keysOf(PROVIDER);
  const next = freshKey({ from: change });
  const keysOf = withSigningKeys(PROVIDER, [publishedKey(sign, { until: change }), next.published]);
  const { view } = await amendWorld(world, 2, keysOf);
  const keys = new HeldKeys(KeyRing.parse([[PROVIDER, JSON.stringify({ keys: [sign, seal, next.key] })]]));
  const id = parseSubsystemId(PROVIDER);
  if (!id.ok) throw new TypeError('the provider of the specs is no subsystem');
  // A renewal each minute: the clock is past the change, the manifest in force is not yet.
  const clock = fakeClock(changeMs + 30_000);
  const manifest = (ts: number) => ({
    payload: { v: 1, t: 'registry.manifest', id: '', ts, n: 2, until: 0, doc: '' } as const,
  });
  expect(keys.signer(view, id.value, keyTimeMs(manifest(changeMs - 1), clock))?.kid).toBe(sign.kid);
  expect(keys.signer(view, id.value, keyTimeMs(manifest(changeMs), clock))?.kid).toBe(next.key.kid);
  expect(keys.signer(view, id.value, keyTimeMs(undefined, clock))?.kid).toBe(next.key.kid);
  expect(keys.signer(view, id.value, 0)).toBeUndefined();
});
