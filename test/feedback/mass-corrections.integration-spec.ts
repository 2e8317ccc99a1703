import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CaseClient, newSalt, type MassRequest, type Standing } from '#case-client';
import type { OwnerAct } from '#corrections';
import { CASE_KINDS, openDelivery } from '#deliveries';
import type { SubsystemId } from '#kernel';
import { jwkSigner } from '#signing';
import { eventually } from '#testing';
import { SERVICE } from '../audit/audit-network.js';
import { CaseWalk } from './case-walk.js';
import { Correcting } from './correcting.js';
import { ADDRESS, BIRTH, ENDPOINT, Filing, OTHER_OWNER, OWNER, PORTAL, PROPERTY } from './filing.js';

jest.setTimeout(240_000);

const REASON = 'Two digits of the year were swapped when the register was moved.';
const BATCH: MassRequest = {
  ...{ kind: 'ERROR', service: SERVICE, endpoint: ENDPOINT },
  items: [{ element: BIRTH, pointer: '/birth', explanation: REASON }],
};
const accept = (): OwnerAct => ({
  ...{ act: 'decide', outcome: 'ACCEPTED', reasonCode: 'mass-correction', legalRef: 'art. 12' },
  ...{ remedies: [], accepted: [0], approvedBy: 'officer-1', salt: newSalt() },
});
const join = (massId: string): OwnerAct => ({ act: 'join', massId, legalRef: 'art. 12', salt: newSalt() });

describe('a register that is wrong in many places', () => {
  let filing: Filing;
  let owner: CaseClient;
  const clientOf = (subsystem: SubsystemId) => {
    const { sign, seal } = filing.network.audit.world.keysOf(subsystem);
    return new CaseClient({
      ...{ feedbackUrl: filing.app?.url ?? '', subsystem, timeoutMs: 10_000 },
      signer: () => jwkSigner(sign),
      unsealKey: (to, kid) => (to === subsystem && kid === seal.kid ? seal : undefined),
    });
  };
  const keyOf = (subsystem: SubsystemId) => {
    const { seal } = filing.network.audit.world.keysOf(subsystem);
    return { kid: seal.kid, jwk: seal };
  };
  /** As its owner sees it, once it is so and nothing is on its way. */
  const stands = (id: string, state: string): Promise<Standing> =>
    eventually(
      async () => {
        const { standing } = await owner.read(id).catch(() => ({ standing: undefined }));
        return standing?.state === state && !standing.isMoving ? standing : undefined;
      },
      { timeoutMs: 30_000 },
    );
  const opened = async (): Promise<string> => {
    const { id } = await owner.openMass(BATCH, keyOf(OWNER));
    await stands(id, 'ROUTED');
    return id;
  };
  const acted = async (id: string, act: OwnerAct, state: string) => {
    await owner.act(id, act);
    await stands(id, state);
  };
  const accepted = async (): Promise<string> => {
    const id = await opened();
    await owner.receive(id);
    await stands(id, 'RECEIVED');
    await acted(id, { act: 'start' }, 'IN_REVIEW');
    await acted(id, accept(), 'ACCEPTED');
    return id;
  };

  beforeAll(async () => {
    filing = await Filing.create();
    await filing.start({ maxOpenCorrections: 3 });
    owner = clientOf(OWNER);
  });
  afterAll(() => filing.close());

  it('is decided once, by one case that closes three', async () => {
    const massId = await accepted();
    expect((await owner.read(massId)).opened?.content.items).toEqual(BATCH.items);
    const correcting = new Correcting(filing);
    for (const code of ['TEST000001', 'TEST000002', 'TEST000003']) {
      const walk = await CaseWalk.filed(filing, code);
      await walk.received();
      expect(await walk.act(join(massId), 'ACCEPTED')).toMatchObject({ isDisputed: false });
      await walk.corrected();
      const notice = await eventually(async () =>
        (await correcting.notices(PORTAL, 1)).find(({ subject }) => subject.endsWith(code)),
      );
      expect((await correcting.acknowledge(PORTAL, notice.noticeId)).status).toBe(200);
      await walk.until('CLOSED');
    }
    const leaves = await filing.network.audit.leaves();
    const joined = leaves.filter(({ body }) => {
      const [, payload = ''] = Buffer.from(body).toString('latin1').split('.');
      const said = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { t: string; ref?: string };
      return said.t === 'correction.joined' && said.ref === massId;
    });
    expect(joined).toHaveLength(3);
    // It ends as each of them does; nobody got the batch, so nobody is told of it.
    await owner.correct(massId, [{ item: 0, value: 'batch 7' }], '2026-11-01');
    await stands(massId, 'CLOSED');
  });

  it('is nobody’s case: no flag, no notification, and not a word of it in feedback', async () => {
    const id = await accepted();
    const { feedback } = await filing.network.databases();
    const rows = await feedback.query<{ id: string; value: Buffer }>('SELECT id, value FROM delivery WHERE kind = $1', [
      CASE_KINDS.dispute,
    ]);
    const subjects = rows.map(({ id: flag, value }) =>
      openDelivery({ id: flag, kind: CASE_KINDS.dispute, to: OWNER }, value, () => keyOf(OWNER).jwk),
    );
    expect(JSON.stringify(await Promise.all(subjects))).not.toContain('/MASS/');
    const told = await feedback.query('SELECT FROM notification WHERE case_id = $1', [id]);
    expect(told).toEqual([]);
    const [row] = await feedback.query<{ text: string }>(
      'SELECT correction_case::text AS text FROM correction_case WHERE id = $1',
      [id],
    );
    expect(row?.text).not.toContain('swapped');
    expect(row?.text).not.toContain(Buffer.from(REASON).toString('hex').slice(0, 40));
    await owner.correct(id, [{ item: 0, value: 'batch 8' }], '2026-11-01');
    await stands(id, 'CLOSED');
    // Its owner stands in the portal's place, and is not asked to look whether it kept its own word.
    expect((await filing.member(OWNER, '/v1/portal/verifications')).body).toEqual({ verifications: [] });
  });

  it('answers no case of other data, nor another mass correction, and is asked nothing', async () => {
    const massId = await accepted();
    const refusal = (id: string, act: OwnerAct) =>
      owner.act(id, act).then(
        () => 'taken',
        (cause: unknown) => (cause as { extensions?: { refusal?: string } }).extensions?.refusal,
      );
    const items = [{ element: ADDRESS, pointer: '/address', proposed: 'Main Street 1' }];
    const walk = await CaseWalk.filed(filing, 'TEST000006', { items });
    await walk.received();
    expect(await refusal(walk.id, join(massId))).toBe('mass-foreign');
    const other = await opened();
    await owner.receive(other);
    await stands(other, 'RECEIVED');
    expect(await refusal(other, join(massId))).toBe('mass-itself');
    await acted(other, { act: 'start' }, 'IN_REVIEW');
    const question: OwnerAct = { act: 'request-info', question: 'document-needed', salt: newSalt() };
    expect(await refusal(other, question)).toBe('mass-itself');
    await acted(other, accept(), 'ACCEPTED');
    for (const id of [massId, other]) {
      await owner.correct(id, [{ item: 0, value: 'batch 9' }], '2026-11-01');
      await stands(id, 'CLOSED');
    }
  });

  it('is opened of data of its own alone, and of no more of it at once than may be', async () => {
    const foreign = { ...BATCH, items: [{ element: PROPERTY, pointer: '/property' }] };
    const refused = { code: 'case-feedback-conflict', extensions: { feedbackCode: 'case-parties' } };
    await expect(owner.openMass(foreign, keyOf(OWNER))).rejects.toMatchObject({ extensions: refused.extensions });
    const other = clientOf(OTHER_OWNER);
    await expect(other.openMass(BATCH, keyOf(OTHER_OWNER))).rejects.toMatchObject({ extensions: refused.extensions });
    const unknown = { ...BATCH, items: [{ element: 'person.shoe-size', pointer: '/shoes' }] };
    await expect(owner.openMass(unknown, keyOf(OWNER))).rejects.toMatchObject({
      extensions: { refusal: 'element-unknown' },
    });
    await expect(owner.openMass(BATCH, keyOf(OTHER_OWNER))).rejects.toMatchObject({
      extensions: { feedbackCode: 'case-outline' },
    });
    // Five at once: each has asked whether it may before any of them stands.
    const openings = await Promise.allSettled(Array.from({ length: 5 }, () => opened()));
    const late = openings.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(late).toMatchObject(Array.from({ length: 2 }, () => ({ extensions: { feedbackCode: 'cases-too-many' } })));
    await expect(owner.openMass(BATCH, keyOf(OWNER))).rejects.toMatchObject({
      extensions: { feedbackCode: 'cases-too-many' },
    });
  });

  it('answers no case before it is accepted whole, nor does the case of another person', async () => {
    const walk = await CaseWalk.filed(filing, 'TEST000004');
    await walk.received();
    const [undecided] = (await owner.list({ state: 'ROUTED' })).cases;
    const early = owner.act(walk.id, join(undecided?.id ?? ''));
    await expect(early).rejects.toMatchObject({ extensions: { refusal: 'mass-not-accepted' } });
    const single = await CaseWalk.filed(filing, 'TEST000005');
    await single.received();
    await single.act({ act: 'start' }, 'IN_REVIEW');
    await single.accepted();
    const borrowed = owner.act(walk.id, join(single.id));
    await expect(borrowed).rejects.toMatchObject({ extensions: { refusal: 'mass-foreign' } });
  });
});
