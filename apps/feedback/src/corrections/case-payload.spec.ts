import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Terms } from '#corrections';
import { commit, payloadProblem } from '#signing';
import { casePayload, isSamePayload } from './case-payload.js';
import { nextStep } from './next-step.js';
import { CASE_ID, defaultTerms, FILED_MS, PATH, sampleCase } from './spec-support/sample-case.js';

const LEAF = 'MnqiO-H58JppUhWfGxo7Amn5rcdx8rmL94CjGQ9O2u8';
let terms: Terms;
beforeAll(async () => {
  terms = await defaultTerms();
});

function payloads() {
  return PATH.map((event, at) => {
    const before = sampleCase(terms, at);
    const record = at === 0 ? before.record : { ...before.record, leaf: LEAF };
    const atMs = FILED_MS + at * 3_600_000;
    const step = nextStep({ record, deadlines: before.deadlines }, event, terms, atMs);
    if (!step.ok) throw new TypeError(step.reason.code);
    const subject = commit('subject', { country: 'TEST', type: 'PIN', code: 'TEST000001' }).commitment;
    const { statement, dueMs } = step.value;
    return casePayload(statement, { caseId: CASE_ID, atMs, dueMs, ...(at === 0 ? { subject } : {}) });
  });
}

describe('the payload of a step', () => {
  it('is one that the log takes, of every step from the request to the telling', () => {
    expect(payloads().map((payload) => payloadProblem(payload as never))).toEqual(PATH.map(() => undefined));
  });

  it('names the end of the term by which the next step is due', () => {
    const [submitted, , , started] = payloads();
    expect(new Date(submitted?.due ?? 0).toISOString()).toBe('2026-11-24T23:59:59.999Z');
    expect(new Date(started?.due ?? 0).toISOString()).toBe('2026-12-02T23:59:59.999Z');
  });

  it('is the same in whatever order its fields come, and another by any word', () => {
    const [one] = payloads();
    if (one === undefined) throw new TypeError('no payload');
    expect(isSamePayload(one, Object.fromEntries(Object.entries(one).reverse()) as unknown as typeof one)).toBe(true);
    expect(isSamePayload(one, { ...one, due: (one.due ?? 0) + 1 })).toBe(false);
    expect(isSamePayload(one, { ...one, why: 'law-forbids' } as unknown as typeof one)).toBe(false);
  });
});
