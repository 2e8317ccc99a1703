import { describe, expect, it } from '@jest/globals';
import { KINDS, planKills } from './kill-plan.js';

const TWO_MINUTES = 120_000;
const SEEDS = Array.from({ length: 50 }, (_, index) => index * 7919 + 1);

describe('planKills', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planKills(7, TWO_MINUTES)).toEqual(planKills(7, TWO_MINUTES));
    expect(planKills(7, TWO_MINUTES)).not.toEqual(planKills(8, TWO_MINUTES));
  });

  it.each(SEEDS)('with seed %i kills each kind at least three times in two minutes, once in five seconds', (seed) => {
    const kills = planKills(seed, TWO_MINUTES);
    for (const kind of KINDS) expect(kills.filter((kill) => kill.kind === kind).length).toBeGreaterThanOrEqual(3);
    const times = [0, ...kills.map(({ atMs }) => atMs), TWO_MINUTES - 5_000];
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(5_000);
    const adjacent = kills.filter(({ kind }, index) => kills[index + 1]?.kind === kind);
    expect(adjacent).toEqual([]);
  });
});
