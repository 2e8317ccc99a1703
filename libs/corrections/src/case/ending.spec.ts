import type { ExchangeId } from '#kernel';
import {
  DOC,
  feedback,
  FIRST_TOLD,
  OTHER,
  OWNER,
  recipient,
  SECOND_TOLD,
  supervisor,
  TERM_MS,
  walkTo,
} from './spec-support/walk.js';

describe('telling the recipients', () => {
  it('commits to them by a root, and tells each', () => {
    const { last, record } = walkTo('PROPAGATING');
    expect(record.recipients.map(({ subsystem }) => subsystem)).toEqual([FIRST_TOLD, SECOND_TOLD]);
    expect(last.statement).toMatchObject({ t: 'correction.propagating', signer: 'feedback', doc: DOC });
    expect(last.statement).not.toHaveProperty('n');
    expect(last.signals).toEqual(['data.corrected']);
    expect(last.told).toEqual([{ to: 'recipients', code: 'propagating' }]);
  });

  it('names each once', () => {
    const one = { subsystem: FIRST_TOLD, lastExchangeId: 'x' as ExchangeId };
    expect(walkTo('CORRECTED').ask('propagate', { recipients: [one, one] })).toBe('recipient-doubled');
  });

  it('is over at once if there are none', () => {
    const walk = walkTo('CORRECTED').go('propagate', { recipients: [] });
    expect(walk.last.told).toEqual([]);
    expect(walk.ask('close')).toBe('CLOSED');
  });
});

describe('a recipient', () => {
  it.each([
    ['APPLIED', undefined, 'PROPAGATING'],
    ['NOT_HELD', undefined, 'PROPAGATING'],
    ['REFUSED', undefined, 'reason-missing'],
    ['REFUSED', 'record-frozen', 'PROPAGATING'],
  ] as const)('says %s for %s: %s', (action, reason, becomes) => {
    const said = { action, ...(reason === undefined ? {} : { reason }) };
    expect(walkTo('PROPAGATING').ask('acknowledge', said)).toBe(becomes);
  });

  it('speaks for itself, once, and is none that was not told', () => {
    const walk = walkTo('PROPAGATING').go('acknowledge', { by: recipient(SECOND_TOLD), action: 'NOT_HELD' });
    expect(walk.record.recipients).toMatchObject([{ subsystem: FIRST_TOLD }, { action: 'NOT_HELD' }]);
    expect(walk.ask('acknowledge', { by: recipient(SECOND_TOLD) })).toBe('acknowledged-already');
    expect(walk.ask('acknowledge', { by: recipient(OTHER) })).toBe('recipient-unknown');
  });

  it('leaves a statement apart from the case, so that the log does not tell who its recipients are', () => {
    const walk = walkTo('PROPAGATING');
    const { seq, leaf } = walk.record;
    walk.go('acknowledge', { action: 'REFUSED', reason: 'record-frozen' });
    expect(walk.last.statement).toEqual({
      t: 'correction.recipient-acked',
      signer: 'from',
      from: FIRST_TOLD,
      to: OWNER,
      now: 'REFUSED',
      why: 'record-frozen',
      doc: DOC,
    });
    expect(walk.record).toMatchObject({ seq, leaf });
  });

  it('is heard after the case has closed', () => {
    const walk = walkTo('CLOSED');
    expect(walk.record.recipients[1]).not.toHaveProperty('action');
    walk.go('acknowledge', { by: recipient(SECOND_TOLD) });
    expect(walk.record).toMatchObject({ state: 'CLOSED', recipients: [{}, { action: 'APPLIED', ackAtMs: walk.atMs }] });
  });
});

describe('closing', () => {
  it('waits for every recipient or the end of their term', () => {
    const walk = walkTo('PROPAGATING').go('acknowledge');
    expect(walk.ask('close')).toBe('recipients-outstanding');
    walk.later(TERM_MS - 1);
    expect(walk.ask('close')).toBe('recipients-outstanding');
    expect(walk.later(1).ask('close')).toBe('CLOSED');
  });

  it('comes when all have spoken, even those who refuse, with a root over what they said', () => {
    const walk = walkTo('PROPAGATING').go('acknowledge');
    walk.go('acknowledge', { action: 'REFUSED', reason: 'law-forbids' });
    expect(walk.offer({ type: 'close', by: feedback })).toMatchObject({ ok: false, reason: { code: 'root-missing' } });
    walk.go('close');
    expect(walk.last.statement).toMatchObject({ t: 'correction.closed', doc: DOC, dueOf: 'appeal' });
    expect(walk.last.clocks).toEqual([
      { act: 'stop', clock: 'recipient' },
      { act: 'start', clock: 'appeal' },
    ]);
  });

  it('of a refusal waits for the window to appeal', () => {
    const walk = walkTo('REJECTED');
    expect(walk.later(TERM_MS - 1).ask('close')).toBe('term-running');
    walk.later(1).go('close');
    expect(walk.record).toMatchObject({ state: 'CLOSED', clocks: {} });
    expect(walk.ask('reopen')).toBe('window-passed');
  });
});

describe('the verification read', () => {
  it.each(['CORRECTED', 'PROPAGATING', 'CLOSED'] as const)('in %s states a match, and reopens without one', (state) => {
    expect(walkTo(state).ask('verify')).toBe(state);
    const walk = walkTo(state).go('verify', { isMatch: false });
    expect(walk.record.state).toBe('REOPENED');
    expect(walk.last.statement).toMatchObject({ t: 'correction.reopened', signer: 'from', why: 'old-value-seen' });
    expect(walk.record.clocks).toEqual({ decide: 'running' });
  });

  it('is the gateway’s own: no citizen need be there', () => {
    const by = { role: 'portal', subsystem: walkTo('CORRECTED').record.portal, mayAct: false } as const;
    expect(walkTo('CORRECTED').ask('verify', { by })).toBe('CORRECTED');
  });

  it('has nothing to compare after a refusal', () => {
    const walk = walkTo('REJECTED').later(TERM_MS).go('close');
    expect(walk.ask('verify', { isMatch: false })).toBe('nothing-corrected');
  });
});

describe('reopening', () => {
  it.each(['REJECTED', 'CLOSED'] as const)('of %s by appeal ends with the window', (state) => {
    const walk = walkTo(state).later(TERM_MS - 1);
    expect(walk.ask('reopen')).toBe('REOPENED');
    expect(walk.ask('reopen', { by: supervisor, reason: 'supervisor-order' })).toBe('REOPENED');
    walk.later(1);
    expect(walk.ask('reopen')).toBe('window-passed');
    expect(walk.ask('reopen', { by: supervisor, reason: 'supervisor-order' })).toBe('window-passed');
  });

  it('by who saw the old value has no window, but something must have been corrected', () => {
    const seen = { by: feedback, reason: 'old-value-seen' } as const;
    expect(
      walkTo('CLOSED')
        .later(9 * TERM_MS)
        .ask('reopen', seen),
    ).toBe('REOPENED');
    expect(walkTo('REJECTED').ask('reopen', seen)).toBe('nothing-corrected');
  });

  it.each([
    [{ reason: 'supervisor-order' }],
    [{ by: feedback, reason: 'appeal' }],
    [{ by: supervisor, reason: 'appeal' }],
    [{ by: supervisor, reason: 'old-value-seen' }],
  ] as const)('with %j is by the wrong one', (change) => {
    expect(walkTo('CLOSED').ask('reopen', change)).toBe('not-entitled');
  });

  it('begins a new round: decision, extension, questions and the term to decide', () => {
    const walk = walkTo('NEEDS_INFO').go('provide-info').go('request-info').go('provide-info').go('extend');
    walk.go('decide', { outcome: 'REJECTED', accepted: [], remedies: ['court'] }).go('reopen');
    expect(walk.record).toMatchObject({
      decision: undefined,
      isExtended: false,
      questions: 0,
      isEscalated: true,
      isDisputed: false,
      clocks: { decide: 'running' },
    });
    expect(walk.last.told.map(({ to }) => to)).toEqual(['citizen', 'owner', 'supervisor']);
    walk.go('start');
    expect(walk.record.isDisputed).toBe(true);
    expect(walk.ask('request-info')).toBe('NEEDS_INFO');
    expect(walk.ask('extend')).toBe('IN_REVIEW');
  });

  it('tells the recipients too where some were told before', () => {
    expect(
      walkTo('CLOSED')
        .go('reopen')
        .last.told.map(({ to }) => to),
    ).toContain('recipients');
  });
});
