import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { applyClocks } from './apply-clocks.js';
import type { Deadline } from './deadline.js';
import { dueEvents, withTold } from './due-events.js';
import { readTermsProfiles } from './terms-profiles.store.js';

const DAY = 86_400_000;
const NOON = Date.parse('2027-01-01T12:00+04:00');
/** Azerbaijan's days off in 2027 that are not on a weekend, by a paper calendar. */
const OFF =
  '01-01 01-04 01-20 03-08 03-09 03-10 03-22 03-23 03-24 03-25 03-26 05-10 05-17 05-18 05-28 06-15 06-28 11-08 11-09 12-31';
const holidays = new Set(OFF.split(' '));
const dateOf = (day: number): string => new Date(NOON + day * DAY).toISOString().slice(5, 10);
/** Day 0 is Friday, 1 January. */
const isWorked = (day: number): boolean => (day + 4) % 7 < 5 && !holidays.has(dateOf(day));

/** The day on which the `count`-th working day after a day is; counted with nothing of the product. */
function later(day: number, count: number): number {
  let at = day;
  for (let left = count; left > 0;) if (isWorked((at += 1))) left -= 1;
  return at;
}

describe('a year in Azerbaijan, a case a day and a look every hour', () => {
  it('tells near, missed and escalated of every decision once, on the right day', async () => {
    const { profile, calendar } = (await readTermsProfiles(join(import.meta.dirname, '../../../../deploy/terms'))).get(
      'az',
    )!;
    const cases = new Map<number, Deadline[]>();
    const told: string[] = [];
    const LAST_START = 330;
    for (let hour = 0; hour < 364 * 24; hour += 1) {
      const now = NOON + hour * (DAY / 24);
      const today = Math.floor((hour + 12) / 24);
      if (hour % 24 === 0 && today <= LAST_START)
        cases.set(today, applyClocks([], [{ act: 'start', clock: 'decide' }], profile, calendar, now));
      for (const [started, record] of cases) {
        const events = dueEvents(record, now);
        for (const { event } of events) told.push(`${dateOf(started)} ${event} ${dateOf(today)}`);
        if (events.length > 0) cases.set(started, withTold(record, events));
        if (cases.get(started)?.[0]?.told.length === 3) cases.delete(started);
      }
    }
    const expected: string[] = [];
    for (let day = 0; day <= LAST_START; day += 1) {
      // Near begins with the day after the fifth of seven; a miss with the day after the last.
      expected.push(`${dateOf(day)} near ${dateOf(later(day, 5) + 1)}`);
      expected.push(`${dateOf(day)} missed ${dateOf(later(day, 7) + 1)}`);
      expected.push(`${dateOf(day)} escalated ${dateOf(later(day, 12) + 1)}`);
    }
    expect(told.sort()).toEqual(expected.sort());
  });
});
