import { describe, expect, it } from '@jest/globals';
import type { ClockCommand, ClockKind } from '../clock-command.js';
import { applyClocks, extended } from './apply-clocks.js';
import type { Deadline } from './deadline.js';
import { noHolidays } from './holiday-source.js';
import { sampleProfile } from './spec-support/sample-profile.js';
import { WorkingCalendar } from './working-calendar.js';

const PROFILE = sampleProfile({
  forward: { pause: undefined, extension: undefined },
  recipient: { unit: 'hours', amount: 36 },
  propagate: { unit: 'days', amount: 1 },
});
const CALENDAR = new WorkingCalendar(PROFILE.calendar, noHolidays);
/** 4 January 2027 is a Monday. */
const day = (of: number, hour = 12): number => Date.UTC(2027, 0, of, hour);
const endOf = (of: number): number => day(of + 1, 0) - 1;

function after(before: readonly Deadline[], atMs: number, ...acts: [ClockCommand['act'], ClockKind][]): Deadline[] {
  const commands = acts.map(([act, clock]) => ({ act, clock }));
  return applyClocks(before, commands, PROFILE, CALENDAR, atMs);
}

describe('the clocks of a case', () => {
  it('are started with their law', () => {
    expect(after([], day(4), ['start', 'decide'])).toEqual([
      {
        kind: 'decide',
        startedAt: day(4),
        dueAt: endOf(11),
        nearAt: endOf(7),
        escalateAt: endOf(18),
        pausedMs: 0,
        citation: 'Law 1',
        amount: 5,
        unit: 'wd',
        skipped: 0,
        extended: false,
        told: [],
      },
    ]);
  });

  it('do what a transition says, in its order, one of each kind', () => {
    const running = after([], day(4), ['start', 'take-up'], ['start', 'forward']);
    const moved = after(running, day(5), ['stop', 'take-up'], ['start', 'decide'], ['pause', 'decide']);
    expect(moved.map(({ kind, stoppedAt, pausedAt }) => ({ kind, stoppedAt, pausedAt }))).toEqual([
      { kind: 'take-up', stoppedAt: day(5), pausedAt: undefined },
      { kind: 'forward', stoppedAt: undefined, pausedAt: undefined },
      { kind: 'decide', stoppedAt: undefined, pausedAt: day(5) },
    ]);
  });

  it('start from an event before, when that is noticed late', () => {
    const late = applyClocks([], [{ act: 'start', clock: 'decide', fromMs: endOf(4) }], PROFILE, CALENDAR, day(20));
    expect(late).toEqual(after([], endOf(4), ['start', 'decide']));
    expect(late[0]).toMatchObject({ startedAt: endOf(4), dueAt: endOf(11) });
  });

  it('start anew with nothing of what was', () => {
    const once = after([], day(4), ['start', 'decide'], ['extend', 'decide'], ['pause', 'decide']);
    const told = once.map((deadline) => ({ ...deadline, told: ['near' as const] }));
    expect(after(told, day(6), ['start', 'decide'])).toEqual(after([], day(6), ['start', 'decide']));
  });

  it.each(['stop', 'pause', 'resume', 'extend'] as const)('leave a clock that does not run to itself on %s', (act) => {
    expect(after([], day(4), [act, 'decide'])).toEqual([]);
    const stopped = after(after([], day(4), ['start', 'decide']), day(5), ['stop', 'decide']);
    expect(after(stopped, day(6), [act, 'decide'])).toEqual(stopped);
  });

  it('stand and go on, also twice, and keep the sum', () => {
    const first = after(after([], day(4), ['start', 'decide']), day(5), ['pause', 'decide'], ['pause', 'decide']);
    const second = after(first, day(6), ['resume', 'decide'], ['resume', 'decide']);
    // Friday to Monday: Friday.
    const third = after(after(second, day(8), ['pause', 'decide']), day(11), ['resume', 'decide']);
    expect(third[0]).toMatchObject({ skipped: 2, pausedMs: 4 * 86_400_000, dueAt: endOf(13) });
    expect(third[0]).not.toHaveProperty('pausedAt');
  });

  it('stand without moving their end on the day of their start, which did not count anyway', () => {
    // Five working days from Monday 4: Tuesday, the day of the answer, is the first that counts, the last is the 11th.
    const paused = after(after([], day(4, 9), ['start', 'decide']), day(4), ['pause', 'decide']);
    expect(after(paused, day(5), ['resume', 'decide'])[0]).toMatchObject({ skipped: 0, dueAt: endOf(11) });
    expect(after(paused, day(6), ['resume', 'decide'])[0]).toMatchObject({ skipped: 1, dueAt: endOf(12) });
  });

  it('of hours stand to the millisecond', () => {
    const paused = after(after([], day(4), ['start', 'recipient']), day(5, 0), ['pause', 'recipient']);
    const resumed = after(paused, day(5, 7) + 1, ['resume', 'recipient']);
    expect(resumed[0]?.dueAt).toBe(day(4) + 36 * 3_600_000 + 7 * 3_600_000 + 1);
  });

  it('are not over when they go on, though they stood on the days that they ran longer for a weekend', () => {
    // A day from Friday 8 is Saturday 9, so Monday 11; three days from the 9th are the 12th.
    const running = after([], day(8), ['start', 'propagate']);
    expect(running[0]?.dueAt).toBe(endOf(11));
    const resumed = after(after(running, day(10), ['pause', 'propagate']), day(13), ['resume', 'propagate']);
    expect(resumed[0]).toMatchObject({ skipped: 3, dueAt: endOf(13) });
  });

  it('do not stand where the profile does not let them, nor when they are over', () => {
    const running = after([], day(4), ['start', 'forward'], ['start', 'decide']);
    expect(after(running, day(5), ['pause', 'forward'])).toEqual(running);
    expect(after(running, endOf(11) + 1, ['pause', 'decide'])).toEqual(running);
    expect(after(running, endOf(11), ['pause', 'decide'])[1]).toHaveProperty('pausedAt');
  });

  it('end a pause when they are stopped, and are not late for it', () => {
    const paused = after(after([], day(4), ['start', 'decide']), day(5), ['pause', 'decide']);
    const [stopped] = after(paused, day(20), ['stop', 'decide']);
    expect(stopped).toMatchObject({ stoppedAt: day(20), pausedMs: 15 * 86_400_000 });
    expect(stopped!.dueAt).toBeGreaterThan(day(20));
  });

  it('are not turned back by a clock of a machine that is behind', () => {
    const paused = after(after([], day(5), ['start', 'decide']), day(4), ['pause', 'decide']);
    const resumed = after(paused, day(4, 1), ['resume', 'decide']);
    expect(resumed[0]).toMatchObject({ pausedMs: 0, skipped: 0, dueAt: endOf(12) });
    expect(after(resumed, day(4), ['stop', 'decide'])[0]?.stoppedAt).toBe(day(5));
  });
});

describe('an extension', () => {
  const [running] = after([], day(4), ['start', 'decide'], ['start', 'forward']);

  it('reminds of the new date again, and of nothing else', () => {
    const told = { ...running!, told: ['near' as const] };
    const longer = extended(told, PROFILE, CALENDAR, endOf(11));
    expect(longer.ok && longer.value).toMatchObject({ dueAt: endOf(18), nearAt: endOf(14), told: [], extended: true });
  });

  it.each<[string, Deadline | undefined, number]>([
    ['clock-not-running', undefined, day(5)],
    ['clock-not-running', { ...running!, stoppedAt: day(5) }, day(5)],
    ['clock-not-running', { ...running!, pausedAt: day(5) }, day(5)],
    ['extended-already', { ...running!, extended: true }, day(5)],
    ['term-over', running, endOf(11) + 1],
    ['no-extension', { ...running!, kind: 'forward' }, day(5)],
    ['no-extension', { ...running!, unit: 'days' }, day(5)],
  ])('is refused with %s', (reason, deadline, atMs) => {
    expect(extended(deadline, PROFILE, CALENDAR, atMs)).toEqual({ ok: false, reason });
    if (deadline !== undefined) expect(after([deadline], atMs, ['extend', deadline.kind])).toEqual([deadline]);
  });
});
