import { advance, standing } from './advance.js';
import type { CaseActor, CaseEventType } from './event.js';
import { CASE_REFUSALS } from './refusal.js';
import {
  EVENT_TYPES,
  feedback,
  operator,
  OTHER,
  owner,
  portal,
  recipient,
  FIRST_TOLD,
  sample,
  supervisor,
  walkTo,
} from './spec-support/walk.js';
import type { CaseRole, CaseState } from './state.js';

const ACTORS: Readonly<Record<CaseRole, CaseActor>> = {
  portal,
  owner,
  feedback,
  operator,
  supervisor,
  recipient: recipient(FIRST_TOLD),
};

/** `corrections.md` §6, column Who, and the state in which it is asked. */
const WHO: Readonly<Record<CaseEventType, readonly [CaseState, ...CaseRole[]]>> = {
  submit: ['DRAFT', 'portal', 'owner'],
  route: ['SUBMITTED', 'feedback'],
  split: ['SUBMITTED', 'feedback'],
  receive: ['ROUTED', 'owner'],
  start: ['RECEIVED', 'owner'],
  transfer: ['IN_REVIEW', 'owner', 'operator'],
  'request-info': ['IN_REVIEW', 'owner'],
  'provide-info': ['NEEDS_INFO', 'portal'],
  'lapse-info': ['NEEDS_INFO', 'feedback'],
  extend: ['IN_REVIEW', 'owner'],
  decide: ['IN_REVIEW', 'owner'],
  join: ['IN_REVIEW', 'owner'],
  correct: ['ACCEPTED', 'owner'],
  propagate: ['CORRECTED', 'feedback'],
  acknowledge: ['PROPAGATING', 'recipient'],
  verify: ['CORRECTED', 'portal'],
  close: ['PROPAGATING', 'feedback'],
  withdraw: ['IN_REVIEW', 'portal'],
  reopen: ['CLOSED', 'portal', 'supervisor', 'feedback'],
  tick: ['IN_REVIEW', 'feedback'],
  succeed: ['IN_REVIEW', 'feedback'],
  link: ['IN_REVIEW', 'feedback'],
};
const ROLES = Object.keys(ACTORS) as CaseRole[];

describe('who acts', () => {
  it.each(EVENT_TYPES.flatMap((event) => ROLES.map((role) => ({ event, role }))))(
    '$role, of $event',
    ({ event, role }) => {
      const [state, ...entitled] = WHO[event];
      const { record, atMs } = walkTo(state);
      const result = advance(record, { ...sample(event, record), by: ACTORS[role] }, atMs);
      const isRefused = !result.ok && result.reason.code === 'not-entitled';
      // A reason to reopen belongs to one role each: `ending.spec.ts`.
      if (event !== 'reopen' || !entitled.includes(role)) expect(isRefused).toBe(!entitled.includes(role));
    },
  );

  it('must be the one of this case', () => {
    expect(walkTo('IN_REVIEW').ask('decide', { by: { role: 'owner', subsystem: OTHER } })).toBe('not-a-party');
    expect(walkTo('IN_REVIEW').ask('withdraw', { by: { ...portal, subsystem: OTHER } as CaseActor })).toBe(
      'not-a-party',
    );
    expect(walkTo('PROPAGATING').ask('acknowledge', { by: recipient(OTHER) })).toBe('recipient-unknown');
  });

  it.each([
    ['DRAFT', 'submit'],
    ['NEEDS_INFO', 'provide-info'],
    ['IN_REVIEW', 'withdraw'],
    ['CLOSED', 'reopen'],
  ] as const)('for the citizen in %s, by %s, must have the right now', (state, event) => {
    const by = { ...portal, mayAct: false } as CaseActor;
    expect(walkTo(state).ask(event, { by })).toBe('right-unproved');
  });

  it('signs with its own key; feedback signs for operator and supervisor', () => {
    const signers = (['withdraw', 'extend', 'tick'] as const).map(
      (event) => walkTo('IN_REVIEW').go(event).last.statement.signer,
    );
    expect(signers).toEqual(['from', 'to', 'feedback']);
    const ordered = walkTo('CLOSED').go('reopen', { by: supervisor, reason: 'supervisor-order' });
    expect(ordered.last.statement.signer).toBe('feedback');
  });
});

describe('the chain', () => {
  it('waits for the leaf of the transition before', () => {
    const { record, atMs } = walkTo('SUBMITTED');
    const routed = advance(record, sample('route', record), atMs);
    expect(routed.ok).toBe(true);
    if (!routed.ok) return;
    expect(routed.value.statement).toMatchObject({ seq: 2, prev: record.leaf, was: 'SUBMITTED', now: 'ROUTED' });
    const unstamped = routed.value.record;
    const received = sample('receive', unstamped);
    expect(advance(unstamped, received, atMs)).toMatchObject({ ok: false, reason: { code: 'unstamped' } });
    expect(advance(standing(unstamped, 'leaf'), received, atMs)).toMatchObject({
      value: { statement: { seq: 3, prev: 'leaf' } },
    });
  });

  it('decides the same for two who act at once: the log takes the first', () => {
    const { record, atMs } = walkTo('IN_REVIEW');
    const seqs = (['decide', 'withdraw'] as const).map((event) => {
      const result = advance(record, sample(event, record), atMs);
      return result.ok ? result.value.statement.seq : undefined;
    });
    expect(seqs).toEqual([record.seq + 1, record.seq + 1]);
  });

  it('changes nothing of the record that it was given', () => {
    const { record, atMs } = walkTo('IN_REVIEW');
    const before = JSON.stringify(record);
    advance(record, sample('decide', record), atMs);
    advance(record, sample('tick', record), atMs);
    expect(JSON.stringify(record)).toBe(before);
  });
});

describe('a refusal', () => {
  it('says what it is and what to do next', () => {
    const { record, atMs } = walkTo('WITHDRAWN');
    const result = advance(record, sample('start', record), atMs);
    expect(result).toEqual({
      ok: false,
      reason: { code: 'case-withdrawn', sentence: 'The request was withdrawn.', next: 'File anew.' },
    });
    for (const [sentence, next] of Object.values(CASE_REFUSALS)) {
      expect(sentence).toMatch(/[.]$/);
      expect(next).toMatch(/[.]$/);
    }
  });
});
