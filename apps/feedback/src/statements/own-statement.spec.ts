import { expect, it } from '@jest/globals';
import { dueAgainAt, givenUpBefore } from './own-statement.js';

it('is sent again after half a second, then twice as long, and at last once a minute', () => {
  expect([0, 1, 2, 6, 7, 1_000].map((attempts) => dueAgainAt(100, attempts))).toEqual([
    600, 1_100, 2_100, 32_100, 60_100, 60_100,
  ]);
});

it('is given up before the log would find it too old', () => {
  expect(givenUpBefore(24 * 60 * 60_000)).toBe(60 * 60_000);
});
