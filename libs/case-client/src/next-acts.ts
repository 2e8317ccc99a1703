import type { CaseState, OwnerActName } from '#corrections';

const BY_STATE: Readonly<Partial<Record<CaseState, readonly OwnerActName[]>>> = {
  ROUTED: ['receive'],
  RECEIVED: ['start', 'transfer', 'join'],
  REOPENED: ['start'],
  IN_REVIEW: ['decide', 'request-info', 'extend', 'transfer', 'join'],
  ACCEPTED: ['correct'],
  PARTIALLY_ACCEPTED: ['correct'],
};

/** What its owner can do in a case in that state, the likeliest first; feedback may refuse it for other reasons. */
export function nextActs(state: CaseState): readonly OwnerActName[] {
  return BY_STATE[state] ?? [];
}
