import { delayMs, isAlarming, seen, UNKNOWN_TIME } from './time-gap.js';

const MINUTE = 60_000;

describe('the gap without a token', () => {
  it('begins when leaves are first seen waiting, and ends with a token', () => {
    const idle = seen(UNKNOWN_TIME, 1_000, false, 5_000);
    const waiting = seen(idle, 1_000, true, 20 * MINUTE);
    expect(waiting).toEqual({ newestMs: 1_000, waitingSinceMs: 20 * MINUTE });
    expect(seen(waiting, 1_000, true, 25 * MINUTE).waitingSinceMs).toBe(20 * MINUTE);
    expect(seen(waiting, 26 * MINUTE, false, 26 * MINUTE)).toEqual({
      newestMs: 26 * MINUTE,
      waitingSinceMs: undefined,
    });
  });

  it('is not hidden by a restart', () => {
    expect(seen(UNKNOWN_TIME, 1_000, true, 20 * MINUTE).waitingSinceMs).toBe(1_000);
    expect(seen(UNKNOWN_TIME, undefined, true, 20 * MINUTE).waitingSinceMs).toBe(20 * MINUTE);
  });

  it('alarms at ten minutes, and never while nothing waits', () => {
    const waiting = { newestMs: undefined, waitingSinceMs: 0 };
    expect(isAlarming(waiting, 10 * MINUTE - 1)).toBe(false);
    expect(isAlarming(waiting, 10 * MINUTE)).toBe(true);
    expect(isAlarming(UNKNOWN_TIME, 10 * MINUTE)).toBe(false);
  });
});

describe('the pause between passes', () => {
  it('is the interval, and after failures doubles up to five minutes', () => {
    expect([0, 1, 2, 3, 20].map((failures) => delayMs(MINUTE, failures))).toEqual([
      MINUTE,
      5_000,
      10_000,
      20_000,
      5 * MINUTE,
    ]);
  });
});
