import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateSealingKey, generateSigningKey, jwkSigner, type PrivateJwk } from '#signing';
import { buildWorld, FEEDBACK, withFeedback, type World } from '#testing';
import { AnnouncedKeys } from './announced-keys.js';
import { signOpeningKey } from './index.js';

const HOUR = 3_600_000;
const NOW = Date.parse('2030-01-01T12:00:00Z');
let world: World;
/** The same instance before it had a feedback. */
let before: World;

beforeAll(async () => {
  world = await buildWorld({ definition: withFeedback });
  before = await buildWorld({ sameKeysAs: world });
});

async function announcement(fromMs: number, untilMs = NOW + HOUR, signer: PrivateJwk = world.keysOf(FEEDBACK).sign) {
  const key = generateSealingKey();
  const jws = await signOpeningKey({ instance: FEEDBACK, kid: key.kid, jwk: key, fromMs, untilMs }, jwkSigner(signer));
  return { kid: key.kid, jws };
}

describe('announced keys', () => {
  it('follow each other, and none older comes back, also when the newer one has run out', async () => {
    const keys = new AnnouncedKeys();
    const [first, second] = [await announcement(NOW - HOUR), await announcement(NOW, NOW + 1_000)];
    expect(keys.take(first.jws, world.view, NOW)).toBe('adopted');
    expect(keys.take(first.jws, world.view, NOW)).toBe('known');
    expect(keys.take(second.jws, world.view, NOW)).toBe('adopted');
    expect(keys.take(first.jws, world.view, NOW)).toBe('opening-key-older');
    expect(keys.take((await announcement(NOW)).jws, world.view, NOW)).toBe('opening-key-older');
    expect(keys.current(world.view, NOW)?.kid).toBe(second.kid);
    expect(keys.current(world.view, NOW + 1_000)).toBeUndefined();
    expect(keys.take(first.jws, world.view, NOW + 1_000)).toBe('opening-key-older');
  });

  it('of a clock that was ahead are let go when it has come back', async () => {
    const keys = new AnnouncedKeys();
    const [ahead, now] = [await announcement(NOW + 24 * HOUR, NOW + 72 * HOUR), await announcement(NOW)];
    expect(keys.take(ahead.jws, world.view, NOW + 24 * HOUR)).toBe('adopted');
    expect(keys.current(world.view, NOW)).toBeUndefined();
    expect(keys.take(now.jws, world.view, NOW)).toBe('adopted');
    expect(keys.current(world.view, NOW)?.kid).toBe(now.kid);
  });

  it('wait for the snapshot that names feedback, and go with it', async () => {
    const keys = new AnnouncedKeys();
    const { jws, kid } = await announcement(NOW);
    expect(keys.take(jws, undefined, NOW)).toBe('waiting');
    expect(keys.adopt(before.view, NOW)).toEqual(['opening-key-foreign']);
    expect(keys.current(before.view, NOW)).toBeUndefined();
    expect(keys.adopt(world.view, NOW)).toEqual(['adopted']);
    expect(keys.current(world.view, NOW)?.kid).toBe(kid);
    expect(keys.current(before.view, NOW)).toBeUndefined();
    keys.adopt(before.view, NOW);
    expect(keys.current(world.view, NOW)).toBeUndefined();
  });

  it('hold a bounded number that nobody has vouched for, the newest ones', async () => {
    const keys = new AnnouncedKeys();
    const genuine = await announcement(NOW);
    keys.take(genuine.jws, undefined, NOW);
    const stranger = generateSigningKey();
    for (let count = 0; count < 16; count += 1)
      keys.take((await announcement(NOW + count, NOW + HOUR, stranger)).jws, undefined, NOW);
    keys.take('x'.repeat(5_000), undefined, NOW);
    expect(keys.adopt(world.view, NOW)).toHaveLength(16);
    expect(keys.current(world.view, NOW)).toBeUndefined();
  });
});
