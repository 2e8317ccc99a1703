import { ok, refuse, type Result } from '#kernel';
import type { ClockCommand, ClockKind } from '../clock-command.js';
import type { CaseEventOf, CaseEventType } from './event.js';
import type { Audience } from './notice.js';
import type { CaseRecord } from './record.js';
import { caseRefusal, type CaseRefusal, type CaseRefusalCode } from './refusal.js';
import type { CaseState } from './state.js';
import type { StatementContent } from './statement.js';
import type { CaseTransition } from './transition.js';

/** What an event does to a case once its guard holds; the rest follows for all alike (`advance`). */
export interface Effect {
  readonly to: CaseState;
  readonly states: CaseTransition;
  readonly change?: Partial<CaseRecord>;
  readonly clocks?: readonly ClockCommand[];
  readonly says?: StatementContent;
  readonly dueOf?: ClockKind;
  /** Instead of those of `TOLD`. */
  readonly tells?: readonly Audience[];
}

export type Judged = Result<Effect, CaseRefusal>;
/** Guards an event and says what it does. Who may act, and in which state, was checked before. */
export type Judge<T extends CaseEventType> = (record: CaseRecord, event: CaseEventOf<T>, atMs: number) => Judged;

export function happens(effect: Effect): Judged {
  return ok(effect);
}

export function refuses(code: CaseRefusalCode, caseId?: string): Judged {
  return refuse(caseRefusal(code, caseId));
}

export function clocks(act: ClockCommand['act'], ...kinds: readonly ClockKind[]): ClockCommand[] {
  return kinds.map((clock) => ({ act, clock }));
}

/** Whether that term has surely passed: false while nobody has said when it ends. */
export function hasPassed(record: CaseRecord, clock: ClockKind, atMs: number): boolean {
  const due = record.due[clock];
  return due !== undefined && atMs > due.dueAt;
}

/** Whether that term surely runs still: false while nobody has said when it ends. */
export function isWithin(record: CaseRecord, clock: ClockKind, atMs: number): boolean {
  const due = record.due[clock];
  return due !== undefined && atMs <= due.dueAt;
}

/**
 * The term to decide begins: now, at the latest with the end of the term to forward (`corrections.md` §5), however late
 * that was noticed.
 */
export function startDecide({ due: { forward } }: CaseRecord, atMs: number): ClockCommand {
  const isLate = forward !== undefined && forward.dueAt < atMs;
  return { act: 'start', clock: 'decide', ...(isLate ? { fromMs: forward.dueAt } : {}) };
}
