import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CaseClient, newSalt } from '#case-client';
import { valueHash, type OwnerAct } from '#corrections';
import type { SubsystemId } from '#kernel';
import { jwkSigner } from '#signing';
import { ADDRESS, BIRTH_ITEM, Filing, OTHER_OWNER, OWNER, PROPERTY, type FiledCase } from './filing.js';

jest.setTimeout(120_000);

const ACCEPT: OwnerAct = {
  ...{ act: 'decide', outcome: 'ACCEPTED', reasonCode: 'error-confirmed', legalRef: 'art. 12' },
  ...{ remedies: [], accepted: [0], approvedBy: 'worker-1', salt: newSalt() },
};

describe('the owner of a datum', () => {
  let filing: Filing;
  let exchangeId: string;
  /** Each case is of a person of its own: the same twice is a duplicate. */
  let code: string;
  let persons = 0;
  let owner: CaseClient;
  let other: CaseClient;
  let filed: FiledCase;

  const clientOf = (subsystem: SubsystemId, changes: Partial<ConstructorParameters<typeof CaseClient>[0]> = {}) => {
    const { sign, seal } = filing.network.audit.world.keysOf(subsystem);
    return new CaseClient({
      ...{ feedbackUrl: filing.app?.url ?? '', subsystem, timeoutMs: 10_000 },
      signer: () => jwkSigner(sign),
      unsealKey: (to, kid) => (to === subsystem && kid === seal.kid ? seal : undefined),
      ...changes,
    });
  };
  const until = (state: string) => filing.until(code, filed.id, (one) => one.state === state);
  /** Acts, and waits until the log shows it. */
  const acted = async (act: OwnerAct, state: string) => {
    expect(await owner.act(filed.id, act)).toMatchObject({ id: filed.id });
    await until(state);
  };
  const inReview = async () => {
    await owner.receive(filed.id);
    await until('RECEIVED');
    await acted({ act: 'start' }, 'IN_REVIEW');
  };

  beforeAll(async () => {
    filing = await Filing.create();
    await filing.start();
    owner = clientOf(OWNER);
    other = clientOf(OTHER_OWNER);
  });
  afterAll(() => filing.close());
  beforeEach(async () => {
    code = `TEST00001${(persons += 1)}`;
    exchangeId = await filing.seen(code);
    filed = await filing.routed({ code, exchangeId });
  });

  it('lists, opens, receives, reviews, decides and corrects, each step in the log', async () => {
    expect((await owner.list({ state: 'open' })).cases.map(({ id }) => id)).toContain(filed.id);
    const { opened, standing } = await owner.read(filed.id);
    expect(opened?.content).toEqual(filed.content);
    expect(opened?.digest).toBe(standing.requestDoc);
    await inReview();
    await acted(ACCEPT, 'ACCEPTED');
    await owner.correct(filed.id, [{ item: 0, value: '1990-01-02' }], '2026-01-01');
    const corrected = await filing.until(code, filed.id, (one) => one.correctedFrom !== undefined);
    expect(corrected).toMatchObject({ correctedFrom: '2026-01-01T00:00:00.000Z', isDisputed: false });
    const { databases } = filing.network;
    const rows = await (
      await databases.call(filing.network)
    ).feedback.query('SELECT record FROM correction_case WHERE id = $1', [filed.id]);
    expect(JSON.stringify(rows)).toContain(valueHash(filed.salt, '1990-01-02'));
  });

  it('is one of two who decide at once: the other is told why it is not', async () => {
    await inReview();
    const reject: OwnerAct = {
      ...ACCEPT,
      outcome: 'REJECTED',
      reasonCode: 'data-correct',
      accepted: [],
      remedies: ['court'],
    };
    const both = await Promise.allSettled([ACCEPT, reject].map((act) => owner.act(filed.id, act)));
    const refused = both.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({
      code: 'case-feedback-conflict',
      extensions: {
        feedbackCode: 'case-refused',
        refusal: expect.stringMatching(/^(unstamped|decided-already|too-late)$/),
      },
    });
  });

  it('is told what it may not do, with the refusal and what to do', async () => {
    await expect(owner.act(filed.id, ACCEPT)).rejects.toMatchObject({
      code: 'case-feedback-conflict',
      extensions: { refusal: 'too-early', hint: expect.any(String) },
    });
  });

  it('is nobody else: another subsystem sees nothing, and opens nothing', async () => {
    expect((await other.list()).cases.map(({ id }) => id)).not.toContain(filed.id);
    await expect(other.read(filed.id)).rejects.toMatchObject({ code: 'case-feedback-unknown' });
    await expect(other.act(filed.id, { act: 'start' })).rejects.toMatchObject({ code: 'case-feedback-unknown' });
  });

  it('without the key that it was sealed for receives nothing', async () => {
    const keyless = clientOf(OWNER, { unsealKey: () => undefined });
    expect((await keyless.read(filed.id)).flaw).toEqual({
      code: 'case-request-unopenable',
      problem: 'delivery-key-unknown',
    });
    await expect(keyless.receive(filed.id)).rejects.toMatchObject({ code: 'case-request-unopenable' });
  });

  it('receives nothing that is not what the log says was filed', async () => {
    const spoilt = await filing.routed({
      ...{ code, exchangeId, items: [{ ...BIRTH_ITEM, element: ADDRESS, pointer: '/address' }] },
      changes: { outline: { ...outlineWith('2000-01-01') } },
    });
    await expect(owner.receive(spoilt.id)).rejects.toMatchObject({
      code: 'case-request-foreign',
      extensions: { problem: 'digest' },
    });
  });

  it('hands a case on, and the next owner opens the same request', async () => {
    const items = [{ ...BIRTH_ITEM, element: PROPERTY, pointer: '/property' }];
    const moved = await filing.routed({ code, exchangeId, items });
    await other.receive(moved.id);
    await filing.until(code, moved.id, ({ state }) => state === 'RECEIVED');
    const { seal } = filing.network.audit.world.keysOf(OWNER);
    const act = { act: 'transfer', target: OWNER, reason: 'not-our-element' } as const;
    await other.transfer(moved.id, act, { kid: seal.kid, jwk: seal });
    await filing.until(code, moved.id, (one) => one.state === 'ROUTED' && one.owner === OWNER);
    expect((await owner.read(moved.id)).opened?.content).toEqual(moved.content);
    await owner.receive(moved.id);
  });

  /** An outline of another content. */
  function outlineWith(doubted: string) {
    const digest = valueHash(Buffer.alloc(32), doubted);
    return { exchangeId, digest, items: [{ element: ADDRESS, pointer: '/address' }], evidence: [] };
  }
});
