import { generateSealingKey } from '#signing';
import { isRotationDue, isSpent } from './opening-key.js';

const DAY = 24 * 60 * 60_000;
const key = { jwk: generateSealingKey(), announcement: 'jws', fromMs: 10 * DAY, untilMs: 12 * DAY };

describe('the keys of openings', () => {
  it('are made each day, and at once where there is none', () => {
    expect(isRotationDue(undefined, DAY, 0)).toBe(true);
    expect([11 * DAY - 1, 11 * DAY].map((nowMs) => isRotationDue(key, DAY, nowMs))).toEqual([false, true]);
  });

  it('are spent once their topic has forgotten what they sealed and we have read it, never before', () => {
    const at = (nowMs: number, readToMs: number) => isSpent(key, { nowMs, readToMs, retentionMs: 2 * DAY });
    expect(at(14 * DAY, 14 * DAY)).toBe(true);
    expect(at(14 * DAY - 1, 14 * DAY - 1)).toBe(false);
    expect(at(20 * DAY, 12 * DAY - 1)).toBe(false);
  });
});
