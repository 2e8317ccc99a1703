import { describe, expect, it } from '@jest/globals';
import { Appointments, LONGEST_WAIT_S } from './appointments.js';

const T0 = 1_800_000_000_000;
const times = (count: number, book: Appointments, consumer: string, nowMs = T0) =>
  Array.from({ length: count }, () => book.next(consumer, nowMs));
const perSecond = (waits: readonly number[]) => {
  const counts = new Map<number, number>();
  for (const wait of waits) counts.set(wait, (counts.get(wait) ?? 0) + 1);
  return [...counts.values()];
};

describe('Appointments', () => {
  it('tells a second to as many as half the places, and later seconds to the others', () => {
    expect(times(12, new Appointments(8), 'a')).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
  });

  it('spreads a crowd larger than the book evenly and sends nobody away for longer', () => {
    const waits = times(8 * LONGEST_WAIT_S, new Appointments(8), 'a');
    expect(Math.max(...waits)).toBe(LONGEST_WAIT_S);
    expect(perSecond(waits)).toEqual(new Array(LONGEST_WAIT_S).fill(8));
  });

  it("makes no consumer wait for another one's crowd", () => {
    const book = new Appointments(8);
    times(1_000, book, 'a');
    expect(book.next('b', T0)).toBe(1);
  });

  it('shares the seconds among the consumers that wait', () => {
    const book = new Appointments(8);
    times(1, book, 'b');
    expect(times(4, book, 'a')).toEqual([1, 1, 2, 2]);
  });

  it('takes seconds that are over, and consumers that have none left, out of account', () => {
    const book = new Appointments(8);
    times(100, book, 'a');
    times(8, book, 'b');
    expect(times(5, book, 'c', T0 + LONGEST_WAIT_S * 1_000)).toEqual([1, 1, 1, 1, 2]);
  });

  it('goes on when the clock steps back', () => {
    const book = new Appointments(2);
    expect(times(2, book, 'a')).toEqual([1, 2]);
    expect(book.next('a', T0 - 60_000)).toBe(3);
  });

  it('lets somebody come each second even where there is a single place', () => {
    expect(times(3, new Appointments(1), 'a')).toEqual([1, 2, 3]);
  });
});
