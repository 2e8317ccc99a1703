import { beforeAll, describe, expect, test } from '@jest/globals';
import type { InstanceId } from '#kernel';
import { generateSigningKey, KeyRing } from '#signing';
import { buildWorld, type World } from '#testing';
import { ConsumerKeys } from './consumer-keys.js';
import { CONSUMER, PROVIDER } from './spec-support/build-request.js';

let world: World;
const GATEWAY = 'TEST/gw1' as InstanceId;
const NOW = Date.now();
const AT_NOW = { manifestStatement: { payload: { ts: NOW } } };
const ring = (...keys: object[]) => KeyRing.parse([[CONSUMER, JSON.stringify({ keys })]]);

beforeAll(async () => {
  world = await buildWorld();
});

describe('the keys of a consumer', () => {
  test('that are published and held let its traffic through, and sign', () => {
    const keys = new ConsumerKeys(ring(world.keysOf(CONSUMER).sign), GATEWAY, AT_NOW);
    expect(keys.agree(CONSUMER)).toBe(false);
    expect(keys.adopt(world.view, NOW)).toEqual([]);
    expect(keys.agree(CONSUMER)).toBe(true);
    expect(keys.signer(world.view, CONSUMER)?.kid).toBe(world.keysOf(CONSUMER).sign.kid);
  });

  test('that are not held stop it', () => {
    const keys = new ConsumerKeys(ring(generateSigningKey()), GATEWAY, AT_NOW);
    expect(keys.adopt(world.view, NOW)).toEqual([{ consumer: CONSUMER, reason: 'keys-not-held' }]);
    expect(keys.agree(CONSUMER)).toBe(false);
    expect(keys.signer(world.view, CONSUMER)).toBeUndefined();
  });

  test('with a published stranger beside a held one stop it, until a snapshot without the stranger', () => {
    const keys = new ConsumerKeys(ring(world.keysOf(CONSUMER).sign), GATEWAY, AT_NOW);
    const [own] = world.view.keysOf(CONSUMER).filter(({ use }) => use === 'sign');
    const withStranger = Object.assign(Object.create(world.view) as World['view'], {
      keysOf: () => [own, { ...own, kid: 'a-stranger' }],
    });
    expect(keys.adopt(withStranger, NOW)).toEqual([{ consumer: CONSUMER, reason: 'key-stranger' }]);
    expect(keys.agree(CONSUMER)).toBe(false);
    expect(keys.adopt(world.view, NOW)).toEqual([]);
    expect(keys.agree(CONSUMER)).toBe(true);
  });

  test('take over from each other with the first manifest after their `from`, whatever the clock says', () => {
    const [old, next] = [world.keysOf(CONSUMER).sign, generateSigningKey()];
    const [published] = world.view.keysOf(CONSUMER).filter(({ use }) => use === 'sign');
    if (published === undefined) throw new TypeError('the world has no key');
    const both = [
      { ...published, untilMs: NOW + 500 },
      { ...published, kid: next.kid, jwk: next as typeof published.jwk, fromMs: NOW },
    ];
    const view = Object.assign(Object.create(world.view) as World['view'], { keysOf: () => both });
    const registry = { manifestStatement: { payload: { ts: NOW - 30_000 } } };
    const keys = new ConsumerKeys(ring(old, next), GATEWAY, registry);
    expect(keys.signer(view, CONSUMER)?.kid).toBe(old.kid);
    registry.manifestStatement = { payload: { ts: NOW } };
    expect(keys.signer(view, CONSUMER)?.kid).toBe(next.kid);
  });

  test('sign nothing before there is a manifest', () => {
    const keys = new ConsumerKeys(ring(world.keysOf(CONSUMER).sign), GATEWAY, { manifestStatement: undefined });
    expect(keys.signer(world.view, CONSUMER)).toBeUndefined();
  });

  test('of a subsystem that this gateway does not serve never do', () => {
    const keys = new ConsumerKeys(ring(world.keysOf(CONSUMER).sign), GATEWAY, AT_NOW);
    keys.adopt(world.view, NOW);
    expect(keys.agree(PROVIDER)).toBe(false);
    expect(
      new ConsumerKeys(ring(world.keysOf(CONSUMER).sign), 'TEST/gw9' as InstanceId, AT_NOW).adopt(world.view, NOW),
    ).toEqual([]);
  });
});
