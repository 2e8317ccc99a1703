import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { isRevealed } from '#corrections';
import { newExchangeId } from '#kernel';
import { h1, parseStatement, signStatement, type ConcealmentPayload } from '#signing';
import type { ShownRecipients } from '../../apps/feedback/src/corrections/person-recipients.service.js';
import { Correcting } from './correcting.js';
import { Filing, OTHER_OWNER, PORTAL, RECIPIENT, type FiledCase } from './filing.js';
import { person } from './feedback-network.js';

jest.setTimeout(180_000);

const OPERATOR = 'TEST/GOV/1009/operator';
const DAY_MS = 24 * 60 * 60_000;

let filing: Filing;
let correcting: Correcting;

beforeAll(async () => {
  filing = await Filing.create();
  await filing.start({ concealmentAuthorities: [OTHER_OWNER], concealmentMaxMs: 30 * DAY_MS });
  correcting = new Correcting(filing);
});
afterAll(() => filing.close());

const shownTo = async (code: string, { id }: FiledCase) =>
  (await filing.portal(code, `/v1/corrections/${id}/recipients`)).body as unknown as ShownRecipients;
const membersOf = ({ recipients }: ShownRecipients) => recipients.map(({ subsystem }) => subsystem).sort();

/** What this member reads under an order that the person is not to know of. */
async function seenUnderOrder(code: string, member: typeof OTHER_OWNER): Promise<void> {
  const { network } = filing;
  const doc = h1(randomBytes(32), Buffer.from('act'));
  const said = { v: 1, t: 'access.concealment', ts: Date.now(), from: member, to: OPERATOR, doc } as const;
  const payload = { ...said, until: Date.now() + 10 * DAY_MS };
  const order = await signStatement<ConcealmentPayload>(
    { ...payload, id: newExchangeId() },
    network.audit.signerOf(member),
  );
  const prev = order.leafHash.toString('base64url');
  const second = await signStatement<ConcealmentPayload>(
    { ...payload, id: newExchangeId(), prev },
    network.audit.signerOf(OPERATOR),
  );
  await network.stamp(order);
  await network.stamp(second);
  const about = [person(`PIN/${code}`)];
  const { statement: asked, ...openings } = await network.requested(about, [], { from: member, snap: 2 });
  const statement = await signStatement(asked.payload, network.audit.signerOf(member));
  const answered = await network.answered(statement, [], { from: member, snap: 2 });
  await network.stamp(statement, answered.statement);
  const value = () => network.sealed({ statement, ...openings }, { concealment: second.leafHash });
  await network.send(await value(), await value());
  await correcting.indexed(statement.payload.id);
}

describe('whom the correction was told to', () => {
  it('is shown to the person, each member with a proof under the root that the log has', async () => {
    const code = 'TEST000001';
    const exchangeId = await filing.seen(code);
    await correcting.indexed(exchangeId);
    await correcting.indexed(await filing.seen(code, RECIPIENT));
    const made = await filing.routed({ code, exchangeId });
    expect(await shownTo(code, made)).toEqual({ recipients: [] });
    await correcting.correct(code, made);
    const shown = await shownTo(code, made);
    expect(membersOf(shown)).toEqual([PORTAL, RECIPIENT]);
    const { root = '', place, leaf } = shown;
    const bytes = (text: string) => Buffer.from(text, 'base64url');
    for (const { salt, index, size, path, ...recipient } of shown.recipients) {
      const proof = { salt: bytes(salt), index, size, path: path.map(bytes), recipient };
      expect(isRevealed(root, proof)).toBe(true);
      expect(isRevealed(root, { ...proof, recipient: { ...recipient, subsystem: OTHER_OWNER } })).toBe(false);
    }
    const stated = (await filing.network.audit.leaves()).find(({ idx }) => idx === place?.index);
    expect(stated?.leaf_hash.toString('base64url')).toBe(leaf);
    const parsed = parseStatement(Buffer.from(stated?.body ?? '').toString());
    expect(parsed.ok && parsed.value.payload).toMatchObject({ t: 'correction.propagating', doc: root });
    expect((await filing.portal('TEST000099', `/v1/corrections/${made.id}/recipients`)).status).toBe(404);
  });

  it('has no member that read under an order before its date, which is told all the same', async () => {
    const code = 'TEST000002';
    const exchangeId = await filing.seen(code);
    await correcting.indexed(exchangeId);
    await seenUnderOrder(code, OTHER_OWNER);
    const made = await filing.routed({ code, exchangeId });
    await correcting.correct(code, made);
    expect(membersOf(await shownTo(code, made))).toEqual([PORTAL]);
    const [notice] = await correcting.notices(OTHER_OWNER, 1);
    expect(notice?.subject).toBe(`TEST/PIN/${code}`);
  });
});
