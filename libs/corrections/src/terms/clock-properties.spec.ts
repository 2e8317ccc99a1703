import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyClocks } from './apply-clocks.js';
import type { Deadline } from './deadline.js';
import { dueEvents, nextDueEventAt, withTold } from './due-events.js';
import { noHolidays } from './holiday-source.js';
import { UNITS } from './profile-schema.js';
import { sampleProfile } from './spec-support/sample-profile.js';
import { WorkingCalendar } from './working-calendar.js';

const HOUR = 3_600_000;
const HOLIDAYS = ['01-01', '03-20', '03-21', '03-22', '03-23', '03-24', '05-09', '12-31'];
const YEARLY = HOLIDAYS.map((day) => ({ day, name: 'holiday' }));
const ZONES = ['UTC', 'Asia/Baku', 'Europe/Amsterdam', 'America/St_Johns', 'Africa/Cairo', 'Pacific/Apia'];
/** One calendar per zone, for its years are made once. */
const CALENDARS = ZONES.map((timeZone) => {
  const { calendar } = sampleProfile({}, { timeZone, yearly: YEARLY, holidayOnWeekend: 'next-working-day' });
  return { timeZone, calendar: new WorkingCalendar(calendar, noHolidays) };
});

/** A term in some unit and zone, started some time in two years. */
const started = fc
  .record({
    unit: fc.constantFrom(...UNITS),
    amount: fc.integer({ min: 1, max: 24 }),
    more: fc.integer({ min: 1, max: 24 }),
    zone: fc.constantFrom(...CALENDARS),
    startedAt: fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 0, 1) }),
  })
  .map(({ unit, amount, more, zone: { timeZone, calendar }, startedAt }) => {
    const rule = { citation: 'Law 1', confidence: 'primary' } as const;
    const decide = { unit, amount, extension: { amount: more, ...rule } };
    const profile = sampleProfile({ decide }, { timeZone });
    const act = (clock: Deadline[], what: 'start' | 'pause' | 'resume' | 'extend' | 'stop', atMs: number): Deadline[] =>
      applyClocks(clock, [{ act: what, clock: 'decide' }], profile, calendar, atMs);
    return { unit, calendar, act, clock: act([], 'start', startedAt), startedAt };
  });
/** Where in a term something happens, 0 its start and 1 its end. */
const where = fc.double({ min: 0, max: 1, noNaN: true });
const pauseMs = fc.integer({ min: 0, max: 60 * 24 * HOUR });
const within = ({ startedAt, dueAt }: Deadline, part: number): number =>
  Math.floor(startedAt + part * (dueAt - startedAt));

describe('a clock, whatever its term, zone and start', () => {
  it('ends with a working day, after its start', () => {
    fc.assert(
      fc.property(started, ({ unit, calendar, clock: [clock] }) => {
        const { dueAt, startedAt } = clock!;
        expect(dueAt).toBeGreaterThan(startedAt);
        if (unit === 'hours') return;
        expect(calendar.isWorking(calendar.dayOf(dueAt))).toBe(true);
        expect(dueAt).toBe(calendar.endOf(calendar.dayOf(dueAt)));
      }),
    );
  });

  it('is never shortened by an extension', () => {
    fc.assert(
      fc.property(started, where, pauseMs, where, ({ act, clock }, part, ms, later) => {
        const pausedAt = within(clock[0]!, part);
        const before = act(act(clock, 'pause', pausedAt), 'resume', pausedAt + ms);
        const [after] = act(before, 'extend', Math.max(pausedAt + ms, within(before[0]!, later)));
        expect(after!.extended).toBe(true);
        expect(after!.dueAt).toBeGreaterThanOrEqual(before[0]!.dueAt);
        expect(after!.escalateAt).toBeGreaterThanOrEqual(before[0]!.escalateAt);
      }),
    );
  });

  it('is moved by a pause by exactly what the pause took out of it, and is not over when it goes on', () => {
    fc.assert(
      fc.property(started, where, pauseMs, ({ unit, calendar, act, clock }, part, ms) => {
        const [before] = clock;
        const pausedAt = within(before!, part);
        const [after] = act(act(clock, 'pause', pausedAt), 'resume', pausedAt + ms);
        expect(after!.pausedMs).toBe(ms);
        expect(after!.dueAt).toBeGreaterThanOrEqual(pausedAt + ms);
        // The day of the start does not count, so a pause takes nothing out of it.
        const from = Math.max(pausedAt, calendar.endOf(calendar.dayOf(before!.startedAt)) + 1);
        if (unit === 'hours') expect(after!.dueAt).toBe(before!.dueAt + ms);
        else if (unit === 'wd') {
          const worked = calendar.daysEnding(from, pausedAt + ms, 'working');
          expect(calendar.daysEnding(before!.dueAt, after!.dueAt, 'working')).toBe(worked);
        } else {
          // Days moved, and then none but days off.
          const days = calendar.daysEnding(from, pausedAt + ms, 'all');
          const moved = calendar.daysEnding(before!.dueAt, after!.dueAt, 'all');
          expect(after!.skipped).toBe(days);
          expect(Math.abs(moved - days)).toBeLessThanOrEqual(12);
        }
      }),
    );
  });

  it('does not mind whether it stood once or was woken in between', () => {
    fc.assert(
      fc.property(started, where, pauseMs, where, ({ act, clock }, part, ms, middle) => {
        const from = within(clock[0]!, part);
        const woken = from + Math.floor(ms * middle);
        const once = act(act(clock, 'pause', from), 'resume', from + ms);
        const twice = act(act(act(act(clock, 'pause', from), 'resume', woken), 'pause', woken), 'resume', from + ms);
        expect(twice).toEqual(once);
      }),
    );
  });

  it('tells each event once, when it is true, and says before when that will be', () => {
    const acts = fc.array(
      fc.record({ act: fc.constantFrom('pause', 'resume', 'extend', 'stop', 'look', 'look'), hours: fc.nat(500) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(started, acts, ({ act, clock, startedAt }, steps) => {
        let now = startedAt;
        let record = clock;
        const told: string[] = [];
        for (const { act: what, hours } of steps) {
          const next = nextDueEventAt(record, now);
          now += hours * HOUR;
          const events = dueEvents(record, now);
          expect(events.length > 0).toBe(next !== undefined && next <= now);
          const [state] = record;
          for (const { event } of events) {
            if (event === 'near') expect(now).toBeLessThanOrEqual(state!.dueAt);
            else expect(now).toBeGreaterThan(state!.dueAt);
            told.push(`${event}${state!.extended && event === 'near' ? ' again' : ''}`);
          }
          record = withTold(record, events);
          expect(dueEvents(record, now)).toEqual([]);
          if (what !== 'look') record = act(record, what, now);
        }
        expect(new Set(told).size).toBe(told.length);
      }),
    );
  });
});
