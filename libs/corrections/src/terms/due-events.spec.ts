import { describe, expect, it } from '@jest/globals';
import { applyClocks } from './apply-clocks.js';
import type { Deadline } from './deadline.js';
import { dueEvents, nextDueEventAt, withTold } from './due-events.js';
import { noHolidays } from './holiday-source.js';
import { sampleProfile } from './spec-support/sample-profile.js';
import { WorkingCalendar } from './working-calendar.js';

const PROFILE = sampleProfile({ acknowledge: { amount: 1 } });
const CALENDAR = new WorkingCalendar(PROFILE.calendar, noHolidays);
const day = (of: number, hour = 12): number => Date.UTC(2027, 0, of, hour);
const endOf = (of: number): number => day(of + 1, 0) - 1;
/** Monday 4 January and five working days: due on the 11th, near from the 8th on, escalated after the 18th. */
const [CLOCK] = applyClocks([], [{ act: 'start', clock: 'decide' }], PROFILE, CALENDAR, day(4));
const eventsAt = (clock: Partial<Deadline>, atMs: number): string[] =>
  dueEvents([{ ...CLOCK!, ...clock }], atMs).map(({ event }) => event);

describe('what is to be told about a clock', () => {
  it.each<[string, Partial<Deadline>, number, string[]]>([
    ['nothing at its start', {}, day(4), []],
    ['nothing with more than two working days left', {}, endOf(7), []],
    ['that it is near, when two are left', {}, endOf(7) + 1, ['near']],
    ['that no more, once told', { told: ['near'] }, endOf(11), []],
    ['nothing in the last millisecond that is in time', { told: ['near'] }, endOf(11), []],
    ['that it was missed, in the next', { told: ['near'] }, endOf(11) + 1, ['missed']],
    ['the miss and no reminder, after an outage', {}, day(14), ['missed']],
    ['that a miss lasts', { told: ['near', 'missed'] }, endOf(18) + 1, ['escalated']],
    ['all that is true, after a long outage', {}, day(30), ['missed', 'escalated']],
    ['nothing more', { told: ['missed', 'escalated'] }, day(300), []],
    ['nothing of one that stands', { pausedAt: day(5) }, day(300), []],
    ['nothing of one that was stopped in time', { stoppedAt: endOf(11) }, day(300), []],
    ['nothing of one that was stopped too late, unseen', { stoppedAt: endOf(11) + 1 }, day(300), []],
    ['the reminder of a term of others', { kind: 'appeal' }, endOf(11), ['near']],
    ['nothing of the end of a term of others', { kind: 'appeal' }, day(300), []],
    ['no reminder of one that has no time for it', { nearAt: undefined } as never, endOf(11), []],
  ])('is %s', (_, clock, atMs, events) => {
    expect(eventsAt(clock, atMs)).toEqual(events);
  });

  it('names the clocks, and is kept for each of them', () => {
    const both = [{ ...CLOCK!, kind: 'reply' as const }, CLOCK!];
    const events = dueEvents(both, day(8));
    expect(events).toEqual([
      { clock: 'reply', event: 'near' },
      { clock: 'decide', event: 'near' },
    ]);
    const after = withTold(both, events.slice(0, 1));
    expect(after.map(({ told }) => told)).toEqual([['near'], []]);
    expect(dueEvents(after, day(8))).toEqual(events.slice(1));
  });

  it('is known before', () => {
    expect(nextDueEventAt([], day(4))).toBeUndefined();
    expect(nextDueEventAt([CLOCK!], day(4))).toBe(endOf(7) + 1);
    expect(nextDueEventAt([CLOCK!], day(8))).toBe(day(8));
    expect(nextDueEventAt([{ ...CLOCK!, told: ['near'] }], day(8))).toBe(endOf(11) + 1);
    expect(nextDueEventAt([{ ...CLOCK!, pausedAt: day(5) }], day(5))).toBeUndefined();
    expect(nextDueEventAt([{ ...CLOCK!, stoppedAt: day(14) }], day(15))).toBeUndefined();
    expect(nextDueEventAt([{ ...CLOCK!, told: ['missed', 'escalated'] }], day(300))).toBeUndefined();
    expect(nextDueEventAt([{ ...CLOCK!, kind: 'appeal' }], endOf(11))).toBe(endOf(11));
    expect(nextDueEventAt([{ ...CLOCK!, kind: 'appeal' }], endOf(11) + 1)).toBeUndefined();
  });
});
