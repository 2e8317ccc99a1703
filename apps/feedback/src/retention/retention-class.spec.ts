import { expect, it } from '@jest/globals';
import { RetentionClasses, wasShown } from './retention-class.js';

const DAY_MS = 24 * 60 * 60_000;

it('a purpose is kept as long as its class says, others as long as the default', () => {
  const classes = RetentionClasses.parse(1_000 * DAY_MS, ['police.check=3650', 'address-copy=90']);
  expect(classes?.of('address-copy')).toEqual({ name: 'address-copy', keepMs: 90 * DAY_MS });
  expect(classes?.of('police.check')).toEqual({ name: 'police.check', keepMs: 3_650 * DAY_MS });
  expect(classes?.of('anything')).toEqual({ name: 'anything', keepMs: 1_000 * DAY_MS });
  expect([classes?.shortestMs, classes?.longestMs]).toEqual([90 * DAY_MS, 3_650 * DAY_MS]);
});

it.each([['a'], ['a='], ['a=0'], ['a=32'], ['a=1.5'], ['a=100000'], ['a b=40'], ['=40']])('is none: %s', (entry) => {
  expect(RetentionClasses.parse(1, [entry])).toBeUndefined();
});

it('takes no purpose twice', () => {
  expect(RetentionClasses.parse(1, ['a=40', 'a=50'])).toBeUndefined();
});

it('what was concealed is shown for 33 days before it may go', () => {
  const [until, days] = [1_000, 33 * DAY_MS];
  expect([until, until + days - 1, until + days].map((nowMs) => wasShown(until, nowMs))).toEqual([false, false, true]);
  expect(wasShown(0, 1)).toBe(true);
});
