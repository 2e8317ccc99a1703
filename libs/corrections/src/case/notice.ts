import type { ClockKind, ReminderClock } from '../clock-command.js';
import type { CaseTransition } from './transition.js';

/** Who may be told; in what words and on which way is said by code (`corrections.md` §8). */
export type Audience = 'citizen' | 'owner' | 'owner-head' | 'recipients' | 'operator' | 'supervisor';

export interface CaseNotice {
  readonly to: Audience;
  readonly code: CaseTransition;
}

/** Events for systems that subscribed, beside the notices: never a value (`corrections.md` §6). */
export type CaseSignal = 'data.disputed' | 'data.undisputed' | 'data.corrected';

/** Who is told of what. Counters of supervisors are counted from the leaves, so they are not told. */
export const TOLD: Readonly<Record<CaseTransition, readonly Audience[]>> = {
  submitted: ['citizen'],
  routed: ['owner'],
  split: ['citizen'],
  received: ['citizen'],
  'review-started': ['citizen'],
  transferred: ['citizen'],
  'info-requested': ['citizen'],
  'info-provided': ['owner'],
  'info-lapsed': ['citizen', 'owner'],
  extended: ['citizen'],
  decided: ['citizen'],
  joined: ['citizen'],
  corrected: ['citizen', 'owner'],
  propagating: ['recipients'],
  'recipient-acked': [],
  verified: [],
  closed: ['citizen', 'owner'],
  withdrawn: ['owner'],
  reopened: ['citizen', 'owner', 'recipients', 'supervisor'],
  'deadline-near': ['citizen', 'owner'],
  'deadline-missed': ['citizen', 'owner-head'],
  escalated: ['citizen', 'supervisor'],
  succeeded: ['citizen', 'owner'],
  linked: ['citizen'],
};

/** Who is reminded of the terms of somebody else than the owner. */
export const REMINDED: Readonly<Partial<Record<ClockKind, Audience>> & Record<ReminderClock, Audience>> = {
  reply: 'citizen',
  appeal: 'citizen',
  recipient: 'recipients',
};
