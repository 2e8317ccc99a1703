import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { outlineOf, valueHash, type OwnerAct } from '#corrections';
import { CASE_KINDS, readCorrected, readDispute } from '#deliveries';
import { newExchangeId } from '#kernel';
import { parseStatement } from '#signing';
import { accepted, CaseActors, receivedBy, salt } from './case-actors.js';
import { BIRTH, BIRTH_ITEM, OTHER_OWNER, OWNER, PORTAL, PROPERTY, RECIPIENT } from './filing.js';

jest.setTimeout(180_000);

const REQUEST = { kind: 'ERROR', service: 'TEST/GOV/1001/population/persons', endpoint: 'GET /{pin}' };

let actors: CaseActors;
beforeAll(async () => {
  actors = await CaseActors.create();
});
afterAll(() => actors.close());

describe('a correction', () => {
  it('goes from the request to the recipients, each step a leaf of who took it', async () => {
    const { code, filed, walk } = await actors.routed();
    const alsoTold = await actors.filing.seen(code, RECIPIENT);
    await walk.reviewed();
    const subject = `TEST/PIN/${code}`;
    const flag = await actors.delivered(
      OWNER,
      CASE_KINDS.dispute,
      (content) => readDispute(content)?.subject === subject,
    );
    expect(readDispute(flag)).toMatchObject({ element: BIRTH, isOn: true, option: 'FLAG' });
    await walk.accepted();
    await walk.corrected();
    const told = await actors.delivered(
      RECIPIENT,
      CASE_KINDS.corrected,
      (content) => readCorrected(content)?.subject === subject,
    );
    expect(readCorrected(told)).toMatchObject({
      elements: [BIRTH],
      exchangeId: alsoTold,
      isReopened: false,
      owner: OWNER,
    });
    await actors.delivered(PORTAL, CASE_KINDS.corrected, (content) => readCorrected(content)?.subject === subject);
    await actors.delivered(OWNER, CASE_KINDS.dispute, (content) => {
      const read = readDispute(content);
      return read?.subject === subject && !read.isOn;
    });
    await inTheLog(filed.id, [
      ['correction.submitted', PORTAL],
      ['correction.routed', undefined],
      ['correction.received', OWNER],
      ['correction.review-started', OWNER],
      ['correction.decided', OWNER],
      ['correction.corrected', OWNER],
      ['correction.propagating', undefined],
    ]);
  });

  it('is one, however often its statement is sent, and told apart from another under its id', async () => {
    const code = actors.somebody();
    const exchangeId = await actors.filing.seen(code);
    const filed = await actors.filing.routed({ code, exchangeId });
    const again = await actors.filing.portal(code, '/v1/corrections', {
      ...{ correctionId: filed.id, kind: 'ERROR', subject: `TEST/PIN/${code}`, r: salt(), contentId: newExchangeId() },
      ...{ service: 'TEST/GOV/1001/population/persons', endpoint: 'GET /{pin}', language: 'en' },
      outline: { exchangeId, digest: valueHash(randomBytes(32), 1), items: [{ pointer: '/x' }], evidence: [] },
    });
    expect([again.status, again.body['code']]).toEqual([409, 'case-exists']);
    const receipt = receivedBy(filed);
    const payload = await actors.filing.member(OWNER, `/v1/owner/corrections/${filed.id}/steps`, receipt);
    expect(payload.body['payload']).toMatchObject({ t: 'correction.received', seq: 3, was: 'ROUTED', now: 'RECEIVED' });
  });

  it('is decided by one of two who decide at once; the other is told', async () => {
    const { code, filed, walk } = await actors.routed();
    await walk.reviewed();
    const rejected: OwnerAct = {
      ...{ act: 'decide', outcome: 'REJECTED', reasonCode: 'data-correct', legalRef: 'art. 12' },
      ...{ remedies: ['court'], accepted: [], approvedBy: 'officer-2', salt: salt() },
    };
    const both = await Promise.all([actors.act(filed.id, accepted()), actors.act(filed.id, rejected)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const lost = both.find(({ status }) => status === 409);
    expect(['unstamped', 'decided-already', 'too-late']).toContain(lost?.body['refusal']);
    const standing = await actors.filing.until(code, filed.id, ({ decision }) => decision !== undefined);
    expect(standing.seq).toBe(5);
  });

  it('is withdrawn by the person, and its flag goes', async () => {
    const { code, filed, walk } = await actors.routed();
    await walk.reviewed();
    await actors.filing.portalStep(code, `/v1/corrections/${filed.id}/steps`, { act: 'withdraw' });
    await actors.filing.until(code, filed.id, ({ state }) => state === 'WITHDRAWN');
    await actors.delivered(OWNER, CASE_KINDS.dispute, (content) => {
      const read = readDispute(content);
      return read?.subject === `TEST/PIN/${code}` && !read.isOn;
    });
    const late = await actors.act(filed.id, accepted());
    expect([late.status, late.body['refusal']]).toEqual([409, 'case-withdrawn']);
  });

  it('is transferred to who holds the datum, who alone sees it then', async () => {
    const { code, filed } = await actors.routed([
      { element: PROPERTY, pointer: '/property', doubted: 'x', proposed: 'y' },
    ]);
    expect((await actors.filing.member(OWNER, `/v1/owner/corrections/${filed.id}`)).status).toBe(404);
    const { body } = await actors.filing.member(OTHER_OWNER, `/v1/owner/corrections/${filed.id}`);
    expect(body).toMatchObject({ state: 'ROUTED', owner: OTHER_OWNER, sealed: expect.any(String) });
    const over = actors.filing.memberStep.bind(actors.filing);
    const path = `/v1/owner/corrections/${filed.id}/steps`;
    await over(OTHER_OWNER, path, receivedBy(filed));
    await actors.filing.until(code, filed.id, ({ state }) => state === 'RECEIVED');
    const foreign = await over(OTHER_OWNER, path, { act: 'transfer', target: RECIPIENT, reason: 'not-our-element' });
    expect(foreign.body['refusal']).toBe('target-refuses');
    const contentId = newExchangeId();
    const sealed = await actors.filing.sealed(OWNER, contentId, {
      correctionId: filed.id,
      ...REQUEST,
      content: filed.content,
    });
    const transfer = { act: 'transfer', target: OWNER, reason: 'copy-stale' };
    const done = await over(OTHER_OWNER, path, transfer, { id: contentId, sealed });
    expect(done.status).toBe(200);
    await actors.filing.until(code, filed.id, ({ state, owner }) => state === 'ROUTED' && owner === OWNER);
    expect((await actors.filing.member(OTHER_OWNER, `/v1/owner/corrections/${filed.id}`)).status).toBe(404);
    const now = await actors.filing.member(OWNER, `/v1/owner/corrections/${filed.id}`);
    expect(now.body).toMatchObject({
      contentId,
      sealed,
      requestDoc: outlineOf(filed.content).digest,
    });
  });
});

describe('a request that several owners answer', () => {
  it('is split once its parts are filed, takes no step of its own, and closes after the last of them', async () => {
    const code = actors.somebody();
    const exchangeId = await actors.filing.seen(code);
    const property = { element: PROPERTY, pointer: '/property', doubted: 'x', proposed: 'y' } as const;
    const parts = [
      { correctionId: newExchangeId(), owner: OWNER, items: [0] },
      { correctionId: newExchangeId(), owner: OTHER_OWNER, items: [1] },
    ] as const;
    const whole = await actors.filing.file({ code, exchangeId, items: [BIRTH_ITEM, property], changes: { parts } });
    expect(whole.said.status).toBe(200);
    for (const [at, { correctionId }] of parts.entries()) {
      const items = [at === 0 ? BIRTH_ITEM : property];
      const part = await actors.filing.file({ code, exchangeId, items, changes: { correctionId, parentId: whole.id } });
      expect(part.said.status).toBe(200);
    }
    const split = await actors.filing.until(
      code,
      whole.id,
      ({ state, parts: made }) => state === 'ROUTED' && made.length === 2,
    );
    expect(split.parts).toEqual(parts.map(({ correctionId }) => correctionId));
    const path = `/v1/corrections/${whole.id}/steps`;
    expect((await actors.filing.portalStep(code, path, { act: 'withdraw' })).body['refusal']).toBe('act-on-the-parts');
    expect((await actors.filing.member(OWNER, `/v1/owner/corrections/${whole.id}`)).body['sealed']).toBeUndefined();
    for (const { correctionId } of parts) {
      await actors.filing.until(code, correctionId, ({ state, partOf }) => state === 'ROUTED' && partOf === whole.id);
      await actors.filing.portalStep(code, `/v1/corrections/${correctionId}/steps`, { act: 'withdraw' });
    }
    await actors.filing.until(code, whole.id, ({ state }) => state === 'CLOSED');
  });
});

async function inTheLog(id: string, expected: readonly [string, string | undefined][]): Promise<void> {
  const leaves = (await actors.filing.network.audit.leaves()).flatMap(({ body }) => {
    const parsed = parseStatement(Buffer.from(body).toString('latin1'));
    return parsed.ok && parsed.value.payload.id === id ? [parsed.value] : [];
  });
  expect(leaves.map(({ payload }) => payload.t)).toEqual(expected.map(([type]) => type));
  const kidOf = (who: string | undefined) =>
    who === undefined ? expect.any(String) : actors.filing.network.audit.world.keysOf(who).sign.kid;
  expect(leaves.map(({ kid }) => kid)).toEqual(expected.map(([, who]) => kidOf(who)));
}
