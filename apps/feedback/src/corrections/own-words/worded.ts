import type { OwnerAct } from '#corrections';
import type { StatementType } from '#signing';
import type { CaseDetails } from '../kept-case.js';

/** Acts that may bring own words: those whose statement has a digest that binds them. An extension's has none. */
export type WordedAct = Extract<OwnerAct, { readonly words?: string | undefined }>;

export const WORDED: ReadonlySet<StatementType> = new Set<StatementType>([
  'correction.info-requested',
  'correction.decided',
]);

export function isWorded(act: OwnerAct): act is WordedAct {
  return act.act === 'request-info' || act.act === 'decide';
}

/** `seq` of the transitions that brought own words. */
export function wordedSteps({ acts = {} }: Pick<CaseDetails, 'acts'>): ReadonlySet<number> {
  const worded = Object.entries(acts).filter(([, act]) => isWorded(act) && act.words !== undefined);
  return new Set(worded.map(([seq]) => Number(seq)));
}
