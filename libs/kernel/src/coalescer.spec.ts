import { describe, expect, it } from '@jest/globals';
import { Coalescer, type CoalescerOptions } from './coalescer.js';

const options: CoalescerOptions<number> = { maxItems: 3, maxQueued: 5, overflow: () => new RangeError('full') };

/** A batch function that ends when the test says so. */
function gated() {
  const batches: number[][] = [];
  const gates: ((error?: Error) => void)[] = [];
  const perform = (items: number[]): Promise<string[]> => {
    batches.push(items);
    return new Promise((resolve, reject) =>
      gates.push((error) => (error === undefined ? resolve(items.map(String)) : reject(error))),
    );
  };
  return { batches, gates, perform };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Coalescer', () => {
  it('starts at once, then takes all that came meanwhile, in order', async () => {
    const { batches, gates, perform } = gated();
    const coalescer = new Coalescer(perform, options);
    const first = coalescer.add(1);
    await turn();
    const later = [2, 3, 4, 5].map((item) => coalescer.add(item));
    gates[0]?.();
    expect(await first).toBe('1');
    await turn();
    gates[1]?.();
    await turn();
    gates[2]?.();
    expect(await Promise.all(later)).toEqual(['2', '3', '4', '5']);
    expect(batches).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('refuses what its bound does not hold', async () => {
    const { gates, perform } = gated();
    const coalescer = new Coalescer(perform, options);
    const kept = [1, 2, 3, 4, 5].map((item) => coalescer.add(item));
    await expect(coalescer.add(6)).rejects.toThrow('full');
    await turn();
    gates[0]?.();
    await turn();
    gates[1]?.();
    expect(await Promise.all(kept)).toHaveLength(5);
  });

  it('fails a batch as one and goes on with the next', async () => {
    const { gates, perform } = gated();
    const coalescer = new Coalescer(perform, options);
    const failing = [1, 2, 3].map((item) => coalescer.add(item));
    const next = coalescer.add(4);
    await turn();
    gates[0]?.(new RangeError('broken'));
    for (const promise of failing) await expect(promise).rejects.toThrow('broken');
    await turn();
    gates[1]?.();
    expect(await next).toBe('4');
  });

  it('bounds a batch by weight, and lets one heavier item through alone', async () => {
    const batches: number[][] = [];
    const coalescer = new Coalescer<number, number>(
      (items) => {
        batches.push(items);
        return Promise.resolve(items);
      },
      { ...options, maxWeight: 10, weigh: (item) => item },
    );
    await Promise.all([6, 5, 50].map((item) => coalescer.add(item)));
    expect(batches).toEqual([[6], [5], [50]]);
  });
});
