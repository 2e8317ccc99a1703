import { ok, refuse, type Result } from '#kernel';
import { inFileOrder, readPlacedYaml, type Place } from '#snapshot';
import { CLOCKS } from '../clock-command.js';
import { termsProfile, type TermsProfile } from './profile-schema.js';

/** One thing wrong in a profile, with the place where an editor should jump to. */
export interface ProfileProblem extends Place {
  readonly code: 'yaml-syntax' | 'profile-invalid' | 'profile-contradiction';
  readonly message: string;
}

type Finding = readonly [path: readonly (string | number)[], message: string];

const MAX_PROBLEMS = 100;

/** Parses and checks a profile file; on refusal every problem found (≤ 100), in the order of the file. */
export function parseTermsProfile(text: string): Result<TermsProfile, readonly ProfileProblem[]> {
  const yaml = readPlacedYaml(text);
  if (!yaml.ok)
    return refuse(yaml.reason.slice(0, MAX_PROBLEMS).map((problem) => ({ code: 'yaml-syntax', ...problem })));
  const file = yaml.value;
  const placed = (code: ProfileProblem['code'], [path, message]: Finding): ProfileProblem => ({
    code,
    ...file.placeOf(path),
    message,
  });
  const parsed = termsProfile.safeParse(file.value);
  if (!parsed.success) {
    const findings = parsed.error.issues.map((issue): Finding => [issue.path as (string | number)[], issue.message]);
    return refuse(
      inFileOrder(
        findings.map((finding) => placed('profile-invalid', finding)),
        MAX_PROBLEMS,
      ),
    );
  }
  const findings = [...termContradictions(parsed.data), ...calendarContradictions(parsed.data)];
  if (findings.length === 0) return ok(parsed.data);
  return refuse(
    inFileOrder(
      findings.map((finding) => placed('profile-contradiction', finding)),
      MAX_PROBLEMS,
    ),
  );
}

function termContradictions({ terms, dispute }: TermsProfile): Finding[] {
  const found: Finding[] = [];
  for (const clock of CLOCKS) {
    const { refusal, amount } = terms[clock];
    if (refusal !== undefined && refusal.amount > amount)
      found.push([['terms', clock, 'refusal', 'amount'], `is longer than the term itself (${amount})`]);
  }
  if (dispute.option !== 'BLOCK' && dispute.exemptPurposes.length > 0)
    found.push([['dispute', 'exemptPurposes'], 'are exempt from a block, and nothing is blocked']);
  return found;
}

function calendarContradictions({ calendar }: TermsProfile): Finding[] {
  const found: Finding[] = [];
  for (const [year, { off, working }] of Object.entries(calendar.years)) {
    const seen = new Set<string>();
    for (const [list, days] of [
      ['off', off],
      ['working', working],
    ] as const)
      for (const [index, { date }] of days.entries()) {
        const path = ['calendar', 'years', year, list, index, 'date'];
        if (!date.startsWith(year)) found.push([path, `is not in ${year}`]);
        if (seen.has(date)) found.push([path, 'stands here twice']);
        seen.add(date);
      }
  }
  return found;
}
