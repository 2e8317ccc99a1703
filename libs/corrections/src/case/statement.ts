import type { SubsystemId } from '#kernel';
import type { RecipientAction } from '#signing';
import type { ClockKind } from '../clock-command.js';
import type { CaseState } from './state.js';
import type { CaseTransition } from './transition.js';

/**
 * The statement that a transition needs, but for `id` (the case's, or one of its own where there is no `seq`), `ts`,
 * `subj` of the first, and `due`: the end of `dueOf`, once the clock commands were carried out.
 */
export interface CaseStatement {
  readonly t: `correction.${CaseTransition}`;
  /** Whose key signs, in relation to the statement. Operator and supervisor act through feedback, which keeps their word. */
  readonly signer: 'from' | 'to' | 'feedback';
  readonly from: SubsystemId;
  readonly to: SubsystemId;
  /** Its place in the case, and so its slot; a recipient's acknowledgement has none and an id of its own. */
  readonly seq?: number;
  /** Leaf hash of the transition before. */
  readonly prev?: string;
  readonly was?: CaseState;
  readonly now: CaseState | RecipientAction;
  readonly dueOf?: ClockKind;
  readonly why?: string;
  readonly doc?: string;
  readonly ref?: string;
  /** From when the corrected values hold, ms; negative before 1970. */
  readonly until?: number;
  readonly n?: number;
}

/** What of a statement an event brings. */
export type StatementContent = Pick<CaseStatement, 'why' | 'doc' | 'ref' | 'until' | 'n'>;

/** The clock whose end a statement names as `due`: by when the next step is to be done. */
export const DUE_CLOCK: Readonly<Partial<Record<CaseState, ClockKind>>> = {
  SUBMITTED: 'acknowledge',
  TRANSFERRED: 'forward',
  ROUTED: 'acknowledge',
  RECEIVED: 'take-up',
  IN_REVIEW: 'decide',
  NEEDS_INFO: 'reply',
  ACCEPTED: 'correct',
  PARTIALLY_ACCEPTED: 'correct',
  CORRECTED: 'propagate',
  PROPAGATING: 'recipient',
  REJECTED: 'appeal',
  CLOSED: 'appeal',
  REOPENED: 'decide',
};
