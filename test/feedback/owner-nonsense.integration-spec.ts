import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { OwnerAct } from '#corrections';
import { newExchangeId } from '#kernel';
import { eventually } from '#testing';
import { SERVICE } from '../audit/audit-network.js';
import { accepted, CaseActors, receivedBy, salt } from './case-actors.js';
import { BIRTH_ITEM, ENDPOINT, OTHER_OWNER, OWNER, PROPERTY } from './filing.js';

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

describe('an owner that comes too late, or sends round', () => {
  it('cannot extend a term that has ended, also once its end was told', async () => {
    const { filed, walk } = await actors.routed();
    await walk.act(receivedBy(filed), 'RECEIVED');
    await walk.act({ act: 'start' }, 'IN_REVIEW');
    await ended(filed.id);
    const late = { act: 'extend', reason: 'study-needed' } as const;
    // While the end of the term is told, another transition is on its way.
    const said = await eventually(async () => {
      const { status, body } = await actors.act(filed.id, late);
      return body['refusal'] === 'unstamped' ? undefined : { status, ...body };
    });
    expect(said).toMatchObject({ status: 409, code: 'case-refused', refusal: 'term-passed', hint: expect.any(String) });
    const told = await walk.until('IN_REVIEW');
    expect([told.isExtended, told.seq]).toEqual([false, (await walk.until('IN_REVIEW')).seq]);
    await walk.act({ ...accepted(), salt: salt() } as OwnerAct, 'ACCEPTED');
  });

  it('cannot hand a case back to who had it', async () => {
    const { code, filed, walk } = await actors.routed([{ ...BIRTH_ITEM, element: PROPERTY, pointer: '/property' }]);
    await walk.act(receivedBy(filed), 'RECEIVED', OTHER_OWNER);
    const id = newExchangeId();
    const request = {
      correctionId: filed.id,
      kind: 'ERROR',
      service: SERVICE,
      endpoint: ENDPOINT,
      content: filed.content,
    };
    const content = { id, sealed: await actors.filing.sealed(OWNER, id, request) };
    const on: OwnerAct = { act: 'transfer', target: OWNER, reason: 'not-our-element' };
    expect((await actors.act(filed.id, on, OTHER_OWNER, content)).status).toBe(200);
    await actors.filing.until(code, filed.id, ({ state, owner }) => state === 'ROUTED' && owner === OWNER);
    const standing = await walk.act(receivedBy(filed), 'RECEIVED');
    const back: OwnerAct = { act: 'transfer', target: OTHER_OWNER, reason: 'not-our-element' };
    const { status, body } = await actors.act(filed.id, back, OWNER);
    expect([status, body]).toMatchObject([
      409,
      { code: 'case-refused', refusal: 'transfer-ring', hint: 'Decide it, or let the operator assign it.' },
    ]);
    expect(await actors.filing.until(code, filed.id, () => true)).toEqual(standing);
  });

  /** Its term to decide has ended, as if time had passed. */
  async function ended(id: string): Promise<void> {
    const { feedback } = await actors.filing.network.databases();
    const atMs = Date.now() - 1_000;
    await feedback.query(
      `UPDATE correction_case SET work_ms = 0,
         record = jsonb_set(record::jsonb, '{due,decide,dueAt}', to_jsonb($2::bigint)),
         deadlines = (SELECT jsonb_agg(CASE WHEN one->>'kind' = 'decide' THEN jsonb_set(one, '{dueAt}', to_jsonb($2::bigint)) ELSE one END)
                        FROM jsonb_array_elements(deadlines::jsonb) AS one)
       WHERE id = $1`,
      [id, atMs],
    );
  }
});
