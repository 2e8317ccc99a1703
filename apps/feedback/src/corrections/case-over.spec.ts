import { beforeAll, describe, expect, it } from '@jest/globals';
import { isOver } from './case-over.js';
import type { KeptCase } from './kept-case.js';
import { defaultTerms, PATH, sampleCase } from './spec-support/sample-case.js';

const NOW = 1_000;
const window = (dueAt: number) => ({ due: { appeal: { startedAt: 0, dueAt } } });
const looked = { verification: { seq: 9, isMatch: true } };

describe('a case', () => {
  let corrected: KeptCase;
  let open: KeptCase;
  beforeAll(async () => {
    const terms = await defaultTerms();
    corrected = sampleCase(terms, PATH.length);
    open = sampleCase(terms, 4);
  });

  it.each<[string, () => KeptCase, object, object, boolean]>([
    ['is over when it was withdrawn', () => open, { state: 'WITHDRAWN' }, {}, true],
    ['is not while it is open', () => open, {}, {}, false],
    ['is not where it was corrected and nobody has looked', () => corrected, { state: 'CLOSED' }, {}, false],
    ['is over once somebody has', () => corrected, { state: 'CLOSED' }, looked, true],
    ['is over when it was refused and is closed', () => open, { state: 'CLOSED' }, {}, true],
    ['is not within its window', () => corrected, { state: 'CLOSED', ...window(NOW) }, looked, false],
    ['is over behind it', () => corrected, { state: 'CLOSED', ...window(NOW - 1) }, looked, true],
  ])('%s', (_, caseOf, record, details, expected) => {
    const one = caseOf();
    const kept = { ...one, record: { ...one.record, due: {}, ...record }, details: { ...one.details, ...details } };
    expect(isOver(kept, NOW)).toBe(expected);
    expect(isOver({ ...kept, isAstray: true }, NOW)).toBe(false);
  });
});
