import { CLOCK_STEPS, hasCome, stepsOf, type ClockKind, type ClockStep } from '../clock-command.js';
import { isRunning, type Deadline } from './deadline.js';

/** Something to tell about a clock (`corrections.md` §6 row 13): `deadline-near`, `-missed`, `escalated`. */
export interface DueEvent {
  readonly clock: ClockKind;
  readonly event: ClockStep;
}

/**
 * What is to be told at `atMs` and was not: the owner is reminded, the owner's head learns of a miss, the supervisor of
 * one that lasts. Each once per clock; a clock started anew is another, and one that was extended is near again.
 *
 * A feedback that was down tells what is true when it is back: a miss, but no reminder of a term that is over, and nothing
 * of a clock that was stopped meanwhile, too late: the log has when that was. A clock that stands tells nothing: its end is
 * not known.
 */
export function dueEvents(deadlines: readonly Deadline[], atMs: number): DueEvent[] {
  return deadlines.flatMap((deadline) =>
    untold(deadline)
      .filter((step) => hasCome(deadline, step, atMs))
      .map((event): DueEvent => ({ clock: deadline.kind, event })),
  );
}

/** The clocks with what was told about them. Stored in the transaction that puts the events into the outbox. */
export function withTold(deadlines: readonly Deadline[], events: readonly DueEvent[]): Deadline[] {
  return deadlines.map((deadline) => {
    const news = events.filter(({ clock }) => clock === deadline.kind).map(({ event }) => event);
    return news.length === 0 ? deadline : { ...deadline, told: [...new Set([...deadline.told, ...news])] };
  });
}

/**
 * The earliest instant from `atMs` on at which `dueEvents` has something to say, if nothing happens before; undefined for
 * never. What is due already and was not told is so at `atMs`.
 */
export function nextDueEventAt(deadlines: readonly Deadline[], atMs: number): number | undefined {
  const instants = deadlines.flatMap((deadline) =>
    untold(deadline).flatMap((step) => {
      const at = Math.max(atMs, comesAt(deadline, step));
      return hasCome(deadline, step, at) ? [at] : [];
    }),
  );
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** What may still be told: of a clock that runs, and nothing before what was told. */
function untold(deadline: Deadline): readonly ClockStep[] {
  if (!isRunning(deadline)) return [];
  const told = deadline.told.map((step) => CLOCK_STEPS.indexOf(step));
  return stepsOf(deadline.kind).filter((step) => CLOCK_STEPS.indexOf(step) > Math.max(-1, ...told));
}

/** The first millisecond of a step. */
function comesAt({ nearAt, dueAt, escalateAt }: Deadline, step: ClockStep): number {
  return { near: nearAt ?? Infinity, missed: dueAt, escalated: escalateAt }[step] + 1;
}
