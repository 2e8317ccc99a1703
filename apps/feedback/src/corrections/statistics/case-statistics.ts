import type { TimeInState } from '../audit/case-period.store.js';

/** Below this many a number tells of persons (`audit-log.md` §4.3). */
export const SMALLEST_CELL = 10;
export type Cell = number | '<10';

/** What was counted of an owner and a service. */
export interface CountedGroup {
  readonly owner: string;
  readonly service: string;
  readonly filed: number;
  readonly overdue: number;
  readonly transfers: number;
  readonly reopenedByVerification: number;
  readonly decided: readonly { readonly outcome: string; readonly reason: string; readonly count: number }[];
}

export interface ShownGroup {
  readonly owner: string;
  readonly service: string;
  readonly filed: Cell;
  readonly overdue: Cell;
  readonly transfers: Cell;
  readonly reopenedByVerification: Cell;
  readonly decided: readonly { readonly outcome: string; readonly reason: string; readonly count: Cell }[];
  /** Of states that ten cases or more have left; no time of a few persons. */
  readonly times: readonly Pick<TimeInState, 'state' | 'medianMs' | 'p95Ms'>[];
}

/** For the public: nothing that could be one person's. No totals either, from which a hidden cell could be reckoned. */
export function shownGroups(groups: readonly CountedGroup[], times: readonly TimeInState[]): ShownGroup[] {
  return groups.map(({ owner, service, filed, overdue, transfers, reopenedByVerification, decided }) => ({
    ...{ owner, service, filed: cell(filed), overdue: cell(overdue), transfers: cell(transfers) },
    reopenedByVerification: cell(reopenedByVerification),
    decided: decided.map(({ outcome, reason, count }) => ({ outcome, reason, count: cell(count) })),
    times: times
      .filter((time) => time.owner === owner && time.service === service && time.cases >= SMALLEST_CELL)
      .map(({ state, medianMs, p95Ms }) => ({ state, medianMs, p95Ms })),
  }));
}

function cell(count: number): Cell {
  return count < SMALLEST_CELL ? '<10' : count;
}
