import { expect, it } from '@jest/globals';
import { epochOf, epochStartMs } from './epoch.js';

it.each(['2026-01-01', '2026-04-01', '2026-10-01'])('the quarter that begins on %s begins there', (day) => {
  const ms = Date.parse(`${day}T00:00:00Z`);
  expect(epochStartMs(epochOf(ms))).toBe(ms);
  expect(epochStartMs(epochOf(ms + 89 * 24 * 60 * 60_000))).toBe(ms);
  expect(epochOf(ms - 1)).toBe(epochOf(ms) - 1);
});
