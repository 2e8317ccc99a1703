import type { CaseOutcome, CaseState } from '#corrections';
import type { DecisionReason } from '#signing';
import { standingOfCase, type ShownDeadline } from '../case-standing.js';
import type { KeptCase } from '../kept-case.js';

/** A case without anything of the person: no exchange, no place in an answer, no digest of theirs, nobody's own words. */
export interface SupervisedCase {
  readonly id: string;
  readonly publicNumber: string;
  readonly state: CaseState;
  readonly profile: string;
  readonly portal: string;
  readonly owner: string;
  /** Owners before this one, first to last. */
  readonly hops: readonly string[];
  readonly service: string;
  readonly elements: readonly string[];
  readonly isDisputed: boolean;
  readonly isExtended: boolean;
  readonly isEscalated: boolean;
  readonly seq: number;
  readonly leaf?: string;
  readonly isMoving: boolean;
  /** The log holds a transition that was never judged here. */
  readonly isAstray: boolean;
  readonly filedAt: string;
  readonly deadlines: readonly ShownDeadline[];
  readonly outcome?: CaseOutcome;
  readonly reason?: DecisionReason;
}

export function supervisedCase(kept: KeptCase): SupervisedCase {
  const { id, publicNumber, state, profile, portal, owner, service, isDisputed, isExtended, isEscalated, ...rest } =
    standingOfCase(kept);
  const { seq, leaf, isMoving, filedAt, deadlines, decision } = rest;
  const { hops, items } = kept.record;
  return {
    ...{ id, publicNumber, state, profile, portal, owner, hops, service },
    elements: [...new Set(items.flatMap(({ elementId }) => elementId ?? []))],
    ...{ isDisputed, isExtended, isEscalated, seq, isMoving, isAstray: kept.isAstray, filedAt, deadlines },
    ...(leaf === undefined ? {} : { leaf }),
    ...(decision === undefined ? {} : { outcome: decision.outcome, reason: decision.reasonCode }),
  };
}
