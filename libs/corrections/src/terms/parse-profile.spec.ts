import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseTermsProfile, type ProfileProblem } from './parse-profile.js';

const GOOD = readFileSync(join(import.meta.dirname, '../../../../deploy/terms/az.yaml'), 'utf8');

function problemsOf(text: string): readonly ProfileProblem[] {
  const parsed = parseTermsProfile(text);
  return parsed.ok ? [] : parsed.reason;
}
/** The line, counted from 1, on which a text stands. */
const lineOf = (text: string, what: string): number => text.slice(0, text.indexOf(what)).split('\n').length;

describe('a file of terms', () => {
  it('is read with what it leaves out', () => {
    const parsed = parseTermsProfile(GOOD);
    expect(parsed.ok && parsed.value.terms.decide).toMatchObject({
      amount: 7,
      unit: 'wd',
      confidence: 'secondary',
      extension: { amount: 7 },
      refusal: { amount: 5 },
    });
    expect(parsed.ok && parsed.value.calendar.years['2027']?.working).toEqual([]);
    expect(parsed.ok && parsed.value.dispute.exemptPurposes).toEqual([]);
  });

  it.each<[string, string, string, ProfileProblem['code'], string]>([
    ['no number of days', 'amount: 15', 'amount: soon', 'profile-invalid', 'terms.decide.amount'],
    ['a term of nothing', 'amount: 15', 'amount: 0', 'profile-invalid', 'terms.decide.amount'],
    ['half a day', 'amount: 15', 'amount: 1.5', 'profile-invalid', 'terms.decide.amount'],
    ['an unknown unit', 'unit: fortnights', 'unit: fortnights', 'profile-invalid', 'terms.decide.unit'],
    ['no citation', 'citation: Law', 'cited: Law', 'profile-invalid', 'terms.decide.citation'],
    ['no such confidence', 'confidence: sure', 'confidence: sure', 'profile-invalid', 'terms.decide.confidence'],
    [
      'a refusal longer than the term',
      'amount: 5',
      'amount: 16',
      'profile-contradiction',
      'terms.decide.refusal.amount',
    ],
  ])('is refused with %s', (_, find, bad, code, path) => {
    const decide = [
      '  decide:',
      '    amount: 15',
      `    unit: ${find.startsWith('unit') ? 'fortnights' : 'wd'}`,
      '    citation: Law 1',
      `    confidence: ${find.startsWith('confidence') ? 'sure' : 'primary'}`,
      '    refusal: { amount: 5, citation: Law 1, confidence: primary }',
    ].join('\n');
    const text = GOOD.replace(/ {2}decide:\n( {4}.*\n)+/, `${decide.replace(find, bad)}\n`);
    expect(problemsOf(text)).toContainEqual(expect.objectContaining({ code, path }));
  });

  it.each<[string, string, string, string]>([
    ['an unknown zone', 'timeZone: Asia/Baku', 'timeZone: Asia/Bakı', 'calendar.timeZone'],
    [
      'a country by its name',
      'holidayOnWeekend: next',
      'country: Azerbaijan\n  holidayOnWeekend: next',
      'calendar.country',
    ],
    ['a weekday of another language', 'weekend: [saturday', 'weekend: [şənbə', 'calendar.weekend[0]'],
    ['a day that no year has', "day: '01-20'", "day: '02-30'", 'calendar.yearly[2].day'],
    ['a leap day every year', "day: '01-20'", "day: '02-29'", 'calendar.yearly[2].day'],
    ['a date that is none', "'2027-03-09'", "'2027-02-29'", 'calendar.years.2027.off[0].date'],
    ['a day of another year', "'2027-03-09'", "'2026-03-09'", 'calendar.years.2027.off[0].date'],
    ['a day twice', "'2027-03-09'", "'2027-03-10'", 'calendar.years.2027.off[1].date'],
    ['an option that does not exist', 'option: FLAG', 'option: HIDE', 'dispute.option'],
    ['an exemption from nothing', 'option: FLAG', 'option: FLAG\n  exemptPurposes: [tax]', 'dispute.exemptPurposes'],
    ['an unknown clock', '  acknowledge:', '  acknowlege:', 'terms.acknowledge'],
    ['a warning that is none', 'nearWorkingDays: 2', 'nearWorkingDays: 0', 'warnings.nearWorkingDays'],
    ['a name that is no file', 'profile: az', 'profile: ../az', 'profile'],
  ])('is refused with %s, at its place', (_, find, bad, path) => {
    const text = GOOD.replace(find, bad);
    const problem = problemsOf(text).find((found) => found.path === path);
    expect(problem).toBeDefined();
    expect(problem?.message).not.toBe('');
    const inserted = bad.includes('\n') ? 1 : 0;
    if (path !== 'terms.acknowledge' && !_.includes('twice'))
      expect(problem?.line).toBe(lineOf(text, bad) + (path.startsWith('dispute.exempt') ? inserted : 0));
  });

  it('is refused with its syntax, keys that stand twice and aliases', () => {
    expect(problemsOf('profile: [')[0]?.code).toBe('yaml-syntax');
    expect(problemsOf(`${GOOD}\nprofile: az`)[0]).toMatchObject({ code: 'yaml-syntax' });
    expect(problemsOf('a: &x 1\nb: *x')[0]).toMatchObject({ code: 'yaml-syntax', line: 2 });
    expect(problemsOf('')[0]?.code).toBe('profile-invalid');
  });

  it('says all at once, in the order of the file, and never more than a hundred', () => {
    const text = GOOD.replaceAll('confidence: default', 'confidence: sure').replace('profile: az', 'profile: AZ');
    const lines = problemsOf(text).map(({ line }) => line);
    expect(lines.length).toBeGreaterThan(8);
    expect(lines).toEqual([...lines].sort((a, b) => a - b));
    const days = "        - { date: '2028-13-01', name: '' }\n".repeat(90);
    const many = GOOD.replace(
      '  years:\n',
      `  years:\n    '2028':\n      source: a decree\n      confidence: sure\n      off:\n${days}`,
    );
    expect(problemsOf(many)).toHaveLength(100);
  });
});
