import { CLOCKS, type ClockKind } from '../../clock-command.js';
import type { TermRule, TermsProfile } from '../profile-schema.js';

const rule = { citation: 'Law 1', confidence: 'primary' } as const;
const term: TermRule = { amount: 5, unit: 'wd', ...rule, pause: rule, extension: { amount: 5, ...rule } };

/** A profile whose terms are all five working days, pausable and extensible by five; `terms` says which differ. */
export function sampleProfile(
  terms: Partial<Record<ClockKind, Partial<TermRule>>> = {},
  calendar: Partial<TermsProfile['calendar']> = {},
): TermsProfile {
  return {
    profile: 'sample',
    title: 'A sample',
    calendar: {
      timeZone: 'UTC',
      weekend: ['saturday', 'sunday'],
      holidayOnWeekend: 'lost',
      yearly: [],
      years: {},
      ...calendar,
    },
    dispute: { option: 'FLAG', exemptPurposes: [], ...rule },
    warnings: { nearWorkingDays: 2, escalateWorkingDays: 5 },
    terms: Object.fromEntries(CLOCKS.map((clock) => [clock, { ...term, ...terms[clock] }])) as TermsProfile['terms'],
  };
}
