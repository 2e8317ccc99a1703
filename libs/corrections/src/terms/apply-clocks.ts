import { ok, refuse, type Result } from '#kernel';
import type { ClockCommand, ClockInstants, ClockKind } from '../clock-command.js';
import { isRunning, type Deadline } from './deadline.js';
import type { TermsProfile } from './profile-schema.js';
import { skippedBy, termEnd, type RunningTerm } from './term-end.js';
import type { WorkingCalendar } from './working-calendar.js';

/** Why a term cannot be extended (`corrections.md` §6 row 7: once, before the due date, by a rule). */
export type ExtensionReason = 'clock-not-running' | 'term-over' | 'extended-already' | 'no-extension';

/**
 * The clocks of a case after a transition did `commands` to them at `atMs`, in their order; at most one per kind.
 *
 * What the law does not allow is not done: no pause of a term that the profile does not pause or that is over, no
 * extension that `extended` refuses. A transition whose guard depends on it asks first. Pure: after a crash it is
 * computed again from the same record and comes out the same.
 */
export function applyClocks(
  deadlines: readonly Deadline[],
  commands: readonly ClockCommand[],
  profile: TermsProfile,
  calendar: WorkingCalendar,
  atMs: number,
): Deadline[] {
  const clocks = new Map(deadlines.map((deadline) => [deadline.kind, deadline]));
  for (const command of commands) {
    const { clock } = command;
    const after = applied(command, clocks.get(clock), { profile, calendar, atMs });
    if (after !== undefined) clocks.set(clock, after);
  }
  return [...clocks.values()];
}

/** A clock with its one extension, or why it gets none. */
export function extended(
  deadline: Deadline | undefined,
  profile: TermsProfile,
  calendar: WorkingCalendar,
  atMs: number,
): Result<Deadline, ExtensionReason> {
  if (deadline === undefined || !isRunning(deadline)) return refuse('clock-not-running');
  if (deadline.extended) return refuse('extended-already');
  const { extension, unit } = profile.terms[deadline.kind];
  // A profile that was given another unit since then extends no clock that counts in the old one.
  if (extension === undefined || unit !== deadline.unit) return refuse('no-extension');
  if (atMs > deadline.dueAt) return refuse('term-over');
  const longer = { ...deadline, amount: deadline.amount + extension.amount, extended: true };
  return ok({
    ...longer,
    ...instants(longer, profile, calendar, deadline.dueAt),
    citation: `${deadline.citation}; extended: ${extension.citation}`,
    // The new date was told to the citizen; its owner is reminded of it again.
    told: deadline.told.filter((event) => event !== 'near'),
  });
}

/** Until when a clock's question may be answered with a no, where the profile gives that a term of its own. */
export function refusalDueAt(deadline: Deadline, profile: TermsProfile, calendar: WorkingCalendar): number {
  const { refusal, unit } = profile.terms[deadline.kind];
  if (refusal === undefined || unit !== deadline.unit) return deadline.dueAt;
  return termEnd({ ...deadline, amount: refusal.amount }, calendar);
}

interface Moment {
  readonly profile: TermsProfile;
  readonly calendar: WorkingCalendar;
  readonly atMs: number;
}

function applied(
  { act, clock, fromMs }: ClockCommand,
  deadline: Deadline | undefined,
  moment: Moment,
): Deadline | undefined {
  if (act === 'start') return started(clock, { ...moment, atMs: fromMs ?? moment.atMs });
  if (deadline?.stoppedAt !== undefined || deadline === undefined) return deadline;
  switch (act) {
    case 'stop':
      return { ...resumed(deadline, moment), stoppedAt: Math.max(moment.atMs, deadline.startedAt) };
    case 'pause':
      return paused(deadline, moment);
    case 'resume':
      return resumed(deadline, moment);
    case 'extend': {
      const longer = extended(deadline, moment.profile, moment.calendar, moment.atMs);
      return longer.ok ? longer.value : deadline;
    }
  }
}

function started(kind: ClockKind, { profile, calendar, atMs }: Moment): Deadline {
  const { amount, unit, citation } = profile.terms[kind];
  const term: RunningTerm = { startedAt: atMs, amount, unit, skipped: 0 };
  return { kind, ...term, ...instants(term, profile, calendar), pausedMs: 0, citation, extended: false, told: [] };
}

function paused(deadline: Deadline, { profile, atMs }: Moment): Deadline {
  const over = atMs > deadline.dueAt;
  if (over || deadline.pausedAt !== undefined || profile.terms[deadline.kind].pause === undefined) return deadline;
  return { ...deadline, pausedAt: Math.max(atMs, deadline.startedAt) };
}

function resumed(deadline: Deadline, { profile, calendar, atMs }: Moment): Deadline {
  const { pausedAt, ...rest } = deadline;
  if (pausedAt === undefined) return deadline;
  // Two machines' clocks may differ: a pause is never shorter than nothing.
  const until = Math.max(atMs, pausedAt);
  const pausedMs = deadline.pausedMs + (until - pausedAt);
  const skipped = deadline.skipped + skippedBy(deadline, pausedAt, until, calendar);
  // A term whose own last day was off, and which stood on the days that it ran longer for it, would be over by now.
  const goesOn = calendar.endOf(calendar.workingDayAtOrAfter(calendar.dayOf(until)));
  return { ...rest, pausedMs, skipped, ...instants({ ...deadline, skipped }, profile, calendar, goesOn) };
}

/**
 * The three instants of `corrections.md` §6 row 13: two working days before, at, and five working days after the end.
 * A term of days does not end before `notBefore`; one of hours is what it is.
 */
function instants(
  term: RunningTerm,
  { warnings }: TermsProfile,
  calendar: WorkingCalendar,
  notBefore = 0,
): ClockInstants {
  const end = termEnd(term, calendar);
  const dueAt = term.unit === 'hours' ? end : Math.max(end, notBefore);
  const last = calendar.dayOf(dueAt);
  const nearAt = calendar.endOf(calendar.workingDayFrom(last, -warnings.nearWorkingDays));
  const escalateAt = calendar.endOf(calendar.workingDayFrom(last, warnings.escalateWorkingDays));
  return { dueAt, escalateAt, ...(nearAt > term.startedAt ? { nearAt } : {}) };
}
