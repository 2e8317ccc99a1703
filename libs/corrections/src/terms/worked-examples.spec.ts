import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ClockCommand, ClockKind } from '../clock-command.js';
import { applyClocks, refusalDueAt } from './apply-clocks.js';
import type { Deadline } from './deadline.js';
import { readTermsProfiles, type Terms } from './terms-profiles.store.js';

let profiles: ReadonlyMap<string, Terms>;
beforeAll(async () => {
  profiles = await readTermsProfiles(join(import.meta.dirname, '../../../../deploy/terms'));
});

/** A clock after acts, each at its instant with the zone of the country written out. */
function clock(profile: string, kind: ClockKind, ...acts: [act: ClockCommand['act'], at: string][]): Deadline {
  const terms = profiles.get(profile)!;
  let deadlines: Deadline[] = [];
  for (const [act, at] of acts)
    deadlines = applyClocks(deadlines, [{ act, clock: kind }], terms.profile, terms.calendar, Date.parse(at));
  return deadlines[0]!;
}
const at = (ms: number | undefined): number => ms ?? Number.NaN;

/** All dates were found with a paper calendar; the third column says how. */
describe('terms in the profiles that are shipped', () => {
  it.each<[string, ClockKind, string, string, string]>([
    // Novruz 2027: 20 to 24 March; Saturday 20 and Sunday 21 move to Thursday 25 and Friday 26.
    ['az', 'decide', '2027-03-17T10:00+04:00', '2027-04-02T23:59:59.999+04:00', '18 19 | 29 30 31 1 2'],
    ['az', 'decide', '2027-03-19T23:59+04:00', '2027-04-06T23:59:59.999+04:00', '29 30 31 1 2 5 6'],
    [
      'az',
      'take-up',
      '2026-12-30T09:00+04:00',
      '2027-01-11T23:59:59.999+04:00',
      '(2 January is a Saturday) 5 6 7 8 11',
    ],
    [
      'az',
      'correct',
      '2026-11-06T09:00+04:00',
      '2026-11-13T23:59:59.999+04:00',
      '(8 is a Sunday, 9 a holiday) 11 12 13',
    ],
    ['az-appeals', 'forward', '2027-03-05T09:00+04:00', '2027-03-15T23:59:59.999+04:00', '(8, Ramazan 9 10) 11 12 15'],
    ['az-appeals', 'decide', '2027-02-26T09:00+04:00', '2027-03-31T23:59:59.999+04:00', '1-5 11 12 15-19 29 30 31'],
    // Nauryz 2027: 21 to 23 March; Sunday 21 moves to Wednesday 24.
    ['kz', 'decide', '2027-03-19T18:00+05:00', '2027-03-29T23:59:59.999+05:00', '25 26 29'],
    ['kz', 'correct', '2027-03-12T18:00+05:00', '2027-03-16T23:59:59.999+05:00', '(Constitution Day, Monday 15) 16'],
    ['kz', 'take-up', '2026-12-31T18:00+05:00', '2027-01-08T23:59:59.999+05:00', '(1 2 4, Christmas 7) 5 6 8'],
    ['kz', 'take-up', '2027-05-06T18:00+05:00', '2027-05-13T23:59:59.999+05:00', '(7; Sunday 9 moves to 10) 11 12 13'],
    // Kyrgyz holidays do not move.
    ['kg', 'correct', '2027-03-19T09:00+06:00', '2027-03-24T23:59:59.999+06:00', '(Nooruz is a Sunday) 22 23 24'],
    ['kg', 'decide', '2027-03-24T09:00+06:00', '2027-03-31T23:59:59.999+06:00', 'a week'],
    ['kg', 'decide', '2027-03-01T09:00+06:00', '2027-03-10T23:59:59.999+06:00', '8 and 9 March are holidays'],
    ['kg', 'decide', '2027-04-24T09:00+06:00', '2027-05-10T23:59:59.999+06:00', '1 to 9 May is off'],
    ['kg', 'take-up', '2026-12-31T09:00+06:00', '2027-01-14T23:59:59.999+06:00', '(1 to 7) 8 11 12 13 14'],
    // Moved days: 3 and 10 May for holidays on a weekend; Friday 5 November for Saturday 13, which is worked.
    ['ru', 'decide', '2027-04-28T09:00+03:00', '2027-05-14T23:59:59.999+03:00', '29 30 4-7 11-14'],
    ['ru', 'decide', '2027-11-03T09:00+03:00', '2027-11-18T23:59:59.999+03:00', '8-12 13 15-18'],
    ['ru', 'correct', '2026-12-30T09:00+03:00', '2027-01-19T23:59:59.999+03:00', '(31 to 10) 11-15 18 19'],
    // Easter 2027 is 28 March, on which summer time begins; 5 May and Good Friday by the law on terms.
    ['nl', 'take-up', '2027-03-24T09:00+01:00', '2027-04-02T23:59:59.999+02:00', '25 30 31 1 2'],
    ['nl', 'take-up', '2027-05-03T09:00+02:00', '2027-05-12T23:59:59.999+02:00', '4 7 10 11 12'],
    ['nl', 'correct', '2027-04-26T09:00+02:00', '2027-04-30T23:59:59.999+02:00', '(King’s Day 27) 28 29 30'],
    ['nl', 'decide', '2026-11-30T09:00+01:00', '2027-03-01T23:59:59.999+01:00', '28 February is a Sunday'],
    ['eu', 'decide', '2027-03-05T09:00+01:00', '2027-04-05T23:59:59.999+02:00', 'the same date'],
    ['eu', 'decide', '2027-01-31T09:00+01:00', '2027-03-01T23:59:59.999+01:00', '28 February is a Sunday'],
    ['eu', 'decide', '2027-08-31T09:00+02:00', '2027-09-30T23:59:59.999+02:00', 'September has 30 days'],
    ['default', 'appeal', '2027-01-01T09:00Z', '2027-02-01T23:59:59.999Z', '31 January is a Sunday'],
    ['default', 'acknowledge', '2027-01-01T23:59Z', '2027-01-04T23:59:59.999Z', 'Friday, Monday'],
  ])('%s %s from %s', (profile, kind, start, due) => {
    expect(new Date(clock(profile, kind, ['start', start]).dueAt).toISOString()).toBe(new Date(due).toISOString());
  });

  it.each<[string, string, string, string, string, string]>([
    // Friday 19 is the only working day whose end the pause covers: 2 April and a day, over the weekend.
    [
      'az',
      '2027-03-17T10:00+04:00',
      '2027-03-19T15:00+04:00',
      '2027-03-29T09:00+04:00',
      '2027-04-05T23:59:59.999+04:00',
      'over Novruz',
    ],
    [
      'az',
      '2027-03-17T10:00+04:00',
      '2027-03-20T15:00+04:00',
      '2027-03-28T09:00+04:00',
      '2027-04-02T23:59:59.999+04:00',
      'within Novruz',
    ],
    [
      'kz',
      '2027-03-19T18:00+05:00',
      '2027-03-20T10:00+05:00',
      '2027-03-25T10:00+05:00',
      '2027-03-29T23:59:59.999+05:00',
      'over Nauryz',
    ],
    [
      'kz',
      '2027-03-19T18:00+05:00',
      '2027-03-25T10:00+05:00',
      '2027-03-29T10:00+05:00',
      '2027-03-31T23:59:59.999+05:00',
      'over a weekend',
    ],
    // Three days: 3 April is a Saturday.
    [
      'kg',
      '2027-03-24T09:00+06:00',
      '2027-03-26T09:00+06:00',
      '2027-03-29T09:00+06:00',
      '2027-04-05T23:59:59.999+06:00',
      'days of a week',
    ],
    [
      'kg',
      '2027-03-24T09:00+06:00',
      '2027-03-26T09:00+06:00',
      '2027-03-26T17:00+06:00',
      '2027-03-31T23:59:59.999+06:00',
      'within a day',
    ],
    // Russian law was not found to let the term stand.
    [
      'ru',
      '2027-11-03T09:00+03:00',
      '2027-11-08T09:00+03:00',
      '2027-11-15T09:00+03:00',
      '2027-11-18T23:59:59.999+03:00',
      'not at all',
    ],
  ])('%s from %s stands from %s to %s', (profile, start, pause, resume, due) => {
    const after = clock(profile, 'decide', ['start', start], ['pause', pause], ['resume', resume]);
    expect(new Date(after.dueAt).toISOString()).toBe(new Date(due).toISOString());
    expect(after.pausedMs).toBe(profile === 'ru' ? 0 : Date.parse(resume) - Date.parse(pause));
  });

  it.each([
    // 7 and 7 working days from 17 March: 18 19 29 30 31 1 2 | 5 6 7 8 9 12 13.
    ['az', '2027-03-17T10:00+04:00', '2027-04-13T23:59:59.999+04:00'],
    // Three months from 31 August, not two from 30 September.
    ['eu', '2027-08-31T09:00+02:00', '2027-11-30T23:59:59.999+01:00'],
    ['ru', '2027-11-03T09:00+03:00', '2027-11-25T23:59:59.999+03:00'],
  ])('%s is extended once', (profile, start, due) => {
    const once = clock(profile, 'decide', ['start', start], ['extend', start]);
    expect(new Date(once.dueAt).toISOString()).toBe(new Date(due).toISOString());
    expect(once.citation).toContain('; extended: ');
    expect(clock(profile, 'decide', ['start', start], ['extend', start], ['extend', start])).toEqual(once);
  });

  it('gives a refusal the shorter term that the law has for it', () => {
    const { profile, calendar } = profiles.get('az')!;
    const decide = clock('az', 'decide', ['start', '2027-03-17T10:00+04:00']);
    expect(refusalDueAt(decide, profile, calendar)).toBe(Date.parse('2027-03-31T23:59:59.999+04:00'));
    const correct = clock('az', 'correct', ['start', '2027-03-17T10:00+04:00']);
    expect(refusalDueAt(correct, profile, calendar)).toBe(correct.dueAt);
  });

  it('warns two working days before, and escalates five after', () => {
    const decide = clock('az', 'decide', ['start', '2027-03-17T10:00+04:00']);
    // Due on Friday 2 April: the whole of Thursday and Friday is left; then 5 6 7 8 9.
    expect(at(decide.nearAt)).toBe(Date.parse('2027-03-31T23:59:59.999+04:00'));
    expect(decide.escalateAt).toBe(Date.parse('2027-04-09T23:59:59.999+04:00'));
    expect(clock('az', 'acknowledge', ['start', '2027-03-17T10:00+04:00'])).not.toHaveProperty('nearAt');
  });
});
