import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildWorld, type World } from '#testing';
import { Adoption, type CheckedManifest } from './adoption.js';
import { publicDigest } from './digest-list.js';
import type { RegistryView } from './registry-view.js';

const NOW = 1_800_000_000_000;

function manifestOf(world: World, untilMs = NOW + 600_000): CheckedManifest {
  return { number: world.view.number, untilMs, digests: world.digests, doc: publicDigest(world.digests) };
}

const asItIs = (view: RegistryView) => view;

describe('adoption of snapshots (bus.md §6)', () => {
  let first: World;
  let second: World;

  beforeAll(async () => {
    first = await buildWorld();
    second = await buildWorld({ number: 2, sameKeysAs: first });
  });

  it.each(['snapshot first', 'manifest first'])('adopts in either order: %s', (order) => {
    const adoption = new Adoption(asItIs);
    if (order === 'snapshot first') {
      expect(adoption.hold(first.view)).toBeUndefined();
      expect(adoption.announce(manifestOf(first), NOW)).toBe(first.view);
    } else {
      expect(adoption.announce(manifestOf(first), NOW)).toBeUndefined();
      expect(adoption.hold(first.view)).toBe(first.view);
    }
    expect(adoption.at(NOW)).toBe(first.view);
  });

  it('believes no snapshot without a manifest', () => {
    const adoption = new Adoption(asItIs);
    adoption.hold(first.view);
    expect(adoption.at(NOW)).toBeUndefined();
  });

  it('keeps n−1 until the snapshot of n is there, and answers for both numbers then', () => {
    const adoption = new Adoption(asItIs);
    adoption.hold(first.view);
    adoption.announce(manifestOf(first), NOW);
    adoption.announce(manifestOf(second), NOW);
    expect(adoption.at(NOW)).toBe(first.view);
    expect(adoption.hold(second.view)).toBe(second.view);
    expect(adoption.numbered(1, NOW)).toBe(first.view);
    expect(adoption.numbered(2, NOW)).toBe(second.view);
    expect(adoption.numbered(3, NOW)).toBeUndefined();
  });

  it('believes nothing after the manifest has run out, and again after a renewal', () => {
    const adoption = new Adoption(asItIs);
    adoption.hold(first.view);
    adoption.announce(manifestOf(first), NOW);
    expect(adoption.at(NOW + 599_999)).toBe(first.view);
    expect(adoption.at(NOW + 600_000)).toBeUndefined();
    expect(adoption.announce(manifestOf(first, NOW + 1_200_000), NOW + 600_000)).toBeUndefined();
    expect(adoption.at(NOW + 600_000)).toBe(first.view);
  });

  it('refuses a number that goes back, another content under one number, and an expired manifest', () => {
    const adoption = new Adoption(asItIs);
    adoption.hold(second.view);
    adoption.announce(manifestOf(second), NOW);
    expect(adoption.announce(manifestOf(first), NOW)).toBe('manifest-number-back');
    expect(adoption.announce({ ...manifestOf(second), doc: publicDigest('another') }, NOW)).toBe('manifest-forked');
    expect(adoption.announce({ ...manifestOf(second), number: 3, untilMs: NOW }, NOW)).toBe('manifest-expired');
    expect(adoption.at(NOW)).toBe(second.view);
  });

  it('does not adopt a snapshot whose own number is not the manifest’s', () => {
    const adoption = new Adoption(asItIs);
    adoption.hold(first.view);
    expect(adoption.announce({ ...manifestOf(first), number: 7 }, NOW)).toBeUndefined();
    expect(adoption.at(NOW)).toBeUndefined();
  });

  it('holds a bounded number of unclaimed snapshots', async () => {
    const adoption = new Adoption(asItIs);
    adoption.announce(manifestOf(first), NOW);
    const others = await Promise.all([3, 4, 5, 6, 7].map((number) => buildWorld({ number })));
    for (const world of others) adoption.hold(world.view);
    const oldest = others[0];
    if (oldest === undefined) throw new TypeError('no worlds');
    expect(adoption.announce(manifestOf(oldest), NOW)).toBeUndefined();
  });

  it('takes nothing older than what was adopted before the start, and nothing else under its number', () => {
    const { number, doc } = manifestOf(second);
    const restarted = new Adoption(asItIs, { number, doc });
    expect(restarted.announce(manifestOf(first), NOW)).toBe('manifest-number-back');
    expect(restarted.announce({ ...manifestOf(second), doc: publicDigest('another') }, NOW)).toBe('manifest-forked');
    restarted.hold(second.view);
    expect(restarted.announce(manifestOf(second), NOW)).toBe(second.view);
  });

  it('believes when it adopts, not when a snapshot arrives, and not again for a renewal', () => {
    const believed: number[] = [];
    const adoption = new Adoption((view: RegistryView) => {
      believed.push(view.number);
      return view;
    });
    adoption.hold(second.view);
    adoption.hold(first.view);
    expect(believed).toEqual([]);
    adoption.announce(manifestOf(first), NOW);
    adoption.announce(manifestOf(second), NOW);
    adoption.announce(manifestOf(second, NOW + 1_200_000), NOW);
    expect(believed).toEqual([1, 2]);
  });
});
