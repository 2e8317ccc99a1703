import type { ClockKind } from '../clock-command.js';
import type { Deadline, DueEventKind } from './deadline.js';

/** Something to tell about a clock (`corrections.md` §6 row 13): `deadline-near`, `-missed`, `escalated`. */
export interface DueEvent {
  readonly clock: ClockKind;
  readonly event: DueEventKind;
}

/**
 * What is to be told at `atMs` and was not: the owner is reminded, the owner's head learns of a miss, the supervisor of
 * one that lasts. Each once per clock; a clock started anew is another, and one that was extended is near again.
 *
 * A feedback that was down tells what is true when it is back: a reminder of a term that is over is not sent, a miss is,
 * even if the clock was stopped meanwhile, too late. A clock that stands tells nothing: its end is not known.
 */
export function dueEvents(deadlines: readonly Deadline[], atMs: number): DueEvent[] {
  return deadlines.flatMap((deadline) =>
    eventsOf(deadline, atMs).map((event): DueEvent => ({ clock: deadline.kind, event })),
  );
}

/** The clocks with what was told about them. Stored in the transaction that puts the events into the outbox. */
export function withTold(deadlines: readonly Deadline[], events: readonly DueEvent[]): Deadline[] {
  return deadlines.map((deadline) => {
    const news = events.filter(({ clock }) => clock === deadline.kind).map(({ event }) => event);
    return news.length === 0 ? deadline : { ...deadline, told: [...new Set([...deadline.told, ...news])] };
  });
}

/** The earliest instant at which `dueEvents` has something to say, if nothing happens before; undefined for never. */
export function nextDueEventAt(deadlines: readonly Deadline[]): number | undefined {
  const instants = deadlines.flatMap(untold);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

function eventsOf(deadline: Deadline, atMs: number): DueEventKind[] {
  const { dueAt, nearAt, escalateAt, told, pausedAt, stoppedAt } = deadline;
  if (pausedAt !== undefined) return [];
  const until = Math.min(atMs, stoppedAt ?? atMs);
  const near = nearAt !== undefined && stoppedAt === undefined && until > nearAt && until <= dueAt;
  const events: DueEventKind[] = [];
  if (near) events.push('near');
  if (until > dueAt) events.push('missed');
  if (until > escalateAt) events.push('escalated');
  return events.filter((event) => !told.includes(event));
}

function untold({ dueAt, nearAt, escalateAt, told, pausedAt, stoppedAt }: Deadline): number[] {
  if (pausedAt !== undefined) return [];
  const still = (event: DueEventKind, after: number): number[] =>
    told.includes(event) || (stoppedAt !== undefined && stoppedAt <= after) ? [] : [after + 1];
  const near = nearAt === undefined || stoppedAt !== undefined || told.includes('missed') ? [] : still('near', nearAt);
  return [...near, ...still('missed', dueAt), ...still('escalated', escalateAt)];
}
