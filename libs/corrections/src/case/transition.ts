import type { CaseEventType } from './event.js';
import type { CaseRefusalCode } from './refusal.js';
import type { CaseRole, CaseState } from './state.js';

/** What a statement of a case may say happened: `correction.<transition>` (`statements.md` §2). */
export type CaseTransition =
  | 'submitted'
  | 'routed'
  | 'split'
  | 'received'
  | 'review-started'
  | 'transferred'
  | 'info-requested'
  | 'info-provided'
  | 'info-lapsed'
  | 'extended'
  | 'decided'
  | 'joined'
  | 'corrected'
  | 'propagating'
  | 'recipient-acked'
  | 'verified'
  | 'closed'
  | 'withdrawn'
  | 'reopened'
  | 'deadline-near'
  | 'deadline-missed'
  | 'escalated'
  | 'succeeded'
  | 'linked';

export interface TransitionRule {
  /** What is stated; an event that may state one of several says which when it happens. */
  readonly states: readonly CaseTransition[];
  readonly by: readonly CaseRole[];
  /** From which state to which: the states that a case may have afterwards. A state that is not here refuses the event. */
  readonly from: Readonly<Partial<Record<CaseState, readonly CaseState[]>>>;
  /** The guard in words, for docs/corrections.md. */
  readonly guard: string;
}

/** The state itself is kept. */
function kept(...states: readonly CaseState[]): Readonly<Partial<Record<CaseState, readonly CaseState[]>>> {
  return Object.fromEntries(states.map((state) => [state, [state]]));
}

function all(to: readonly CaseState[], ...states: readonly CaseState[]): TransitionRule['from'] {
  return Object.fromEntries(states.map((state) => [state, to]));
}

const open = ['SUBMITTED', 'TRANSFERRED', 'ROUTED', 'RECEIVED', 'REOPENED', 'IN_REVIEW', 'NEEDS_INFO'] as const;
const decided = ['ACCEPTED', 'PARTIALLY_ACCEPTED', 'REJECTED', 'CORRECTED', 'PROPAGATING'] as const;

/** `corrections.md` §6 as data: what `advance` obeys and docs/corrections.md shows. */
export const TRANSITIONS: Readonly<Record<CaseEventType, TransitionRule>> = {
  submit: {
    states: ['submitted'],
    by: ['portal', 'owner'],
    from: { DRAFT: ['SUBMITTED'] },
    guard:
      'subject is who acts or represented; the exchange is about them; the items exist in the answer; the signature holds; no duplicate of an open case; below the limit of open disputes',
  },
  route: {
    states: ['routed'],
    by: ['feedback'],
    from: { SUBMITTED: ['ROUTED'], TRANSFERRED: ['ROUTED'] },
    guard: 'the owner is active',
  },
  split: {
    states: ['split'],
    by: ['feedback'],
    from: { SUBMITTED: ['ROUTED'] },
    guard: 'two parts or more that share all items between them',
  },
  receive: {
    states: ['received'],
    by: ['owner'],
    from: { ROUTED: ['RECEIVED'] },
    guard: 'the receipt is over the digest of the request',
  },
  start: {
    states: ['review-started'],
    by: ['owner'],
    from: { RECEIVED: ['IN_REVIEW'], REOPENED: ['IN_REVIEW'] },
    guard: '',
  },
  transfer: {
    states: ['transferred'],
    by: ['owner', 'operator'],
    from: all(['TRANSFERRED'], 'RECEIVED', 'IN_REVIEW'),
    guard:
      'the target takes the element by the registry; by the owner at most twice and to nobody who had it, then by the operator; as `copy-stale` only to the provider of the service',
  },
  'request-info': {
    states: ['info-requested'],
    by: ['owner'],
    from: { IN_REVIEW: ['NEEDS_INFO'] },
    guard: 'no mass correction, in which nobody can answer; at most two questions',
  },
  'provide-info': {
    states: ['info-provided'],
    by: ['portal'],
    from: { NEEDS_INFO: ['IN_REVIEW'] },
    guard: 'who acts may; the signature holds',
  },
  'lapse-info': {
    states: ['info-lapsed'],
    by: ['feedback'],
    from: { NEEDS_INFO: ['IN_REVIEW'] },
    guard: 'the term to reply has passed',
  },
  extend: {
    states: ['extended'],
    by: ['owner'],
    from: kept('IN_REVIEW'),
    guard:
      'the law of the case has an extension; once in a round, whoever has the case; before the term to decide ends; with a reason',
  },
  decide: {
    states: ['decided'],
    by: ['owner'],
    from: { IN_REVIEW: ['ACCEPTED', 'PARTIALLY_ACCEPTED', 'REJECTED'] },
    guard:
      'signed; reason code and legal reference; remedies unless accepted whole; the accepted items fit the outcome; a second person where the profile asks for one',
  },
  join: {
    states: ['joined'],
    by: ['owner'],
    from: all(['ACCEPTED'], 'RECEIVED', 'IN_REVIEW'),
    guard:
      'no mass correction itself; the mass correction is of the same owner and service, has all the elements of the case, and was accepted whole; legal reference',
  },
  correct: {
    states: ['corrected'],
    by: ['owner'],
    from: all(['CORRECTED'], 'ACCEPTED', 'PARTIALLY_ACCEPTED'),
    guard: 'the new value’s hash for each accepted item; effective date, which may be before 1970',
  },
  propagate: {
    states: ['propagating'],
    by: ['feedback'],
    from: { CORRECTED: ['PROPAGATING'] },
    guard: 'each recipient once',
  },
  acknowledge: {
    states: ['recipient-acked'],
    by: ['recipient'],
    from: kept('PROPAGATING', 'CLOSED'),
    guard: 'one of the recipients, once; a refusal has a reason',
  },
  verify: {
    states: ['verified', 'reopened'],
    by: ['portal'],
    from: {
      CORRECTED: ['CORRECTED', 'REOPENED'],
      PROPAGATING: ['PROPAGATING', 'REOPENED'],
      CLOSED: ['CLOSED', 'REOPENED'],
    },
    guard: 'something was corrected; no match reopens',
  },
  close: {
    states: ['closed'],
    by: ['feedback'],
    from: all(['CLOSED'], 'ROUTED', 'REOPENED', 'REJECTED', 'PROPAGATING'),
    guard:
      'all recipients have acknowledged or their term has passed; or the window to appeal is over; or, of a split case, all parts have ended',
  },
  withdraw: {
    states: ['withdrawn'],
    by: ['portal'],
    from: all(['WITHDRAWN'], ...open),
    guard: 'who acts may',
  },
  reopen: {
    states: ['reopened'],
    by: ['portal', 'supervisor', 'feedback'],
    from: all(['REOPENED'], 'REJECTED', 'CLOSED'),
    guard:
      'appeal and order: within the window; `old-value-seen` by feedback: something was corrected; `part-reopened` by feedback: the case was split',
  },
  tick: {
    states: ['deadline-near', 'deadline-missed', 'escalated'],
    by: ['feedback'],
    // After the end of a case one clock may run, and only remind: the window to appeal.
    from: kept(...open, ...decided, 'CLOSED'),
    guard: 'the clock runs, has that step and has reached it; each step once',
  },
  succeed: {
    states: ['succeeded'],
    by: ['feedback'],
    from: kept(...open, ...decided, 'CLOSED'),
    guard:
      'the former is its portal or owner, or on the way to be; who follows a recipient is not stated, since the log does not tell who they are',
  },
  link: {
    states: ['linked'],
    by: ['feedback'],
    from: kept(...open),
    guard: 'no duplicate of itself, and not linked yet',
  },
};

/** How far along a case is, to say whether an event came too early or too late. */
const STAGE: Readonly<Record<CaseState, number>> = {
  DRAFT: 0,
  SUBMITTED: 1,
  TRANSFERRED: 1,
  ROUTED: 2,
  RECEIVED: 3,
  REOPENED: 3,
  IN_REVIEW: 4,
  NEEDS_INFO: 4,
  ACCEPTED: 5,
  PARTIALLY_ACCEPTED: 5,
  REJECTED: 5,
  CORRECTED: 6,
  PROPAGATING: 7,
  CLOSED: 8,
  WITHDRAWN: 8,
};

export type TransitionCell = { readonly to: readonly CaseState[] } | { readonly refused: CaseRefusalCode };

/** What becomes of this event in this state, its guard aside. Total: each pair is decided. */
export function cellOf(state: CaseState, event: CaseEventType): TransitionCell {
  const { from } = TRANSITIONS[event];
  const to = from[state];
  if (to !== undefined) return { to };
  if (state === 'DRAFT') return { refused: 'not-submitted' };
  if (state === 'WITHDRAWN') return { refused: 'case-withdrawn' };
  if (state === 'CLOSED') return { refused: 'case-closed' };
  if (event === 'withdraw') return { refused: 'decided-already' };
  const stages = (Object.keys(from) as CaseState[]).map((allowed) => STAGE[allowed]);
  if (STAGE[state] < Math.min(...stages)) return { refused: 'too-early' };
  return { refused: STAGE[state] > Math.max(...stages) ? 'too-late' : 'not-now' };
}
