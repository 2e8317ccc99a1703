import type { FlagBreach, ReviewFigures, Verdict } from './flag-judge.js';

const SHOWN = 20;

/** What a phase showed, for whoever reads the run. */
export function renderVerdict(phase: string, { breaches, counts, reviews }: Verdict, unanswered: number): string {
  const { marked, unmarked, either } = counts;
  return [
    `${phase}: ${marked + unmarked + either} answers (${marked} had to be flagged, ${unmarked} not, ${either} within a second of a leaf), ${unanswered} calls without an answer, ${breaches.length} breaches`,
    // One that began before and lasts has nothing to measure.
    ...reviews.filter(({ endShownMs }) => endShownMs !== undefined).map((figures) => reviewLine(figures)),
    ...breaches.slice(0, SHOWN).map((breach) => breachLine(breach)),
  ].join('\n');
}

function reviewLine(figures: ReviewFigures): string {
  const { person, firstMarkedMs, lastUnmarkedMs, lastUnmarkedReceivedMs } = figures;
  const { endShownMs, lastMarkedMs, lastMarkedShownMs } = figures;
  const begun = `first flagged ${ms(firstMarkedMs)}, last unflagged ${ms(lastUnmarkedMs)} (read ${ms(lastUnmarkedReceivedMs)})`;
  const ended = `shown ${ms(endShownMs)}, last flagged ${ms(lastMarkedMs)}, which is ${ms(lastMarkedShownMs)} after it was shown`;
  return `  ${person}: behind the review leaf ${begun}; behind the end leaf ${ended}`;
}

function breachLine({ rule, subject, what }: FlagBreach): string {
  return `  ${rule} ${subject}: ${what}`;
}

function ms(value: number | undefined): string {
  return value === undefined ? 'none' : `${value} ms`;
}
