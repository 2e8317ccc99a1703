import { beforeAll, describe, expect, test } from '@jest/globals';
import type { InstanceId } from '#kernel';
import { generateSigningKey, KeyRing } from '#signing';
import { buildWorld, type World } from '#testing';
import { ConsumerKeys } from './consumer-keys.js';
import { CONSUMER, PROVIDER } from './spec-support/build-request.js';

let world: World;
const GATEWAY = 'TEST/gw1' as InstanceId;
const NOW = Date.now();
const ring = (...keys: object[]) => KeyRing.parse([[CONSUMER, JSON.stringify({ keys })]]);

beforeAll(async () => {
  world = await buildWorld();
});

describe('the keys of a consumer', () => {
  test('that are published and held let its traffic through, and sign', () => {
    const keys = new ConsumerKeys(ring(world.keysOf(CONSUMER).sign), GATEWAY);
    expect(keys.agree(CONSUMER)).toBe(false);
    expect(keys.adopt(world.view, NOW)).toEqual([]);
    expect(keys.agree(CONSUMER)).toBe(true);
    expect(keys.signer(world.view, CONSUMER, NOW)?.kid).toBe(world.keysOf(CONSUMER).sign.kid);
  });

  test('that are not held stop it', () => {
    const keys = new ConsumerKeys(ring(generateSigningKey()), GATEWAY);
    expect(keys.adopt(world.view, NOW)).toEqual([{ consumer: CONSUMER, reason: 'keys-not-held' }]);
    expect(keys.agree(CONSUMER)).toBe(false);
    expect(keys.signer(world.view, CONSUMER, NOW)).toBeUndefined();
  });

  test('with a published stranger beside a held one stop it, until a snapshot without the stranger', () => {
    const keys = new ConsumerKeys(ring(world.keysOf(CONSUMER).sign), GATEWAY);
    const [own] = world.view.keysOf(CONSUMER).filter(({ use }) => use === 'sign');
    const withStranger = Object.assign(Object.create(world.view) as World['view'], {
      keysOf: () => [own, { ...own, kid: 'a-stranger' }],
    });
    expect(keys.adopt(withStranger, NOW)).toEqual([{ consumer: CONSUMER, reason: 'key-stranger' }]);
    expect(keys.agree(CONSUMER)).toBe(false);
    expect(keys.adopt(world.view, NOW)).toEqual([]);
    expect(keys.agree(CONSUMER)).toBe(true);
  });

  test('of a subsystem that this gateway does not serve never do', () => {
    const keys = new ConsumerKeys(ring(world.keysOf(CONSUMER).sign), GATEWAY);
    keys.adopt(world.view, NOW);
    expect(keys.agree(PROVIDER)).toBe(false);
    expect(
      new ConsumerKeys(ring(world.keysOf(CONSUMER).sign), 'TEST/gw9' as InstanceId).adopt(world.view, NOW),
    ).toEqual([]);
  });
});
