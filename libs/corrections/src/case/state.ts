/** The states of a case (`corrections.md` §5). `EXPIRED` is absent on purpose: silence never ends a case, it escalates. */
export const CASE_STATES = [
  'DRAFT',
  'SUBMITTED',
  'TRANSFERRED',
  'ROUTED',
  'RECEIVED',
  'REOPENED',
  'IN_REVIEW',
  'NEEDS_INFO',
  'ACCEPTED',
  'PARTIALLY_ACCEPTED',
  'REJECTED',
  'CORRECTED',
  'PROPAGATING',
  'CLOSED',
  'WITHDRAWN',
] as const;
export type CaseState = (typeof CASE_STATES)[number];

/** Who may act in a case (`corrections.md` §3). What each may do: `TRANSITIONS`. */
export type CaseRole = 'portal' | 'owner' | 'recipient' | 'feedback' | 'operator' | 'supervisor';

/** How a split case's part ends for good. `REJECTED` is no end: its window to appeal is open. */
export function hasEnded(state: CaseState): boolean {
  return state === 'CLOSED' || state === 'WITHDRAWN';
}
