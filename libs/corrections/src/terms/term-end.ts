import type { TermRule } from './profile-schema.js';
import type { WorkingCalendar } from './working-calendar.js';

const HOUR_MS = 3_600_000;

/** A term as it runs: how long, and what pauses took out of it (in its own kind of days; milliseconds for `hours`). */
export interface RunningTerm {
  readonly startedAt: number;
  readonly amount: number;
  readonly unit: TermRule['unit'];
  readonly skipped: number;
}

/**
 * The last millisecond of a term, after Regulation (EEC, Euratom) 1182/71 Art. 3, with which the civil codes of the
 * profiles agree as far as we could read them:
 *
 * - the day of the event is not counted (3(1)); a term ends with the last hour of its last day (3(2)), in the
 *   calendar's zone;
 * - `wd` counts only working days (3(3));
 * - weeks and months end on the same weekday or date; where the month has no such date, on its last day (3(2)(c)):
 *   31 January and a month is the last of February. An extension is added to the term, not to its end;
 * - what is not in hours and would end on a day off ends with the next working day (3(4));
 * - hours run exactly, through nights and days off.
 *
 * Days that a pause took out are added as days, after the months.
 */
export function termEnd({ startedAt, amount, unit, skipped }: RunningTerm, calendar: WorkingCalendar): number {
  if (unit === 'hours') return startedAt + amount * HOUR_MS + skipped;
  const first = calendar.dayOf(startedAt);
  if (unit === 'wd') return calendar.endOf(calendar.workingDayFrom(first, amount + skipped));
  const last = first.add({ [unit]: amount }, { overflow: 'constrain' }).add({ days: skipped });
  return calendar.endOf(calendar.workingDayAtOrAfter(last));
}

/**
 * What a pause takes out of a term: the days (for `wd`, the working days) whose end it covers, without the day of the
 * start, which the term does not count; of hours, its own length.
 *
 * So the day on which the owner asks is not counted and the day of the answer is, whatever the hour: a question at noon
 * that is answered at three costs nobody a day, one from Friday to Monday costs a working day and a weekend costs none.
 */
export function skippedBy(
  { startedAt, unit }: Pick<RunningTerm, 'startedAt' | 'unit'>,
  fromMs: number,
  toMs: number,
  calendar: WorkingCalendar,
): number {
  if (unit === 'hours') return Math.max(0, toMs - fromMs);
  const firstCounted = calendar.endOf(calendar.dayOf(startedAt)) + 1;
  return calendar.daysEnding(Math.max(fromMs, firstCounted), toMs, unit === 'wd' ? 'working' : 'all');
}
