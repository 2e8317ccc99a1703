import { BackOff } from './back-off.js';

describe('BackOff', () => {
  it('waits longer after each failure in a row, up to a bound', () => {
    const backOff = new BackOff();
    const pauses = Array.from({ length: 9 }, () => backOff.next(10));
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  it('starts from the shortest pause after a process that lived long', () => {
    const backOff = new BackOff();
    backOff.next(10);
    backOff.next(10);
    expect(backOff.next(30_000)).toBe(250);
    expect(backOff.next(29_999)).toBe(500);
  });
});
