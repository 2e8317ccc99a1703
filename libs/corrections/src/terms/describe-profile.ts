import { CLOCKS } from '../clock-command.js';
import type { TermRule, TermsProfile } from './profile-schema.js';

/** A profile as a section of the documentation, in Markdown. */
export function describeProfile({ profile, title, calendar, dispute, warnings, terms }: TermsProfile): string {
  const rows = CLOCKS.flatMap((clock) => {
    const { amount, unit, pause, extension, refusal, ...rule } = terms[clock];
    const length = (units: number): string => `${units} ${unit}`;
    return [
      row(`\`${clock}\``, length(amount), rule),
      ...(pause === undefined ? [] : [row('– stands', 'while the citizen is asked', pause)]),
      ...(extension === undefined ? [] : [row('– extended, once', `+ ${length(extension.amount)}`, extension)]),
      ...(refusal === undefined ? [] : [row('– refused', `within ${length(refusal.amount)}`, refusal)]),
    ];
  });
  const days = calendar.country === undefined ? 'listed in the file' : `by the library, for ${calendar.country}`;
  const years = Object.entries(calendar.years).map(([year, { confidence }]) => `${year} (${confidence})`);
  return `## ${profile}: ${title}

Time zone ${calendar.timeZone}; weekend ${calendar.weekend.join(', ') || 'none'}; holidays ${days}; years with days of
their own: ${years.join(', ') || 'none'}. In dispute: ${dispute.option} (${dispute.citation}; ${dispute.confidence}).
Near ${warnings.nearWorkingDays} wd before a term ends, escalated ${warnings.escalateWorkingDays} wd after.

| clock | term | from | confidence |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function row(clock: string, term: string, { citation, confidence }: Pick<TermRule, 'citation' | 'confidence'>): string {
  return `| ${clock} | ${term} | ${citation.replaceAll('|', '\\|')} | ${confidence} |`;
}
