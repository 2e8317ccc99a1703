import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backOffMs } from './back-off.js';

const rule = { firstMs: 1_000, longestMs: 600_000 };

it('doubles its bound with each failure, up to the longest', () => {
  const longest = [1, 2, 3, 10, 11, 10_000].map((failures) => backOffMs(failures, rule, 1));
  expect(longest).toEqual([1_000, 2_000, 4_000, 512_000, 600_000, 600_000]);
});

it('is spread evenly below its bound', () => {
  expect([0, 0.25, 0.5].map((random) => backOffMs(3, rule, random))).toEqual([0, 1_000, 2_000]);
});

it('is a whole number within the longest, whatever happens', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (n, random) => {
      const pause = backOffMs(n, rule, random);
      expect(Number.isInteger(pause) && pause >= 0 && pause <= rule.longestMs).toBe(true);
    }),
  );
});
