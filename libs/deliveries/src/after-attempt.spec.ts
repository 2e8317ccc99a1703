import { expect, it } from '@jest/globals';
import { afterAttempt } from './after-attempt.js';

const rule = { firstMs: 1_000, longestMs: 60_000, maxAttempts: 3 };
const silent = { kind: 'again', why: 'away' } as const;

it('ends what was taken', () => {
  expect(afterAttempt({ outcome: { kind: 'delivered' }, attempts: 9, failures: 8 }, rule, 0.5)).toEqual({
    state: 'delivered',
  });
});

it('tries what was not taken again, by how often its recipient has failed', () => {
  const step = afterAttempt({ outcome: silent, attempts: 1, failures: 3 }, rule, 0.5);
  expect(step).toEqual({ state: 'waiting', why: 'away', pauseMs: 4_000 });
});

it('waits at least as long as the recipient asks for, within bounds', () => {
  const asked = (afterMs: number) =>
    afterAttempt({ outcome: { ...silent, afterMs }, attempts: 1, failures: 0 }, rule, 0.5);
  expect(asked(30_000)).toMatchObject({ pauseMs: 30_000 });
  expect(asked(100)).toMatchObject({ pauseMs: 500 });
  expect(asked(10 ** 12)).toMatchObject({ pauseMs: 60_000 });
});

it('parks after the last attempt, and lets the recipient rest', () => {
  const step = afterAttempt({ outcome: silent, attempts: 3, failures: 2 }, rule, 0.5);
  expect(step).toEqual({ state: 'parked', why: 'away', pauseMs: 2_000, isSilence: true });
});

it('parks what is refused at once, which says nothing against the recipient', () => {
  const step = afterAttempt({ outcome: { kind: 'refused', why: 'gone' }, attempts: 1, failures: 5 }, rule, 0.5);
  expect(step).toEqual({ state: 'parked', why: 'gone', pauseMs: 0, isSilence: false });
});

it('never parks for silence where there is no last attempt', () => {
  const forEver = { firstMs: 1_000, longestMs: 60_000 };
  expect(afterAttempt({ outcome: silent, attempts: 10_000, failures: 10_000 }, forEver, 0)).toMatchObject({
    state: 'waiting',
  });
});
