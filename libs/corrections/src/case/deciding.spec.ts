import type { ServiceId } from '#kernel';
import type { CaseItem } from './record.js';
import { OTHER, OWNER, sampleDraft, START_MS, DOC, Walk, walkTo } from './spec-support/walk.js';

const rejection = { outcome: 'REJECTED', accepted: [], remedies: ['court'], reasonCode: 'data-correct' } as const;

describe('deciding', () => {
  it.each([
    [{ isSignatureValid: false }, 'signature-invalid'],
    [{ reasonCode: undefined }, 'reason-missing'],
    [{ legalRef: undefined }, 'legal-reference-missing'],
    [{ legalRef: '' }, 'legal-reference-missing'],
    [{ ...rejection, remedies: [] }, 'remedies-missing'],
    [{ ...rejection, legalRef: '' }, 'legal-reference-missing'],
    [{ ...rejection, accepted: [0] }, 'items-undecided'],
    [{ accepted: [0] }, 'items-undecided'],
    [{ accepted: [0, 0] }, 'items-undecided'],
    [{ accepted: [0, 2] }, 'items-undecided'],
    [{ outcome: 'PARTIALLY_ACCEPTED', accepted: [0], remedies: [] }, 'remedies-missing'],
    [{ outcome: 'PARTIALLY_ACCEPTED', accepted: [], remedies: ['court'] }, 'items-undecided'],
    [{ outcome: 'PARTIALLY_ACCEPTED', accepted: [0, 1], remedies: ['court'] }, 'items-undecided'],
    [rejection, 'REJECTED'],
    [{ outcome: 'PARTIALLY_ACCEPTED', accepted: [1], remedies: ['court'] }, 'PARTIALLY_ACCEPTED'],
    [{}, 'ACCEPTED'],
  ] as const)('with %j: %s', (change, becomes) => {
    expect(walkTo('IN_REVIEW').ask('decide', change)).toBe(becomes);
  });

  it('takes two persons where the profile asks for them', () => {
    const walk = walkTo('IN_REVIEW');
    walk.record = { ...walk.record, needsTwoPersons: true };
    expect(walk.ask('decide', { approvedBy: 'a' })).toBe('second-person-missing');
    expect(walk.ask('decide', { preparedBy: 'a', approvedBy: 'a' })).toBe('second-person-missing');
    expect(walk.ask('decide', { preparedBy: 'a', approvedBy: 'b' })).toBe('ACCEPTED');
  });

  it('for correction lets the flag stand and starts the term to correct', () => {
    const { last, record } = walkTo('ACCEPTED');
    expect(record.isDisputed).toBe(true);
    expect(last.clocks).toEqual([
      { act: 'stop', clock: 'decide' },
      { act: 'start', clock: 'correct' },
    ]);
    expect(last.statement).toMatchObject({ t: 'correction.decided', signer: 'to', why: 'error-confirmed', doc: DOC });
  });

  it('against it takes the flag off and opens the window to appeal', () => {
    const { last, record } = walkTo('REJECTED');
    expect(record.isDisputed).toBe(false);
    expect(last.signals).toEqual(['data.undisputed']);
    expect(last.clocks).toContainEqual({ act: 'start', clock: 'appeal' });
    expect(last.statement.dueOf).toBe('appeal');
  });
});

describe('a mass correction', () => {
  const { service, items } = sampleDraft();
  const elements = ['person.name', 'person.birth'];
  const mass = { correctionId: 'mass', owner: OWNER, service, elements, outcome: 'ACCEPTED' } as const;

  it.each([
    [{ mass: { ...mass, owner: OTHER } }, 'mass-foreign'],
    [{ mass: { ...mass, service: `${OWNER}/persons` as ServiceId } }, 'mass-foreign'],
    [{ mass: { ...mass, elements: ['person.name'] } }, 'mass-foreign'],
    [{ mass: { ...mass, elements: [] } }, 'mass-foreign'],
    [{ mass: undefined }, 'mass-foreign'],
    [{ isMass: true }, 'mass-itself'],
    [{ mass: { ...mass, outcome: undefined } }, 'mass-not-accepted'],
    [{ mass: { ...mass, outcome: 'REJECTED' } }, 'mass-not-accepted'],
    [{ mass: { ...mass, outcome: 'PARTIALLY_ACCEPTED' } }, 'mass-not-accepted'],
    [{ legalRef: undefined }, 'legal-reference-missing'],
    [{ mass }, 'ACCEPTED'],
  ] as const)('answers a case with %j: %s', (change, becomes) => {
    expect(walkTo('RECEIVED').ask('join', change)).toBe(becomes);
  });

  it.each<[string, CaseItem]>([
    ['another element', { elementId: 'person.death', jsonPointer: '/died' }],
    ['something without an element', { jsonPointer: '/note' }],
  ])('answers no case that is also about %s', (_what, other) => {
    const walk = walkTo('RECEIVED', new Walk(sampleDraft({ items: [...items, other] })));
    expect(walk.ask('join', { mass })).toBe('mass-foreign');
  });

  it('decides the case, which is then corrected by itself', () => {
    const walk = walkTo('RECEIVED').go('join');
    expect(walk.record).toMatchObject({ massId: 'mass', decision: { outcome: 'ACCEPTED', accepted: [0, 1] } });
    expect(walk.record.clocks).toEqual({ correct: 'running' });
    expect(walk.last.statement).toMatchObject({ t: 'correction.joined', ref: 'mass', why: 'mass-correction' });
    expect(walk.go('correct').record.state).toBe('CORRECTED');
  });
});

describe('correcting', () => {
  const value = (item: number) => ({ item, newValueHash: DOC });

  it.each([
    [{ values: [] }, 'value-hash-missing'],
    [{ values: [value(0)] }, 'value-hash-missing'],
    [{ values: [value(0), value(0)] }, 'value-hash-missing'],
    [{ values: [value(0), value(1), value(1)] }, 'value-hash-missing'],
    [{ effectiveFromMs: undefined }, 'effective-date-missing'],
    [{ effectiveFromMs: Number.NaN }, 'effective-date-invalid'],
    [{ effectiveFromMs: 0.5 }, 'effective-date-invalid'],
    [{ effectiveFromMs: -8.64e15 - 1 }, 'effective-date-invalid'],
    [{ effectiveFromMs: Date.parse('1931-05-01') }, 'CORRECTED'],
    [{ values: [value(1), value(0)] }, 'CORRECTED'],
  ] as const)('with %j: %s', (change, becomes) => {
    expect(walkTo('ACCEPTED').ask('correct', change)).toBe(becomes);
  });

  it('asks for the accepted items only', () => {
    const partly = walkTo('PARTIALLY_ACCEPTED');
    expect(partly.ask('correct', { values: [value(0)] })).toBe('value-hash-missing');
    expect(partly.ask('correct', { values: [value(1)] })).toBe('CORRECTED');
  });

  it('takes the flag off and states from when the values hold', () => {
    const { last, record }: Walk = walkTo('CORRECTED');
    expect(record.isDisputed).toBe(false);
    expect(last.signals).toEqual(['data.undisputed']);
    expect(last.statement).toMatchObject({ until: START_MS, doc: DOC, dueOf: 'propagate' });
  });
});
