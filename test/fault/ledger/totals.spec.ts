import { describe, expect, it } from '@jest/globals';
import type { Told, ToldAnswer } from './told.js';
import { longestSilenceMs } from './totals.js';

const GOOD: ToldAnswer = { kind: 'answered', exchangeId: 'x', status: 200, body: Buffer.alloc(0) };
const BAD: ToldAnswer = { kind: 'nothing', why: 'ECONNREFUSED' };
const told = (sentMs: number, toldMs: number, answer: ToldAnswer): Told => {
  const call = { order: 'o', consumer: 'c', service: 's', isUnsafe: false, key: undefined };
  return { ...call, sentMs, toldMs, answer };
};

describe('the longest time without a good answer', () => {
  it('lies between good ones, before the first, or after the last', () => {
    const good = [told(100, 110, GOOD), told(120, 150, BAD), told(140, 190, GOOD)];
    expect(longestSilenceMs(good, 200)).toBe(80);
    expect(longestSilenceMs([told(0, 5, BAD), ...good], 200)).toBe(110);
    expect(longestSilenceMs(good, 400)).toBe(210);
  });

  it('ends with the load: later nobody asks for anything new', () => {
    expect(longestSilenceMs([told(100, 110, GOOD), told(150, 900, GOOD), told(950, 960, BAD)], 200)).toBe(90);
  });

  it('is all the time where nothing was good', () => {
    expect(longestSilenceMs([told(100, 110, BAD)], 200)).toBe(100);
  });
});
