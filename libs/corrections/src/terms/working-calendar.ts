import { Temporal } from 'temporal-polyfill';
import type { HolidaySource } from './holiday-source.js';
import { WEEKDAYS, type CalendarRules, type Holiday } from './profile-schema.js';

/** What a calendar says about one year. Dates as `YYYY-MM-DD`. */
interface Year {
  readonly off: ReadonlySet<string>;
  readonly working: ReadonlySet<string>;
}

/**
 * Which days of a country are worked, in its time zone. In this order: a day that a decree made a working day is one; a
 * holiday, a day off by decree and a day off moved from a weekend is not; a day of the weekend is not; others are.
 *
 * "Day" is the civil day of the zone, so a change of the clocks makes one of 23 or 25 hours and moves no term.
 */
export class WorkingCalendar {
  private readonly weekend: ReadonlySet<number>;
  /** One entry per year asked for; written by `year`, never changed. */
  private readonly years = new Map<number, Year>();

  constructor(
    private readonly rules: CalendarRules,
    private readonly holidays: HolidaySource,
  ) {
    this.weekend = new Set(rules.weekend.map((day) => WEEKDAYS.indexOf(day) + 1));
  }

  dayOf(atMs: number): Temporal.PlainDate {
    return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(this.rules.timeZone).toPlainDate();
  }

  /** The last millisecond of a day. */
  endOf(day: Temporal.PlainDate): number {
    return day.add({ days: 1 }).toZonedDateTime(this.rules.timeZone).epochMilliseconds - 1;
  }

  isWorking(day: Temporal.PlainDate): boolean {
    const { off, working } = this.year(day.year);
    const date = day.toString();
    return working.has(date) || (!off.has(date) && !this.weekend.has(day.dayOfWeek));
  }

  /** The `count`-th working day after a day, or before it when `count` is negative; itself for 0. */
  workingDayFrom(day: Temporal.PlainDate, count: number): Temporal.PlainDate {
    const step = { days: Math.sign(count) };
    let at = day;
    for (let left = Math.abs(count); left > 0;) {
      at = at.add(step);
      if (this.isWorking(at)) left -= 1;
    }
    return at;
  }

  /** The day itself if it is worked, else the next one that is. */
  workingDayAtOrAfter(day: Temporal.PlainDate): Temporal.PlainDate {
    return this.isWorking(day) ? day : this.workingDayFrom(day, 1);
  }

  /** How many days end between two instants, of `all` days or of the `working` ones. */
  daysEnding(fromMs: number, toMs: number, which: 'all' | 'working'): number {
    const last = this.dayOf(toMs);
    let days = 0;
    for (let day = this.dayOf(fromMs); Temporal.PlainDate.compare(day, last) < 0; day = day.add({ days: 1 }))
      if (which === 'all' || this.isWorking(day)) days += 1;
    return days;
  }

  private year(year: number): Year {
    const known = this.years.get(year);
    if (known !== undefined) return known;
    const made = this.make(year);
    this.years.set(year, made);
    return made;
  }

  /** With the year before, because the day off for its 31 December may stand in this one. */
  private make(year: number): Year {
    const listed = [...this.listed(year - 1), ...this.listed(year)];
    const off = new Set([...listed.map(({ date }) => date), ...this.countryDays(year - 1), ...this.countryDays(year)]);
    // A day of the weekend moves once, though two feasts fall on it.
    for (const date of new Set(listed.filter((holiday) => this.moves(holiday)).map((holiday) => holiday.date))) {
      let instead = Temporal.PlainDate.from(date);
      if (!this.weekend.has(instead.dayOfWeek)) continue;
      while (off.has(instead.toString()) || this.weekend.has(instead.dayOfWeek)) instead = instead.add({ days: 1 });
      off.add(instead.toString());
    }
    return { off, working: new Set(this.rules.years[year]?.working.map(({ date }) => date)) };
  }

  /** The days of a year that the profile itself lists, in their order. */
  private listed(year: number): Holiday[] {
    const yearly = this.rules.yearly.map(({ day, ...rest }) => ({ ...rest, date: `${String(year)}-${day}` }));
    return [...yearly, ...(this.rules.years[year]?.off ?? [])].sort((a, b) => (a.date < b.date ? -1 : 1));
  }

  private countryDays(year: number): Iterable<string> {
    return (this.rules.country === undefined ? undefined : this.holidays(this.rules.country, year)) ?? [];
  }

  private moves({ onWeekend }: Holiday): boolean {
    return (onWeekend ?? this.rules.holidayOnWeekend) === 'next-working-day';
  }
}
