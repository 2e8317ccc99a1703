import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { valueHash } from '#corrections';
import { newExchangeId, type SubsystemId } from '#kernel';
import { parseStatement, signStatement, type StatementPayload } from '#signing';
import { eventually } from '#testing';
import { Correcting } from './correcting.js';
import { BIRTH, ENDPOINT, Filing, OTHER_OWNER, OWNER, PORTAL, RECIPIENT, type FiledCase } from './filing.js';

jest.setTimeout(180_000);

let filing: Filing;
let correcting: Correcting;

beforeAll(async () => {
  filing = await Filing.create();
  await filing.start();
  correcting = new Correcting(filing);
});
afterAll(() => filing.close());

/** A case whose recipients are told by now. Each spec has a person of its own. */
async function corrected(code: string, ...recipients: readonly SubsystemId[]): Promise<FiledCase> {
  const exchangeId = await filing.seen(code);
  await correcting.indexed(exchangeId);
  for (const recipient of recipients) await correcting.indexed(await filing.seen(code, recipient));
  const made = await filing.routed({ code, exchangeId });
  await correcting.correct(code, made);
  return made;
}

const noticeOf = async (code: string, member: SubsystemId, isReopened = false) =>
  eventually(
    async () =>
      (await correcting.notices(member, 1)).find(
        (one) => one.subject === `TEST/PIN/${code}` && one.isReopened === isReopened,
      ),
    { timeoutMs: 30_000 },
  );
const path = (noticeId: string) => `/v1/recipient/corrections/${noticeId}`;
const refusalIn = ({ body }: { body: Readonly<Record<string, unknown>> }) => body['refusal'] ?? body['code'];

describe('a member that got the wrong value', () => {
  it('is told which datum it is, and nothing of the case; its answers close the case', async () => {
    const { id } = await corrected('TEST000001', RECIPIENT);
    const [notice, portals] = [await noticeOf('TEST000001', RECIPIENT), await noticeOf('TEST000001', PORTAL)];
    expect(notice).toMatchObject({ elements: [BIRTH], owner: OWNER, isReopened: false });
    expect(JSON.stringify(notice)).not.toContain(id);
    const before = await filing.member(RECIPIENT, path(notice.noticeId));
    expect(before.body).toMatchObject({ noticeId: notice.noticeId, isReopened: false });
    const said = await correcting.acknowledge(RECIPIENT, notice.noticeId, { action: 'REFUSED', reason: 'law-forbids' });
    expect(said).toMatchObject({ status: 200, body: { standing: { answer: { action: 'REFUSED' } } } });
    await correcting.acknowledge(PORTAL, portals.noticeId, { action: 'NOT_HELD' });
    await filing.until('TEST000001', id, ({ state }) => state === 'CLOSED');
    const answered = await filing.member(RECIPIENT, path(notice.noticeId));
    expect(answered.body).toEqual({
      ...{ noticeId: notice.noticeId, isReopened: false, dueAt: expect.anything() },
      answer: { action: 'REFUSED', reason: 'law-forbids', at: expect.any(String), leaf: expect.any(String) },
    });
  });

  it('has its word in the log under an id of its own, signed by itself', async () => {
    await corrected('TEST000002');
    const { noticeId } = await noticeOf('TEST000002', PORTAL);
    const { body } = await correcting.acknowledge(PORTAL, noticeId);
    const { answer } = body['standing'] as { answer: { leaf: string } };
    const found = async () =>
      (await filing.network.audit.leaves()).find((one) => one.leaf_hash.toString('base64url') === answer.leaf);
    const leaf = await eventually(found, { timeoutMs: 20_000 });
    const parsed = parseStatement(Buffer.from(leaf.body).toString());
    expect(parsed.ok && parsed.value.payload).toMatchObject({
      ...{ t: 'correction.recipient-acked', from: PORTAL, to: OWNER, now: 'APPLIED' },
    });
  });

  it('says it once: the same statement again changes nothing, another one is refused', async () => {
    await corrected('TEST000003', RECIPIENT);
    const { noticeId } = await noticeOf('TEST000003', RECIPIENT);
    const listed = async (as: SubsystemId = RECIPIENT) =>
      (await filing.member(as, '/v1/recipient/corrections')).body['notices'] as { noticeId: string }[];
    expect((await listed()).map((one) => one.noticeId)).toContain(noticeId);
    expect((await listed(OTHER_OWNER)).map((one) => one.noticeId)).not.toContain(noticeId);
    const body = { action: 'APPLIED', salt: randomBytes(32).toString('base64url') };
    const url = `${path(noticeId)}/acknowledgement`;
    const proposed = await filing.member(RECIPIENT, url, body);
    const payload = proposed.body['payload'] as StatementPayload;
    const { jws: statement } = await signStatement(payload, filing.network.audit.signerOf(RECIPIENT));
    const first = await filing.member(RECIPIENT, url, { ...body, statement });
    expect(first.status).toBe(200);
    expect(await filing.member(RECIPIENT, url, { ...body, statement })).toEqual(first);
    expect(refusalIn(await correcting.acknowledge(RECIPIENT, noticeId))).toBe('acknowledged-already');
    expect((await listed()).map((one) => one.noticeId)).not.toContain(noticeId);
  });

  it('cannot say it for another, with another key, in other words, or about another delivery', async () => {
    await corrected('TEST000004', RECIPIENT);
    const { noticeId } = await noticeOf('TEST000004', RECIPIENT);
    const { noticeId: portals } = await noticeOf('TEST000004', PORTAL);
    expect(refusalIn(await filing.member(OTHER_OWNER, path(noticeId)))).toBe('case-unknown');
    expect(refusalIn(await correcting.acknowledge(PORTAL, noticeId))).toBe('case-unknown');
    const body = { action: 'APPLIED', salt: randomBytes(32).toString('base64url') };
    const url = `${path(noticeId)}/acknowledgement`;
    const payload = (await filing.member(RECIPIENT, url, body)).body['payload'] as StatementPayload;
    const sign = async (by: SubsystemId, changes: object = {}) =>
      (await signStatement({ ...payload, ...changes }, filing.network.audit.signerOf(by))).jws;
    const hand = async (statement: string, changes: object = {}, to = url) =>
      refusalIn(await filing.member(RECIPIENT, to, { ...body, ...changes, statement }));
    expect(await hand(await sign(PORTAL))).toBe('step-unsound');
    expect(await hand(await sign(RECIPIENT, { now: 'NOT_HELD' }))).toBe('step-unsound');
    expect(await hand(await sign(RECIPIENT), { action: 'NOT_HELD' })).toBe('step-unsound');
    expect(await hand(await sign(RECIPIENT), {}, `${path(portals)}/acknowledgement`)).toBe('case-unknown');
    expect(refusalIn(await correcting.acknowledge(RECIPIENT, noticeId, { action: 'REFUSED' }))).toBe(
      'request-malformed',
    );
    expect(refusalIn(await correcting.acknowledge(RECIPIENT, newExchangeId()))).toBe('request-malformed');
  });
});

describe('a portal that asks again', () => {
  const asked = async (as: SubsystemId = PORTAL) =>
    (await filing.member(as, '/v1/portal/verifications')).body['verifications'] as {
      correctionId: string;
      seq: number;
    }[];
  const over = async (id: string, as: SubsystemId = PORTAL) =>
    (await filing.member(as, '/v1/portal/verifications/over', { ids: [id] })).body['over'];
  const verify = (id: string, isMatch: boolean, as: SubsystemId = PORTAL) => {
    const doc = valueHash(randomBytes(32), { isMatch });
    return filing.memberStep(as, `/v1/portal/corrections/${id}/verification`, { isMatch, doc });
  };

  it('is shown what to look at until it has said that the new value is there', async () => {
    const { id, salt } = await corrected('TEST000005');
    const mine = (await asked()).filter(({ correctionId }) => correctionId === id);
    const values = [{ item: 0, pointer: '/birth', newValueHash: valueHash(salt, '1990-01-02') }];
    expect(mine).toEqual([
      { correctionId: id, seq: expect.any(Number), service: `${OWNER}/persons`, endpoint: ENDPOINT, values },
    ]);
    expect(await asked(OWNER)).toEqual([]);
    expect(refusalIn(await verify(id, true, OWNER))).toBe('case-unknown');
    expect((await verify(id, true)).status).toBe(200);
    const shown = await filing.until('TEST000005', id, ({ isVerified }) => isVerified === true);
    expect(shown.state).toBe('PROPAGATING');
    expect((await asked()).map(({ correctionId }) => correctionId)).not.toContain(id);
  });

  it('is told that a case is over when nobody can have it reopened any more, and of no other portal’s', async () => {
    const { id } = await corrected('TEST000007');
    expect(await over(id)).toEqual([]);
    await verify(id, true);
    await filing.until('TEST000007', id, ({ isVerified }) => isVerified === true);
    expect(await over(id)).toEqual([]);
    const { id: ended } = await filing.routed({ code: 'TEST000008', exchangeId: await filing.seen('TEST000008') });
    await filing.portalStep('TEST000008', `/v1/corrections/${ended}/steps`, { act: 'withdraw' });
    await filing.until('TEST000008', ended, ({ state }) => state === 'WITHDRAWN');
    expect(await over(ended)).toEqual([ended]);
    expect(await over(ended, OWNER)).toEqual([]);
  });

  it('opens the case anew where the old value is still there; who was told hears of it, and once more afterwards', async () => {
    const code = 'TEST000006';
    const made = await corrected(code, RECIPIENT);
    const first = await noticeOf(code, RECIPIENT);
    await verify(made.id, false);
    const shown = await filing.until(code, made.id, ({ state }) => state === 'REOPENED');
    expect(shown).toMatchObject({ isVerified: false, isDisputed: false });
    const doubted = await noticeOf(code, RECIPIENT, true);
    expect(refusalIn(await correcting.acknowledge(RECIPIENT, doubted.noticeId))).toBe('notice-past');
    await correcting.decide(code, made);
    const again = await eventually(
      async () =>
        (await correcting.notices(RECIPIENT, 1)).find(
          (one) => one.subject === `TEST/PIN/${code}` && ![first.noticeId, doubted.noticeId].includes(one.noticeId),
        ),
      { timeoutMs: 30_000 },
    );
    expect(refusalIn(await correcting.acknowledge(RECIPIENT, first.noticeId))).toBe('notice-past');
    expect((await correcting.acknowledge(RECIPIENT, again.noticeId)).status).toBe(200);
    // Corrected anew it is looked at anew: it is another correction.
    const anew = (await asked()).find(({ correctionId }) => correctionId === made.id);
    expect(anew?.seq).toBeGreaterThan(shown.seq);
  });
});
