import { describe, expect, it } from '@jest/globals';
import { isYoung } from './clock.js';

describe('isYoung', () => {
  it.each([
    ['what was just true', 1_000, true],
    ['what was true a moment ago', 1_999, true],
    ['what is of that age', 2_000, false],
    ['what is older', 9_000, false],
    ['what will be true when the clock was set back', 999, false],
  ])('%s', (_what, nowMs, expected) => {
    expect(isYoung(1_000, 1_000, nowMs)).toBe(expected);
  });
});
