import type { ClockInstants, ClockKind, ClockStep } from '../clock-command.js';
import type { TermRule } from './profile-schema.js';

/**
 * A clock of a case, as its record keeps it (`corrections.md` §4): plain data. Instants are milliseconds since the
 * epoch. `dueAt` was told to the citizen, so a profile or calendar that changes later moves it only where the clock
 * itself moves: at its next resumption or extension.
 */
export interface Deadline extends ClockInstants {
  readonly kind: ClockKind;
  readonly startedAt: number;
  /** How long it has stood, for the reader; what that moves is counted in `skipped`. */
  readonly pausedMs: number;
  readonly citation: string;
  /** The term that it was started under, an extension included. */
  readonly amount: number;
  readonly unit: TermRule['unit'];
  /** What pauses took out of the term: working days for `wd`, milliseconds for `hours`, else days. */
  readonly skipped: number;
  readonly extended: boolean;
  /** Set while it stands; a clock that stands has not been missed. */
  readonly pausedAt?: number;
  /** Set when what it waits for was done. */
  readonly stoppedAt?: number;
  /** What was told; written by `withTold` in the transaction that tells it. */
  readonly told: readonly ClockStep[];
}

export function isRunning(deadline: Deadline): boolean {
  return deadline.stoppedAt === undefined && deadline.pausedAt === undefined;
}

/** The instants of the clocks that run, as the record of their case keeps them; of one that stands the end is not known. */
export function runningInstants(deadlines: readonly Deadline[]): Partial<Record<ClockKind, ClockInstants>> {
  return Object.fromEntries(
    deadlines
      .filter((deadline) => isRunning(deadline))
      .map(({ kind, nearAt, dueAt, escalateAt }) => [
        kind,
        { ...(nearAt === undefined ? {} : { nearAt }), dueAt, escalateAt },
      ]),
  );
}
