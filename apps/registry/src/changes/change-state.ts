/** Where a request stands. `APPLYING`: its leaf is signed and may be in the log, so nothing can hold it up any more. */
export const CHANGE_STATES = [
  'REQUESTED',
  'APPROVED',
  'APPLYING',
  'EFFECTIVE',
  'REJECTED',
  'WITHDRAWN',
  'SUPERSEDED',
] as const;
export type ChangeState = (typeof CHANGE_STATES)[number];
export type ChangeAct = 'approve' | 'reject' | 'withdraw' | 'apply' | 'take-effect' | 'supersede';

const STEPS: Readonly<Record<ChangeState, Partial<Readonly<Record<ChangeAct, ChangeState>>>>> = {
  REQUESTED: { approve: 'APPROVED', reject: 'REJECTED', withdraw: 'WITHDRAWN', supersede: 'SUPERSEDED' },
  APPROVED: { apply: 'APPLYING', reject: 'REJECTED', withdraw: 'WITHDRAWN', supersede: 'SUPERSEDED' },
  APPLYING: { 'take-effect': 'EFFECTIVE' },
  EFFECTIVE: {},
  REJECTED: {},
  WITHDRAWN: {},
  SUPERSEDED: {},
};

/** Where a request stands after this act; undefined: it cannot be done any more, or not yet. */
export function afterAct(state: ChangeState, act: ChangeAct): ChangeState | undefined {
  return STEPS[state][act];
}

/** Those that still may change something. */
export const OPEN_STATES: readonly ChangeState[] = ['REQUESTED', 'APPROVED', 'APPLYING'];
