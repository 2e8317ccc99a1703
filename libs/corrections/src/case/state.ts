import type { CaseState } from '#signing';

export { CASE_STATES, type CaseState } from '#signing';

/** Who may act in a case (`corrections.md` §3). What each may do: `TRANSITIONS`. */
export type CaseRole = 'portal' | 'owner' | 'recipient' | 'feedback' | 'operator' | 'supervisor';

/** How a split case's part ends for good. `REJECTED` is no end: its window to appeal is open. */
export function hasEnded(state: CaseState): boolean {
  return state === 'CLOSED' || state === 'WITHDRAWN';
}
