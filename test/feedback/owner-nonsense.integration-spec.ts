import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { OwnerAct } from '#corrections';
import { accepted, CaseActors, receivedBy, salt } from './case-actors.js';
import { OWNER } from './filing.js';

jest.setTimeout(180_000);

let actors: CaseActors;
beforeAll(async () => {
  actors = await CaseActors.create();
});
afterAll(() => actors.close());

/** What an owner must not say in a case under review, and by which words it is refused. */
const nonsense = (): [object, string][] => [
  [{ ...accepted(), legalRef: undefined }, 'legal-reference-missing'],
  [{ ...accepted(), outcome: 'REJECTED', accepted: [], legalRef: undefined }, 'legal-reference-missing'],
  [{ ...accepted(), outcome: 'REJECTED', accepted: [] }, 'remedies-missing'],
  [{ ...accepted(), accepted: [3] }, 'items-undecided'],
  [{ ...accepted(), accepted: ['0'] }, 'request-malformed'],
  [{ ...accepted(), outcome: 'PERHAPS' }, 'request-malformed'],
  [{ ...accepted(), salt: 'short' }, 'request-malformed'],
  [{ act: 'transfer', target: OWNER, reason: 'not-our-element' }, 'same-owner'],
  [{ act: 'transfer', target: 'nobody', reason: 'not-our-element' }, 'request-malformed'],
  [{ act: 'receive', receiptOver: `h1:${'A'.repeat(43)}` }, 'too-late'],
  [{ act: 'extend', reason: 'no-time' }, 'request-malformed'],
  [{ act: 'ponder' }, 'request-malformed'],
  [{}, 'request-malformed'],
];

describe('an owner that says nonsense', () => {
  it('is told so by a code; the case and its clocks stand as they stood, and go on', async () => {
    const { code, filed, walk } = await actors.routed();
    await walk.act(receivedBy(filed), 'RECEIVED');
    const reviewed = await walk.act({ act: 'start' }, 'IN_REVIEW');
    for (const [said, word] of nonsense()) {
      const { status, body } = await actors.act(filed.id, said as OwnerAct);
      expect([body['refusal'] ?? body['code'], status >= 400 && status < 500]).toEqual([word, true]);
    }
    expect(await actors.filing.until(code, filed.id, () => true)).toEqual(reviewed);
    await walk.act({ ...accepted(), salt: salt() } as OwnerAct, 'ACCEPTED');
  });
});
