import { beforeAll, describe, expect, it } from '@jest/globals';
import type { CaseEvent, Terms } from '#corrections';
import { looksAgainAt, ownStep } from './own-event.js';
import { byOwner, byPortal, defaultTerms, DOC, FILED_MS, OWNER, PATH, sampleCase } from './spec-support/sample-case.js';

const DAY_MS = 86_400_000;
const around = { nowMs: FILED_MS + 7 * 3_600_000, isActive: () => true, partStates: {} };

let terms: Terms;
beforeAll(async () => {
  terms = await defaultTerms();
});

function typeOf(step: ReturnType<typeof ownStep>): string | undefined {
  return step && ('event' in step ? step.event.type : step.toFind);
}

describe('what feedback does by itself', () => {
  it('routes, tells and closes, and leaves the rest to the parties', () => {
    const steps = PATH.map((_event, at) => typeOf(ownStep(sampleCase(terms, at + 1), around)));
    expect(steps).toEqual(['route', undefined, undefined, undefined, undefined, 'telling', undefined]);
  });

  it('waits for an owner that takes no cases, and reminds of it meanwhile', () => {
    const kept = sampleCase(terms, 1);
    const asleep = { ...around, isActive: () => false };
    expect(ownStep(kept, asleep)).toBeUndefined();
    expect(looksAgainAt(kept, around.nowMs)).toBe(around.nowMs + 60_000);
    const late = ownStep(kept, { ...asleep, nowMs: FILED_MS + 5 * DAY_MS });
    expect(late).toMatchObject({ event: { type: 'tick', clock: 'acknowledge', step: 'missed' } });
  });

  it('closes when everyone has answered, or their term is over', () => {
    const told = sampleCase(terms, 7);
    const ack: CaseEvent = {
      ...{ type: 'acknowledge', by: { role: 'recipient', subsystem: byPortal.subsystem } as const, doc: DOC },
      action: 'APPLIED',
    };
    expect(typeOf(ownStep(sampleCase(terms, 8, [...PATH, ack]), around))).toBe('closing');
    expect(typeOf(ownStep(told, { ...around, nowMs: FILED_MS + 20 * DAY_MS }))).toBe('closing');
  });

  it('takes a question back into review when nobody has answered it', () => {
    const ask: CaseEvent = { type: 'request-info', by: byOwner, isMass: false, question: 'value-unclear', doc: DOC };
    const asked = sampleCase(terms, 5, [...PATH.slice(0, 4), ask]);
    const due = asked.record.due.reply?.dueAt ?? 0;
    expect(typeOf(ownStep(asked, { ...around, nowMs: due }))).not.toBe('lapse-info');
    expect(typeOf(ownStep(asked, { ...around, nowMs: due + 1 }))).toBe('lapse-info');
    expect(looksAgainAt(asked, due)).toBe(due + 1);
  });

  it('splits once every part is filed, closes after the last, and is open again with the first', () => {
    const parts = ['a', 'b'].map((correctionId, place) => ({ correctionId, owner: OWNER, items: [place] }));
    const filed = sampleCase(terms, 1);
    const whole = { ...filed, details: { ...filed.details, parts } };
    expect(ownStep(whole, { ...around, partStates: { a: 'SUBMITTED' } })).toBeUndefined();
    expect(typeOf(ownStep(whole, { ...around, partStates: { a: 'SUBMITTED', b: 'ROUTED' } }))).toBe('split');
    const split = { ...whole, record: { ...whole.record, state: 'ROUTED', parts } as typeof whole.record };
    expect(ownStep(split, { ...around, partStates: { a: 'CLOSED', b: 'REJECTED' } })).toBeUndefined();
    expect(typeOf(ownStep(split, { ...around, partStates: { a: 'CLOSED', b: 'WITHDRAWN' } }))).toBe('close');
    const closed = { ...split, record: { ...split.record, state: 'CLOSED', due: {} } as typeof whole.record };
    expect(typeOf(ownStep(closed, { ...around, partStates: { a: 'CLOSED', b: 'REOPENED' } }))).toBe('reopen');
  });
});
