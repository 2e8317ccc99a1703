import { toBase64Url } from '#kernel';
import type { CaseStepPayload, CaseSubmittedPayload, StatementPayload } from '#signing';
import type { StandingLeaf } from './verdict.js';

/** A transition of a case: what takes a slot `s<seq>`. */
type StepPayload = CaseSubmittedPayload | CaseStepPayload;

export function isStep(payload: StatementPayload): payload is StepPayload {
  return 'seq' in payload;
}

/** The parties that a transition names: those of the next, unless feedback names others. */
export function partiesOf({ from, to }: StepPayload): string {
  return `${from} ${to}`;
}

/**
 * Whether a transition may follow the one before (`statements.md` §2): it names that leaf, and is by feedback or by who
 * was a party of it, between the same parties. The first of a case follows nothing. `before` is what stands in `s<seq−1>`
 * of any window of the shard whose leaves are still there.
 */
export function follows(payload: StepPayload, signer: string, before: StandingLeaf | undefined): boolean {
  if (payload.t === 'correction.submitted') return true;
  if (before === undefined || toBase64Url(before.leafHash) !== payload.prev) return false;
  const isByParty = signer === payload.from || signer === payload.to;
  return !isByParty || before.parties === partiesOf(payload);
}
