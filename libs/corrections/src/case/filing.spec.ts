import type { ExchangeId, SubsystemId } from '#kernel';
import type { RecipientAction } from '#signing';
import {
  DOC,
  feedback,
  FIRST_TOLD,
  OTHER,
  OWNER,
  portal,
  PROVIDER,
  recipient,
  sampleDraft,
  SECOND_TOLD,
  TERM_MS,
  Walk,
  walkTo,
} from './spec-support/walk.js';
import { withSuccessor } from './successor.js';

const FACTS = { isExchangeOfSubject: true, unknownElements: [], isSignatureValid: true, isAtDisputeLimit: false };

describe('filing', () => {
  it.each([
    [{ ...FACTS, isSignatureValid: false }, 'signature-invalid'],
    [{ ...FACTS, isExchangeOfSubject: false }, 'exchange-foreign'],
    [{ ...FACTS, unknownElements: ['person.shoe'] }, 'element-unknown'],
    [{ ...FACTS, isAtDisputeLimit: true }, 'disputes-too-many'],
    [FACTS, 'SUBMITTED'],
  ] as const)('finds of %j: %s', (facts, becomes) => {
    expect(new Walk().ask('submit', { facts })).toBe(becomes);
  });

  it('needs an item', () => {
    expect(new Walk(sampleDraft({ items: [] })).ask('submit')).toBe('items-missing');
  });

  it('names the open case of a duplicate, and links the request to it', () => {
    const walk = new Walk();
    const result = walk.offer({ type: 'submit', by: portal, doc: DOC, facts: { ...FACTS, duplicateOf: 'open-case' } });
    expect(result).toMatchObject({ ok: false, reason: { code: 'duplicate', caseId: 'open-case' } });
    const open = walkTo('IN_REVIEW').go('link');
    expect(open.record).toMatchObject({ state: 'IN_REVIEW', duplicates: ['later'] });
    expect(open.last.statement).toMatchObject({ t: 'correction.linked', signer: 'feedback', doc: DOC });
    expect(open.ask('link')).toBe('linked-already');
    expect(open.ask('link', { duplicateId: open.record.correctionId })).toBe('linked-already');
  });

  it('lets an owner file about its own data only', () => {
    const byOwner = { by: { role: 'owner', subsystem: OWNER } } as const;
    expect(new Walk().ask('submit', byOwner)).toBe('not-a-party');
    const mass = new Walk(sampleDraft({ portal: OWNER })).go('submit', byOwner);
    expect(mass.last.statement).toMatchObject({ signer: 'to', from: OWNER, to: OWNER });
  });

  it('states the first transition without a predecessor, and starts the terms to acknowledge and to forward', () => {
    const { last } = walkTo('SUBMITTED');
    expect(last.statement).toEqual({
      t: 'correction.submitted',
      signer: 'from',
      from: sampleDraft().portal,
      to: OWNER,
      seq: 1,
      was: 'DRAFT',
      now: 'SUBMITTED',
      dueOf: 'acknowledge',
      doc: DOC,
    });
    expect(last.clocks).toEqual([
      { act: 'start', clock: 'acknowledge' },
      { act: 'start', clock: 'forward' },
    ]);
    expect(last.told).toEqual([{ to: 'citizen', code: 'submitted' }]);
  });
});

describe('routing', () => {
  it('waits for an owner that is active', () => {
    expect(walkTo('SUBMITTED').ask('route', { isOwnerActive: false })).toBe('owner-inactive');
  });

  it('makes the target of a transfer the owner, with a term to acknowledge of its own', () => {
    const walk = walkTo('TRANSFERRED');
    expect(walk.record).toMatchObject({ owner: OWNER, nextOwner: OTHER });
    walk.go('route');
    expect(walk.record).toMatchObject({ owner: OTHER, nextOwner: undefined, hops: [OWNER] });
    expect(walk.last.statement).toMatchObject({ signer: 'feedback', to: OTHER, was: 'TRANSFERRED', now: 'ROUTED' });
    expect(walk.last.clocks).toEqual([{ act: 'start', clock: 'acknowledge' }]);
    expect(walk.last.told).toEqual([{ to: 'owner', code: 'routed' }]);
  });
});

describe('a case of several owners', () => {
  const part = (correctionId: string, ...items: number[]) => ({ correctionId, owner: OWNER, items });
  const split = () => walkTo('SUBMITTED').go('split');

  it.each([
    [[part('a', 0, 1)]],
    [[part('a', 0), part('b', 0)]],
    [[part('a', 0), part('a', 1)]],
    [[part('a', 0), part('b', 1, 2)]],
    [[part('a', 0, 1), part('b')]],
  ])('is not split into %j', (parts) => {
    expect(walkTo('SUBMITTED').ask('split', { parts })).toBe('parts-wrong');
  });

  it('states how many parts, and runs no clock of its own', () => {
    const walk = split();
    expect(walk.last.statement).toMatchObject({ t: 'correction.split', n: 2, now: 'ROUTED' });
    expect(walk.record.clocks).toEqual({});
  });

  it.each(['receive', 'withdraw'] as const)('takes no %s: its parts do', (event) => {
    expect(split().ask(event)).toBe('act-on-the-parts');
  });

  it('closes last', () => {
    const walk = split();
    expect(walk.ask('close')).toBe('parts-open');
    expect(walk.ask('close', { partStates: { 'part-1': 'CLOSED' } })).toBe('parts-open');
    expect(walk.ask('close', { partStates: { 'part-1': 'CLOSED', 'part-2': 'REJECTED' } })).toBe('parts-open');
    walk.go('close', { partStates: { 'part-1': 'CLOSED', 'part-2': 'WITHDRAWN' } });
    expect(walk.record.state).toBe('CLOSED');
    expect(walk.ask('reopen')).toBe('act-on-the-parts');
  });

  it('is reopened with a part, and closes with it again', () => {
    const ended = { 'part-1': 'CLOSED', 'part-2': 'CLOSED' } as const;
    const walk = split().go('close', { partStates: ended });
    walk.go('reopen', { by: feedback, reason: 'part-reopened' });
    expect(walk.last.clocks).toEqual([]);
    expect(walk.ask('start')).toBe('act-on-the-parts');
    expect(walk.ask('close', { partStates: { ...ended, 'part-2': 'REOPENED' } })).toBe('parts-open');
    expect(walk.ask('close', { partStates: ended })).toBe('CLOSED');
    expect(walkTo('CLOSED').ask('reopen', { by: feedback, reason: 'part-reopened' })).toBe('not-split');
  });
});

describe('succession', () => {
  const SUCCESSOR = 'DEMO/GOV/3001/one-register' as SubsystemId;

  it('hands an open case over where it stands', () => {
    const walk = walkTo('IN_REVIEW');
    const { clocks } = walk.record;
    walk.go('succeed', { former: OWNER, successor: SUCCESSOR });
    expect(walk.record).toMatchObject({ owner: SUCCESSOR, hops: [], clocks, state: 'IN_REVIEW' });
    expect(walk.last.statement).toMatchObject({ signer: 'feedback', to: SUCCESSOR, ref: OWNER });
    expect(walk.ask('decide', { by: { role: 'owner', subsystem: OWNER } })).toBe('not-a-party');
    expect(walk.ask('decide')).toBe('ACCEPTED');
  });

  it('follows a holder on its way, one before, and a portal', () => {
    const walk = walkTo('TRANSFERRED').go('succeed', { former: OTHER, successor: SUCCESSOR });
    expect(walk.record.nextOwner).toBe(SUCCESSOR);
    walk.go('succeed', { former: OWNER, successor: PROVIDER });
    expect(walk.record).toMatchObject({ owner: PROVIDER, hops: [PROVIDER] });
    const filed = walkTo('SUBMITTED').go('succeed', { former: sampleDraft().portal, successor: SUCCESSOR });
    expect(filed.ask('withdraw')).toBe('not-a-party');
  });

  it('of a recipient is stated and told to nobody: the log does not say who they are', () => {
    const walk = walkTo('PROPAGATING');
    expect(walk.ask('succeed', { former: FIRST_TOLD, successor: SUCCESSOR })).toBe('party-unknown');
    walk.record = withSuccessor(walk.record, FIRST_TOLD, SUCCESSOR);
    expect(walk.record).toMatchObject({ seq: walk.last.record.seq, owner: OWNER, portal: sampleDraft().portal });
    expect(walk.ask('acknowledge', { by: recipient(FIRST_TOLD) })).toBe('recipient-unknown');
    expect(walk.ask('acknowledge', { by: recipient(SUCCESSOR) })).toBe('PROPAGATING');
  });

  it('of an owner that is a recipient too moves both', () => {
    const lastExchangeId = 'x' as ExchangeId;
    const walk = walkTo('CORRECTED').go('propagate', { recipients: [{ subsystem: OWNER, lastExchangeId }] });
    walk.go('succeed', { former: OWNER, successor: SUCCESSOR });
    expect(walk.record).toMatchObject({ owner: SUCCESSOR, recipients: [{ subsystem: SUCCESSOR, lastExchangeId }] });
  });

  it.each([
    ['neither', undefined, undefined, undefined],
    ['the former alone', 'APPLIED', undefined, undefined],
    ['the successor alone', undefined, 'NOT_HELD', undefined],
    ['both', 'APPLIED', 'NOT_HELD', 'NOT_HELD'],
  ] as const)('makes one recipient of two, that has spoken if both have: %s', (_, former, successor, said) => {
    const told = (subsystem: SubsystemId, exchange: string, action?: RecipientAction) => ({
      subsystem,
      lastExchangeId: exchange as ExchangeId,
      ...(action === undefined ? {} : { action, ackAtMs: 1 }),
    });
    const recipients = [told(OTHER, '2'), told(FIRST_TOLD, '3', former), told(SECOND_TOLD, '1', successor)];
    const after = withSuccessor(sampleDraft({ recipients }), FIRST_TOLD, SECOND_TOLD);
    expect(after.recipients).toEqual([told(OTHER, '2'), told(SECOND_TOLD, '3', said)]);
  });

  it('moves the owners of the parts of a whole, which state it themselves', () => {
    const walk = walkTo('SUBMITTED').go('split');
    expect(walk.ask('succeed', { former: OTHER, successor: SUCCESSOR })).toBe('party-unknown');
    expect(withSuccessor(walk.record, OTHER, SUCCESSOR).parts.map(({ owner }) => owner)).toEqual([OWNER, SUCCESSOR]);
    walk.go('succeed', { former: OWNER, successor: SUCCESSOR });
    expect(walk.record.parts.map(({ owner }) => owner)).toEqual([SUCCESSOR, OTHER]);
  });

  it('is none of a stranger', () => {
    expect(walkTo('IN_REVIEW').ask('succeed', { former: SUCCESSOR })).toBe('party-unknown');
  });

  it('lets what ended be reopened by who followed', () => {
    const walk = walkTo('PROPAGATING')
      .later(TERM_MS)
      .go('close')
      .go('succeed', { former: OWNER, successor: SUCCESSOR });
    walk.go('reopen').go('start');
    expect(walk.last.statement).toMatchObject({ signer: 'to', to: SUCCESSOR });
  });
});
