import {
  DAY_MS,
  FOURTH,
  operator,
  OTHER,
  OWNER,
  PROVIDER,
  TERM_MS,
  THIRD,
  type Walk,
  walkTo,
} from './spec-support/walk.js';

describe('receiving and starting', () => {
  it('takes a receipt over the request only', () => {
    expect(walkTo('ROUTED').ask('receive', { receiptOver: 'h1:other' })).toBe('receipt-mismatch');
  });

  it('starts the terms to take up and to decide', () => {
    const { last } = walkTo('RECEIVED');
    expect(last.clocks).toEqual([
      { act: 'stop', clock: 'acknowledge' },
      { act: 'stop', clock: 'forward' },
      { act: 'start', clock: 'take-up' },
      { act: 'start', clock: 'decide' },
    ]);
  });

  it('flags the datum when a case worker takes the case, and once', () => {
    const walk = walkTo('IN_REVIEW');
    expect(walk.record.isDisputed).toBe(true);
    expect(walk.last.signals).toEqual(['data.disputed']);
    walk.go('transfer').go('route').go('receive').go('start');
    expect(walk.last.signals).toEqual([]);
  });

  it.each(['ACCEPTED', 'NEEDS_INFO', 'TRANSFERRED'] as const)('keeps the flag in %s after a review began', (state) => {
    const walk = state === 'TRANSFERRED' ? walkTo('IN_REVIEW').go('transfer') : walkTo(state);
    expect(walk.record).toMatchObject({ state, isDisputed: true });
  });

  it('takes the flag off when the request is withdrawn, and stops every clock', () => {
    const walk = walkTo('NEEDS_INFO').go('withdraw');
    expect(walk.record).toMatchObject({ isDisputed: false, clocks: {}, due: {} });
    expect(walk.last.signals).toEqual(['data.undisputed']);
    expect(walk.last.told).toEqual([{ to: 'owner', code: 'withdrawn' }]);
  });
});

describe('transfer', () => {
  const onwards = (walk: Walk) => walk.go('transfer').go('route').go('receive');

  it.each([
    [{ target: OWNER }, 'same-owner'],
    [{ isAcceptedByTarget: false }, 'target-refuses'],
    [{ by: operator }, 'hops-left'],
    [{ reason: 'copy-stale' as const, target: OTHER }, 'not-the-copy-holder'],
  ])('with %j is refused: %s', (change, code) => {
    expect(walkTo('RECEIVED').ask('transfer', change)).toBe(code);
  });

  it('goes in no ring', () => {
    expect(onwards(walkTo('RECEIVED')).ask('transfer', { target: OWNER })).toBe('transfer-ring');
  });

  it('goes twice, then the operator assigns the case, to an earlier holder too', () => {
    const walk = onwards(onwards(walkTo('RECEIVED')));
    expect(walk.record).toMatchObject({ owner: THIRD, hops: [OWNER, OTHER] });
    expect(walk.ask('transfer', { target: FOURTH })).toBe('hop-limit');
    expect(walk.ask('transfer', { by: operator, target: FOURTH, isAcceptedByTarget: false })).toBe('target-refuses');
    walk.go('transfer', { by: operator, target: OWNER, reason: 'operator-assigned' }).go('route');
    expect(walk.record).toMatchObject({ owner: OWNER, state: 'ROUTED' });
  });

  it('restarts the term to decide once', () => {
    const walk = walkTo('RECEIVED').go('transfer');
    expect(walk.last.clocks).toEqual([
      { act: 'stop', clock: 'take-up' },
      { act: 'stop', clock: 'decide' },
      { act: 'start', clock: 'forward' },
    ]);
    walk.go('route').go('receive');
    expect(walk.last.clocks).toContainEqual({ act: 'start', clock: 'decide' });
    const due = walk.record.due.decide;
    onwards(walk.later(DAY_MS));
    expect(walk.record.due.decide).toBe(due);
  });

  it('of a stale copy goes to who answered with it, and changes the kind', () => {
    const walk = walkTo('IN_REVIEW').go('transfer', { reason: 'copy-stale', target: PROVIDER }).go('route');
    expect(walk.record).toMatchObject({ kind: 'COPY_STALE', owner: PROVIDER });
    expect(walk.taken.at(-2)?.did.statement).toMatchObject({ why: 'copy-stale', signer: 'to', to: OWNER });
  });
});

describe('questions', () => {
  it('pause the term to decide and resume it', () => {
    const walk = walkTo('NEEDS_INFO');
    expect(walk.last.clocks).toEqual([
      { act: 'pause', clock: 'decide' },
      { act: 'start', clock: 'reply' },
    ]);
    expect(walk.last.statement).toMatchObject({ why: 'value-unclear', dueOf: 'reply' });
    walk.go('provide-info');
    expect(walk.last.clocks).toEqual([
      { act: 'stop', clock: 'reply' },
      { act: 'resume', clock: 'decide' },
    ]);
  });

  it('are two at most', () => {
    const walk = walkTo('NEEDS_INFO').go('provide-info').go('request-info').go('provide-info');
    expect(walk.ask('request-info')).toBe('questions-used-up');
  });

  it('are not put in a mass correction, in which nobody can answer', () => {
    expect(walkTo('IN_REVIEW').ask('request-info', { isMass: true })).toBe('mass-itself');
  });

  it('are answered with a signature', () => {
    expect(walkTo('NEEDS_INFO').ask('provide-info', { isSignatureValid: false })).toBe('signature-invalid');
  });

  it('that stay without answer bring the case back to review, when the term has passed and not before', () => {
    const walk = walkTo('NEEDS_INFO');
    expect(walk.later(TERM_MS - 1).ask('lapse-info')).toBe('term-running');
    expect(walk.ask('provide-info')).toBe('IN_REVIEW');
    walk.later(1);
    expect(walk.ask('provide-info')).toBe('IN_REVIEW');
    walk.go('lapse-info');
    expect(walk.record.state).toBe('IN_REVIEW');
    expect(walk.last.clocks).toContainEqual({ act: 'resume', clock: 'decide' });
  });

  it('do not lapse while nobody has said when their term ends', () => {
    const walk = walkTo('NEEDS_INFO').later(TERM_MS).go('lapse-info').go('request-info');
    walk.record = { ...walk.record, due: {} };
    expect(walk.later(TERM_MS).ask('lapse-info')).toBe('term-running');
  });
});

describe('extension', () => {
  it('is one, with a reason, before the term ends', () => {
    const walk = walkTo('IN_REVIEW');
    expect(walk.ask('extend', { reason: undefined })).toBe('reason-missing');
    expect(walk.later(TERM_MS - 1).ask('extend')).toBe('IN_REVIEW');
    expect(walk.later(1).ask('extend')).toBe('term-passed');
    const extended = walkTo('IN_REVIEW').go('extend');
    expect(extended.record.isExtended).toBe(true);
    expect(extended.last.statement).toMatchObject({ why: 'study-needed', dueOf: 'decide' });
    expect(extended.last.clocks).toEqual([{ act: 'extend', clock: 'decide' }]);
    expect(extended.ask('extend')).toBe('extended-already');
  });

  it('is refused where the law of the case has none', () => {
    expect(walkTo('IN_REVIEW').ask('extend', { isAllowed: false })).toBe('no-extension');
  });

  it('is not given again by a transfer that restarts the term, but by a new round', () => {
    const walk = walkTo('IN_REVIEW').go('extend').go('transfer').go('route').go('receive').go('start');
    expect(walk.ask('extend')).toBe('extended-already');
    walk.go('decide', { outcome: 'REJECTED', accepted: [], remedies: ['court'] });
    expect(walk.go('reopen').go('start').ask('extend')).toBe('IN_REVIEW');
  });

  it('is refused while nobody has said when the term ends', () => {
    const walk = walkTo('IN_REVIEW');
    walk.record = { ...walk.record, due: {} };
    expect(walk.ask('extend')).toBe('term-passed');
  });
});
