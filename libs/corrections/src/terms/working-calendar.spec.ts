import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { noHolidays } from './holiday-source.js';
import type { CalendarRules } from './profile-schema.js';
import { WorkingCalendar } from './working-calendar.js';

const BARE: CalendarRules = {
  timeZone: 'UTC',
  weekend: ['saturday', 'sunday'],
  holidayOnWeekend: 'lost',
  yearly: [],
  years: {},
};
const on = (date: string): Temporal.PlainDate => Temporal.PlainDate.from(date);

function calendar(rules: Partial<CalendarRules>, holidays = noHolidays): WorkingCalendar {
  return new WorkingCalendar({ ...BARE, ...rules }, holidays);
}

/** The days of a span that are off, by their dates. */
function off(of: WorkingCalendar, from: string, to: string): string[] {
  const days: string[] = [];
  for (let day = on(from); Temporal.PlainDate.compare(day, on(to)) <= 0; day = day.add({ days: 1 }))
    if (!of.isWorking(day)) days.push(day.toString());
  return days;
}

describe('a working calendar', () => {
  it('knows another weekend than ours', () => {
    // 1 January 2027 is a Friday.
    expect(off(calendar({ weekend: ['friday', 'saturday'] }), '2027-01-01', '2027-01-07')).toEqual([
      '2027-01-01',
      '2027-01-02',
    ]);
  });

  it('moves a holiday from the weekend behind the holidays that follow it, each day once', () => {
    const spring = ['20', '21', '22', '23', '24'].map((day) => ({ day: `03-${day}`, name: 'spring' }));
    const rules = {
      holidayOnWeekend: 'next-working-day' as const,
      yearly: spring,
      years: {
        '2027': {
          source: 'a decree',
          confidence: 'primary' as const,
          off: [{ date: '2027-03-21', name: 'feast' }],
          working: [],
        },
      },
    };
    // Saturday and Sunday move to Thursday and Friday.
    expect(off(calendar(rules), '2027-03-19', '2027-03-29')).toEqual(
      ['20', '21', '22', '23', '24', '25', '26', '27', '28'].map((day) => `2027-03-${day}`),
    );
  });

  it('carries the last day of a year over into the next', () => {
    const days = ['12-31', '01-01', '01-02'].map((day) => ({ day, name: 'new year' }));
    // Saturday 31 December 2022 and Sunday 1 January 2023; Monday is a holiday of its own.
    expect(off(calendar({ holidayOnWeekend: 'next-working-day', yearly: days }), '2022-12-30', '2023-01-06')).toEqual([
      '2022-12-31',
      '2023-01-01',
      '2023-01-02',
      '2023-01-03',
      '2023-01-04',
    ]);
  });

  it('leaves a holiday on the weekend where it is, where the law or the day says so', () => {
    const lost = calendar({ yearly: [{ day: '05-01', name: 'a Saturday' }] });
    expect(off(lost, '2027-05-01', '2027-05-04')).toEqual(['2027-05-01', '2027-05-02']);
    const one = calendar({
      holidayOnWeekend: 'next-working-day',
      yearly: [{ day: '05-01', name: 'a Saturday', onWeekend: 'lost' }],
    });
    expect(off(one, '2027-05-01', '2027-05-04')).toEqual(['2027-05-01', '2027-05-02']);
  });

  it('works on a Saturday that a decree made a working day, and not on the day it was changed for', () => {
    const swapped = calendar({
      years: {
        '2024': {
          source: 'a decree',
          confidence: 'secondary',
          off: [{ date: '2024-04-12', name: 'for 6 April' }],
          working: [{ date: '2024-04-06', name: 'for 12 April' }],
        },
      },
    });
    expect(off(swapped, '2024-04-05', '2024-04-15')).toEqual(['2024-04-07', '2024-04-12', '2024-04-13', '2024-04-14']);
  });

  it('asks for the days of its country only', () => {
    const asked: string[] = [];
    const source = (country: string, year: number): ReadonlySet<string> => {
      asked.push(`${country} ${year}`);
      return new Set([`${year}-01-06`]);
    };
    expect(off(calendar({ country: 'EE' }, source), '2027-01-04', '2027-01-08')).toEqual(['2027-01-06']);
    expect(new Set(asked)).toEqual(new Set(['EE 2026', 'EE 2027']));
  });

  it.each([
    ['a day of 23 hours', 'Europe/Amsterdam', '2027-03-28', '2027-03-28T21:59:59.999Z'],
    ['a day of 25 hours', 'Europe/Amsterdam', '2027-10-31', '2027-10-31T22:59:59.999Z'],
    ['the eve of a day that begins at one', 'Africa/Cairo', '2027-04-29', '2027-04-29T21:59:59.999Z'],
    ['a zone without such changes', 'Asia/Baku', '2027-03-28', '2027-03-28T19:59:59.999Z'],
  ])('ends %s with its last millisecond', (_, timeZone, day, end) => {
    const zoned = calendar({ timeZone });
    expect(new Date(zoned.endOf(on(day))).toISOString()).toBe(end);
    expect(zoned.dayOf(zoned.endOf(on(day))).toString()).toBe(day);
    expect(zoned.dayOf(zoned.endOf(on(day)) + 1).toString()).toBe(on(day).add({ days: 1 }).toString());
  });

  it('counts the days whose end lies between two instants', () => {
    const plain = calendar({});
    const [friday, monday] = [Date.parse('2027-04-02T15:00:00Z'), Date.parse('2027-04-05T09:00:00Z')];
    expect(plain.daysEnding(friday, monday, 'working')).toBe(1);
    expect(plain.daysEnding(friday, monday, 'all')).toBe(3);
    expect(plain.daysEnding(monday, monday + 1, 'all')).toBe(0);
  });
});
