import { expect, it } from '@jest/globals';
import { restMs } from './pace.js';

it('rests so long that work takes its share of the time', () => {
  expect(restMs(10, 5)).toBe(190);
  expect(restMs(10, 50)).toBe(10);
  expect(restMs(10, 100)).toBe(0);
});

it('never rests for ever, and takes a share that is none for the least', () => {
  expect(restMs(60_000, 1)).toBe(5_000);
  expect(restMs(10, 0)).toBe(restMs(10, 1));
});
