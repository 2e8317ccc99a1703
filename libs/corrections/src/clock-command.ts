import { TERM_NAMES } from '#signing';

/** The terms that a case may be under (`corrections.md` §1, §5): those that its statements may name. */
export const CLOCKS = TERM_NAMES;
export type ClockKind = (typeof CLOCKS)[number];

/** What there is to tell of a clock, in order of time (`corrections.md` §6 row 13): `deadline-near`, `-missed`, `escalated`. */
export const CLOCK_STEPS = ['near', 'missed', 'escalated'] as const;
export type ClockStep = (typeof CLOCK_STEPS)[number];

/** Terms of somebody else than the owner: who has them is reminded, and their end escalates nothing. */
const REMINDER_CLOCKS = ['reply', 'appeal', 'recipient'] as const satisfies readonly ClockKind[];
export type ReminderClock = (typeof REMINDER_CLOCKS)[number];
const IS_REMINDER: ReadonlySet<ClockKind> = new Set(REMINDER_CLOCKS);

/** The steps that a clock has. What the terms find due and what the machine takes are both of this list. */
export function stepsOf(clock: ClockKind): readonly ClockStep[] {
  return IS_REMINDER.has(clock) ? ['near'] : CLOCK_STEPS;
}

/** When the steps of a clock come: each with the millisecond after its instant, ms since the epoch. */
export interface ClockInstants {
  /** When to remind; absent where the term is not longer than that. */
  readonly nearAt?: number;
  /** The last millisecond that is in time. */
  readonly dueAt: number;
  readonly escalateAt: number;
}

/** Whether a step has come. Nothing is near any more once it is past. */
export function hasCome({ nearAt, dueAt, escalateAt }: ClockInstants, step: ClockStep, atMs: number): boolean {
  switch (step) {
    case 'near':
      return nearAt !== undefined && nearAt < atMs && atMs <= dueAt;
    case 'missed':
      return dueAt < atMs;
    case 'escalated':
      return escalateAt < atMs;
  }
}

/**
 * What a transition does to the clocks of its case, in this order. `start` of one that runs already starts it anew; the
 * others of one that does not run do nothing. `fromMs`: of `start`, the event from which it counts where that was before
 * the transition.
 */
export interface ClockCommand {
  readonly act: 'start' | 'stop' | 'pause' | 'resume' | 'extend';
  readonly clock: ClockKind;
  readonly fromMs?: number;
}
