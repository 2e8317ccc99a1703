import type { CaseRecord } from '#corrections';

/** Whether nobody has to read the request any more: a case that may be appealed may come back to its owner. */
export function hasNoReader({ state, clocks }: Pick<CaseRecord, 'state' | 'clocks'>): boolean {
  return state === 'WITHDRAWN' || (state === 'CLOSED' && clocks.appeal === undefined);
}
