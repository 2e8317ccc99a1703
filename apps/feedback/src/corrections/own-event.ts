import { dueEvents, hasEnded, nextDueEventAt, type CaseEvent, type CaseState, type ClockKind } from '#corrections';
import type { SubsystemId } from '#kernel';
import type { KeptCase } from './kept-case.js';

/** What feedback does in a case by itself: an event, or one whose content has still to be found out. */
export type OwnStep = { readonly event: CaseEvent } | { readonly toFind: 'telling' | 'closing' | 'split' };

export interface CaseSurroundings {
  readonly nowMs: number;
  readonly isActive: (subsystem: SubsystemId) => boolean;
  /** Of the parts of a split case, by id. */
  readonly partStates: Readonly<Record<string, CaseState>>;
}

const feedback = { role: 'feedback' } as const;

/** The step that feedback owes now, if any: routing, telling, closing, the ends of terms (`corrections.md` §5, §6). */
export function ownStep(kept: KeptCase, around: CaseSurroundings): OwnStep | undefined {
  return progress(kept, around) ?? tick(kept, around.nowMs);
}

/** When to look again if nothing happens; undefined: never. */
export function looksAgainAt({ record, deadlines, details }: KeptCase, nowMs: number): number | undefined {
  const { state, parts } = record;
  const isWhole = details.parts !== undefined || parts.length > 0;
  const waits = state === 'SUBMITTED' || state === 'TRANSFERRED' || (isWhole && !hasEnded(state));
  const ends = [endOf(record.due, 'reply'), endOf(record.due, 'appeal'), endOf(record.due, 'recipient')];
  const next = [nextDueEventAt(deadlines, nowMs), ...ends].filter((at) => at !== undefined && at > nowMs);
  const instants = [...next, ...(waits ? [nowMs + WAIT_MS] : [])] as number[];
  return instants.length === 0 ? undefined : Math.min(...instants);
}

const WAIT_MS = 60_000;

function endOf(due: KeptCase['record']['due'], clock: ClockKind): number | undefined {
  const instants = due[clock];
  return instants === undefined ? undefined : instants.dueAt + 1;
}

function progress(kept: KeptCase, around: CaseSurroundings): OwnStep | undefined {
  const { parts, state } = kept.record;
  if (parts.length > 0) return ofTheWhole(kept.record, around.partStates);
  return PROGRESS[state]?.(kept, around);
}

const PROGRESS: Partial<Record<CaseState, (kept: KeptCase, around: CaseSurroundings) => OwnStep | undefined>> = {
  SUBMITTED: ({ record, details }, { isActive, partStates }) =>
    details.parts === undefined
      ? routed(isActive(record.owner))
      : areFiled(details.parts, partStates)
        ? { toFind: 'split' }
        : undefined,
  TRANSFERRED: ({ record }, { isActive }) => routed(isActive(record.nextOwner ?? record.owner)),
  NEEDS_INFO: ({ record }, { nowMs }) =>
    hasPassed(record, 'reply', nowMs) ? { event: { type: 'lapse-info', by: feedback } } : undefined,
  CORRECTED: () => ({ toFind: 'telling' }),
  PROPAGATING: ({ record }, { nowMs }) =>
    record.recipients.every(({ action }) => action !== undefined) || hasPassed(record, 'recipient', nowMs)
      ? { toFind: 'closing' }
      : undefined,
  REJECTED: ({ record }, { nowMs }) =>
    hasPassed(record, 'appeal', nowMs) ? { event: { type: 'close', by: feedback } } : undefined,
};

function hasPassed({ due }: KeptCase['record'], clock: ClockKind, nowMs: number): boolean {
  return (endOf(due, clock) ?? Infinity) <= nowMs;
}

/** An owner that takes no cases now is waited for, and the clock runs. */
function routed(isOwnerActive: boolean): OwnStep | undefined {
  return isOwnerActive ? { event: { type: 'route', by: feedback, isOwnerActive } } : undefined;
}

/** A case that was split closes last, and is open again as soon as one of its parts is. */
function ofTheWhole(
  { state, parts }: KeptCase['record'],
  partStates: CaseSurroundings['partStates'],
): OwnStep | undefined {
  const areOver = parts.every(({ correctionId }) => hasEnded(partStates[correctionId] ?? 'DRAFT'));
  if (state === 'CLOSED')
    return areOver ? undefined : { event: { type: 'reopen', by: feedback, reason: 'part-reopened' } };
  return areOver ? { event: { type: 'close', by: feedback, partStates } } : undefined;
}

function areFiled(
  parts: readonly { readonly correctionId: string }[],
  states: CaseSurroundings['partStates'],
): boolean {
  return parts.every(({ correctionId }) => (states[correctionId] ?? 'DRAFT') !== 'DRAFT');
}

function tick({ deadlines }: KeptCase, nowMs: number): OwnStep | undefined {
  const [due] = dueEvents(deadlines, nowMs);
  return due && { event: { type: 'tick', by: feedback, clock: due.clock, step: due.event } };
}
