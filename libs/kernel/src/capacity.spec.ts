import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Capacity, type Claim } from './capacity.js';

interface Held {
  readonly claim: Claim;
  readonly giveBack: () => void;
}

type Step = { readonly kind: 'take'; readonly claim: Claim } | { readonly kind: 'give'; readonly which: number };

const party = fc.constantFrom('a', 'b', 'c', 'd');
const claim = fc.record({ consumer: party, provider: party, amount: fc.integer({ min: 0, max: 5 }) });
/** Takes places, or gives back those of an earlier claim. */
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('take' as const), claim }),
  fc.record({ kind: fc.constant('give' as const), which: fc.nat() }),
);

/** Runs the steps and shows each state to `check`; the model is nothing but the list of what is held. */
function play(limit: number, steps: readonly Step[], check: (c: Capacity, held: Held[]) => void) {
  const capacity = new Capacity(limit);
  const held: Held[] = [];
  for (const move of steps) {
    if (move.kind === 'give') held.splice(move.which % Math.max(held.length, 1), 1).forEach((one) => one.giveBack());
    else {
      const giveBack = capacity.take(move.claim);
      if (giveBack !== undefined) held.push({ claim: move.claim, giveBack });
    }
    check(capacity, held);
  }
  return { capacity, held };
}

const sum = (held: readonly Held[], of: (claim: Claim) => boolean = () => true) =>
  held.reduce((total, one) => total + (of(one.claim) ? (one.claim.amount ?? 1) : 0), 0);

/** Takes places one by one until there is no room. */
function fill(capacity: Capacity, one: Claim): (() => void)[] {
  const taken: (() => void)[] = [];
  for (let next = capacity.take(one); next !== undefined; next = capacity.take(one)) taken.push(next);
  return taken;
}

describe('capacity', () => {
  it('counts what is held, never below zero and never above the limit', () => {
    const runs = fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 200 }), (limit, steps) => {
      play(limit, steps, (capacity, held) => {
        expect(capacity.size).toBe(sum(held));
        expect(capacity.size).toBeLessThanOrEqual(limit);
        expect(capacity.size).toBeGreaterThanOrEqual(0);
      });
    });
    fc.assert(runs);
  });

  it('has room for a newcomer as long as there is any', () => {
    const runs = fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 200 }), (limit, steps) => {
      play(limit, steps, (capacity) => {
        const isFree = capacity.size < limit;
        expect(capacity.hasRoom({ consumer: 'new', provider: 'new' })).toBe(isFree);
        expect(capacity.hasRoom({ consumer: 'new' })).toBe(isFree);
        expect(capacity.hasRoom({ consumer: 'a', provider: 'a', amount: 0 })).toBe(true);
      });
    });
    fc.assert(runs);
  });

  it('gives to none that holds as much as it would leave free', () => {
    const runs = fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.array(step, { maxLength: 200 }),
      claim,
      (limit, steps, next) => {
        const { capacity, held } = play(limit, steps, () => undefined);
        const free = limit - sum(held);
        if (next.amount === 0 || capacity.take(next) === undefined) return;
        expect(sum(held, ({ consumer }) => consumer === next.consumer)).toBeLessThanOrEqual(free);
        expect(sum(held, ({ provider }) => provider === next.provider)).toBeLessThanOrEqual(free);
      },
    );
    fc.assert(runs);
  });

  it('is as new when all is given back, also twice', () => {
    const runs = fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { capacity, held } = play(40, steps, () => undefined);
      for (const { giveBack } of [...held, ...held]) giveBack();
      expect(capacity.size).toBe(0);
      expect(fill(capacity, { consumer: 'a', provider: 'b' })).toHaveLength(14);
    });
    fc.assert(runs);
  });

  it('ends one alone at half, and its calls to one provider at a third', () => {
    expect(fill(new Capacity(900), { consumer: 'a', provider: 'p' })).toHaveLength(300);
    expect(fill(new Capacity(900), { consumer: 'a' })).toHaveLength(450);
    const many = new Capacity(900);
    const calls = Array.from({ length: 900 }, (_, number) => many.take({ consumer: 'a', provider: `p${number}` }));
    expect(calls.filter((giveBack) => giveBack !== undefined)).toHaveLength(450);
    const stopped = new Capacity(900);
    const callers = Array.from({ length: 900 }, (_, number) => stopped.take({ consumer: `c${number}`, provider: 'p' }));
    expect(callers.filter((giveBack) => giveBack !== undefined)).toHaveLength(450);
  });

  it('leaves room for everybody else beside a stopped provider and a greedy consumer', () => {
    const capacity = new Capacity(900);
    for (const provider of ['stopped', 'also stopped']) fill(capacity, { consumer: 'greedy', provider });
    for (const [consumer, provider] of [
      ['greedy', 'working'],
      ['modest', 'stopped'],
      ['modest', 'working'],
    ] as const)
      expect(capacity.hasRoom({ consumer, provider, amount: 30 })).toBe(true);
  });

  it('comes to equal parts as places come free', () => {
    const capacity = new Capacity(900);
    const first = fill(capacity, { consumer: 'a', provider: 'p' });
    let second = fill(capacity, { consumer: 'b', provider: 'p' }).length;
    // Whoever ends a call asks at once for the next place, as one who wants everything does.
    for (const giveBack of first) {
      giveBack();
      second += fill(capacity, { consumer: 'b', provider: 'p' }).length;
      fill(capacity, { consumer: 'a', provider: 'p' });
    }
    const firstNow = capacity.size - second;
    expect(Math.abs(firstNow - second)).toBeLessThanOrEqual(2);
  });
});
