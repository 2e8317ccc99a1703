import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { correctionTopic } from '#contracts';
import { outlineOf, valueHash, type CaseState, type OwnerAct } from '#corrections';
import { CASE_KINDS, openDelivery, readCorrected, readDelivery, readDispute } from '#deliveries';
import { newExchangeId, toBase64Url, type SubsystemId } from '#kernel';
import { parseStatement, signStatement, type Statement, type StatementPayload } from '#signing';
import { eventually, uniqueName } from '#testing';
import {
  ADDRESS,
  BIRTH,
  BIRTH_ITEM,
  Filing,
  OTHER_OWNER,
  OWNER,
  PORTAL,
  PROPERTY,
  RECIPIENT,
  type FiledCase,
  type Said,
} from './filing.js';

jest.setTimeout(180_000);

/** Nobody of them exists. Each files once, so that no case is another's duplicate. */
let nextPerson = 1;
const somebody = () => `TEST${String(nextPerson++).padStart(6, '0')}`;
const salt = () => toBase64Url(randomBytes(32));

const PLACE = { service: 'TEST/GOV/1001/population/persons', endpoint: 'GET /{pin}', language: 'en' };
const REQUEST = { kind: 'ERROR', service: 'TEST/GOV/1001/population/persons', endpoint: 'GET /{pin}' };

let filing: Filing;
beforeAll(async () => {
  filing = await Filing.create();
  await filing.start();
});
afterAll(() => filing.close());

async function routed(items: Parameters<Filing['routed']>[0]['items'] = [BIRTH_ITEM]) {
  const code = somebody();
  const exchangeId = await filing.seen(code);
  return { code, exchangeId, filed: await filing.routed({ code, exchangeId, items }) };
}

function act(
  id: string,
  said: OwnerAct,
  as: SubsystemId = OWNER,
  content?: { id: string; sealed: string },
): Promise<Said> {
  return filing.memberStep(as, `/v1/owner/corrections/${id}/steps`, said, content);
}

/** The owner's acts, each waited for until it stands in the log. */
async function acts(code: string, { id }: FiledCase, ...steps: readonly [OwnerAct, CaseState][]): Promise<void> {
  for (const [said, state] of steps) {
    const { status, body } = await act(id, said);
    expect([status, body['refusal'], body['problem']]).toEqual([200, undefined, undefined]);
    await filing.until(code, id, (standing) => standing.state === state);
  }
}

const signed = (payload: unknown, by: string): Promise<Statement> =>
  signStatement(payload as StatementPayload, filing.network.audit.signerOf(by));

const receivedBy = ({ content }: FiledCase): OwnerAct => ({ act: 'receive', receiptOver: outlineOf(content).digest });
const accepted = (): OwnerAct => ({
  ...{ act: 'decide', outcome: 'ACCEPTED', reasonCode: 'error-confirmed', legalRef: 'art. 12' },
  ...{ remedies: [], accepted: [0], approvedBy: 'officer-1', salt: salt() },
});

/** Deliveries of these kinds to a subsystem, opened by it. */
async function delivered(to: SubsystemId, kind: string, isIt: (content: unknown) => boolean): Promise<unknown> {
  const found: unknown[] = [];
  const key = filing.network.audit.world.keysOf(to).seal;
  const subscription = await filing.network.bus.subscribe({
    ...{
      topics: [correctionTopic(to).name],
      group: uniqueName('spec'),
      startAt: { kind: 'earliest' },
      maxInFlight: 100,
    },
    onError: () => undefined,
    each: async ({ value }) => {
      const read = readDelivery(value);
      if (!read.ok || read.value.head.kind !== kind) return;
      const opened = await openDelivery(read.value.head, read.value.sealed, (_to, kid) =>
        kid === key.kid ? key : undefined,
      );
      if (opened.ok && isIt(opened.value)) found.push(opened.value);
    },
  });
  const first = await eventually(() => found[0], { timeoutMs: 30_000 });
  await subscription.stop();
  return first;
}

describe('a correction', () => {
  it('goes from the request to the recipients, each step a leaf of who took it', async () => {
    const { code, filed } = await routed();
    const alsoTold = await filing.seen(code, RECIPIENT);
    await acts(code, filed, [receivedBy(filed), 'RECEIVED'], [{ act: 'start' }, 'IN_REVIEW']);
    const subject = `TEST/PIN/${code}`;
    const flag = await delivered(OWNER, CASE_KINDS.dispute, (content) => readDispute(content)?.subject === subject);
    expect(readDispute(flag)).toMatchObject({ element: BIRTH, isOn: true, option: 'FLAG' });
    await acts(code, filed, [accepted(), 'ACCEPTED']);
    const newValueHash = valueHash(filed.salt, '1990-01-02');
    const values = [{ item: 0, newValueHash }];
    await acts(code, filed, [{ act: 'correct', values, effectiveFrom: '1990-01-02', salt: salt() }, 'PROPAGATING']);
    const told = await delivered(
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
    await delivered(PORTAL, CASE_KINDS.corrected, (content) => readCorrected(content)?.subject === subject);
    await delivered(OWNER, CASE_KINDS.dispute, (content) => {
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
    const code = somebody();
    const exchangeId = await filing.seen(code);
    const filed = await filing.routed({ code, exchangeId });
    const again = await filing.portal(code, '/v1/corrections', {
      ...{ correctionId: filed.id, kind: 'ERROR', subject: `TEST/PIN/${code}`, r: salt(), contentId: newExchangeId() },
      ...{ service: 'TEST/GOV/1001/population/persons', endpoint: 'GET /{pin}', language: 'en' },
      outline: { exchangeId, digest: valueHash(randomBytes(32), 1), items: [{ pointer: '/x' }], evidence: [] },
    });
    expect([again.status, again.body['code']]).toEqual([409, 'case-exists']);
    const receipt = receivedBy(filed);
    const payload = await filing.member(OWNER, `/v1/owner/corrections/${filed.id}/steps`, receipt);
    expect(payload.body['payload']).toMatchObject({ t: 'correction.received', seq: 3, was: 'ROUTED', now: 'RECEIVED' });
  });

  it('is decided by one of two who decide at once; the other is told', async () => {
    const { code, filed } = await routed();
    await acts(code, filed, [receivedBy(filed), 'RECEIVED'], [{ act: 'start' }, 'IN_REVIEW']);
    const rejected: OwnerAct = {
      ...{ act: 'decide', outcome: 'REJECTED', reasonCode: 'data-correct', legalRef: 'art. 12' },
      ...{ remedies: ['court'], accepted: [], approvedBy: 'officer-2', salt: salt() },
    };
    const both = await Promise.all([act(filed.id, accepted()), act(filed.id, rejected)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const lost = both.find(({ status }) => status === 409);
    expect(['unstamped', 'decided-already', 'too-late']).toContain(lost?.body['refusal']);
    const standing = await filing.until(code, filed.id, ({ decision }) => decision !== undefined);
    expect(standing.seq).toBe(5);
  });

  it('is withdrawn by the person, and its flag goes', async () => {
    const { code, filed } = await routed();
    await acts(code, filed, [receivedBy(filed), 'RECEIVED'], [{ act: 'start' }, 'IN_REVIEW']);
    await filing.portalStep(code, `/v1/corrections/${filed.id}/steps`, { act: 'withdraw' });
    await filing.until(code, filed.id, ({ state }) => state === 'WITHDRAWN');
    await delivered(OWNER, CASE_KINDS.dispute, (content) => {
      const read = readDispute(content);
      return read?.subject === `TEST/PIN/${code}` && !read.isOn;
    });
    const late = await act(filed.id, accepted());
    expect([late.status, late.body['refusal']]).toEqual([409, 'case-withdrawn']);
  });

  it('is transferred to who holds the datum, who alone sees it then', async () => {
    const { code, filed } = await routed([{ element: PROPERTY, pointer: '/property', doubted: 'x', proposed: 'y' }]);
    expect((await filing.member(OWNER, `/v1/owner/corrections/${filed.id}`)).status).toBe(404);
    const { body } = await filing.member(OTHER_OWNER, `/v1/owner/corrections/${filed.id}`);
    expect(body).toMatchObject({ state: 'ROUTED', owner: OTHER_OWNER, sealed: expect.any(String) });
    const over = filing.memberStep.bind(filing);
    const path = `/v1/owner/corrections/${filed.id}/steps`;
    await over(OTHER_OWNER, path, receivedBy(filed));
    await filing.until(code, filed.id, ({ state }) => state === 'RECEIVED');
    const foreign = await over(OTHER_OWNER, path, { act: 'transfer', target: RECIPIENT, reason: 'not-our-element' });
    expect(foreign.body['refusal']).toBe('target-refuses');
    const contentId = newExchangeId();
    const sealed = await filing.sealed(OWNER, contentId, {
      correctionId: filed.id,
      ...REQUEST,
      content: filed.content,
    });
    const transfer = { act: 'transfer', target: OWNER, reason: 'copy-stale' };
    const done = await over(OTHER_OWNER, path, transfer, { id: contentId, sealed });
    expect(done.status).toBe(200);
    await filing.until(code, filed.id, ({ state, owner }) => state === 'ROUTED' && owner === OWNER);
    expect((await filing.member(OTHER_OWNER, `/v1/owner/corrections/${filed.id}`)).status).toBe(404);
    const now = await filing.member(OWNER, `/v1/owner/corrections/${filed.id}`);
    expect(now.body).toMatchObject({
      contentId,
      sealed,
      requestDoc: outlineOf(filed.content).digest,
    });
  });
});

describe('a request that several owners answer', () => {
  it('is split once its parts are filed, takes no step of its own, and closes after the last of them', async () => {
    const code = somebody();
    const exchangeId = await filing.seen(code);
    const property = { element: PROPERTY, pointer: '/property', doubted: 'x', proposed: 'y' } as const;
    const parts = [
      { correctionId: newExchangeId(), owner: OWNER, items: [0] },
      { correctionId: newExchangeId(), owner: OTHER_OWNER, items: [1] },
    ] as const;
    const whole = await filing.file({ code, exchangeId, items: [BIRTH_ITEM, property], changes: { parts } });
    expect(whole.said.status).toBe(200);
    for (const [at, { correctionId }] of parts.entries()) {
      const items = [at === 0 ? BIRTH_ITEM : property];
      const part = await filing.file({ code, exchangeId, items, changes: { correctionId, parentId: whole.id } });
      expect(part.said.status).toBe(200);
    }
    const split = await filing.until(
      code,
      whole.id,
      ({ state, parts: made }) => state === 'ROUTED' && made.length === 2,
    );
    expect(split.parts).toEqual(parts.map(({ correctionId }) => correctionId));
    const path = `/v1/corrections/${whole.id}/steps`;
    expect((await filing.portalStep(code, path, { act: 'withdraw' })).body['refusal']).toBe('act-on-the-parts');
    expect((await filing.member(OWNER, `/v1/owner/corrections/${whole.id}`)).body['sealed']).toBeUndefined();
    for (const { correctionId } of parts) {
      await filing.until(code, correctionId, ({ state, partOf }) => state === 'ROUTED' && partOf === whole.id);
      await filing.portalStep(code, `/v1/corrections/${correctionId}/steps`, { act: 'withdraw' });
    }
    await filing.until(code, whole.id, ({ state }) => state === 'CLOSED');
  });
});

describe('a request is refused', () => {
  it('about somebody else’s exchange, and about somebody else', async () => {
    const [code, other] = [somebody(), somebody()];
    const exchangeId = await filing.seen(other);
    const foreign = await filing.file({ code, exchangeId });
    expect([foreign.said.status, foreign.said.body['refusal']]).toEqual([409, 'exchange-foreign']);
    const subject = await filing.file({ code, exchangeId, changes: { subject: `TEST/PIN/${other}` } });
    expect(subject.said.body['code']).toBe('subject-not-yours');
  });

  it.each([
    [
      'an element that the answer has not',
      [{ element: 'person.shoe-size', pointer: '/shoes', doubted: 1 }],
      'element-unknown',
    ],
  ])('of %s', async (_what, items, refusal) => {
    const code = somebody();
    const exchangeId = await filing.seen(code);
    const { said } = await filing.file({ code, exchangeId, items });
    expect(said.body['refusal']).toBe(refusal);
  });

  it('under an unknown profile, and for two owners at once', async () => {
    const code = somebody();
    const exchangeId = await filing.seen(code);
    const unknown = await filing.file({ code, exchangeId, changes: { profile: 'mars' } });
    expect(unknown.said.body['code']).toBe('terms-unknown');
    const items = [BIRTH_ITEM, { element: PROPERTY, pointer: '/property', doubted: 'x', proposed: 'y' }];
    const two = await filing.file({ code, exchangeId, items });
    expect(two.said.body).toMatchObject({ code: 'case-parties', owners: [OWNER, OTHER_OWNER] });
  });

  it('as a duplicate, which is linked to the case that is open', async () => {
    const { code, exchangeId, filed } = await routed();
    const second = await filing.file({ code, exchangeId });
    expect(second.said.body).toMatchObject({ refusal: 'duplicate', correctionId: filed.id });
    await filing.until(code, filed.id, ({ duplicates }) => duplicates.includes(second.id));
    // Whoever goes on does not hold up the owner: it is linked some times, and refused always.
    for (let more = 0; more < 7; more += 1)
      expect((await filing.file({ code, exchangeId })).said.body).toMatchObject({ refusal: 'duplicate' });
    const linked = await filing.until(code, filed.id, () => true);
    expect(linked.duplicates.length).toBeLessThanOrEqual(5);
    // Of another datum it is none.
    const other = await filing.file({
      code,
      exchangeId,
      items: [{ element: ADDRESS, pointer: '/address', doubted: 'x' }],
    });
    expect(other.said.status).toBe(200);
  });
});

describe('feedback', () => {
  /** Nothing that anybody else would write. */
  const secrets = ['UNMISTAKABLE-DOUBTED', 'UNMISTAKABLE-PROPOSED', 'UNMISTAKABLE-REASON', 'UNMISTAKABLE-ATTACHED'];
  const [doubted = '', proposed = '', explanation = '', attached = ''] = secrets;

  it('holds none of what was doubted, proposed, explained or attached: in no table, on no topic', async () => {
    const code = somebody();
    const exchangeId = await filing.seen(code);
    const items = [{ element: BIRTH, pointer: '/birth', doubted, proposed, explanation }];
    const bytes = Buffer.from(attached).toString('base64');
    const attachments = [{ name: `${attached}.txt`, mediaType: 'text/plain', bytes } as const];
    const filed = await filing.routed({ code, exchangeId, items, attachments });
    const path = `/v1/owner/corrections/${filed.id}`;
    const { body } = await filing.member(OWNER, path);
    expect(await openedBy(OWNER, String(body['contentId']), String(body['sealed']))).toContain(doubted);
    await acts(code, filed, [receivedBy(filed), 'RECEIVED'], [{ act: 'start' }, 'IN_REVIEW'], [accepted(), 'ACCEPTED']);
    const values = [{ item: 0, newValueHash: valueHash(filed.salt, proposed) }];
    await acts(code, filed, [{ act: 'correct', values, effectiveFrom: '1990-01-02', salt: salt() }, 'PROPAGATING']);
    const needles = secrets.flatMap((text) => [text, Buffer.from(text).toString('base64').slice(0, -3)]);
    const spelled = needles.flatMap((text) => [text, Buffer.from(text).toString('hex')]);
    const { feedback } = await filing.network.databases();
    const tables = await feedback.query<{ name: string }>(
      `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = current_schema()`,
    );
    expect(tables.length).toBeGreaterThan(15);
    for (const { name } of tables) {
      const found = await feedback.query(
        `SELECT FROM ${name} AS row, unnest($1::text[]) AS word WHERE strpos(row::text, word) > 0`,
        [spelled],
      );
      expect({ table: name, found: found.length }).toEqual({ table: name, found: 0 });
    }
    const [all = Buffer.alloc(0)] = await everything(OWNER);
    expect(all.length).toBeGreaterThan(1_000);
    expect(needles.filter((text) => all.includes(text))).toEqual([]);
  });
});

describe('nobody else', () => {
  it('gets a case for its first statement, which is a leaf that others can read', async () => {
    const code = somebody();
    const exchangeId = await filing.seen(code);
    const filed = await filing.routed({ code, exchangeId });
    const first = (await filing.network.audit.leaves()).flatMap(({ body }) => {
      const jws = Buffer.from(body).toString('latin1');
      const parsed = parseStatement(jws);
      return parsed.ok && parsed.value.payload.id === filed.id ? [jws] : [];
    })[0];
    const body = {
      ...{ correctionId: filed.id, kind: 'ERROR', r: salt(), contentId: newExchangeId(), ...PLACE, statement: first },
      outline: outlineOf(filed.content),
    };
    const [other, own] = [somebody(), code];
    const stolen = await filing.portal(other, '/v1/corrections', { ...body, subject: `TEST/PIN/${other}` });
    expect([stolen.status, stolen.body['code']]).toEqual([409, 'case-exists']);
    const again = await filing.portal(own, '/v1/corrections', { ...body, subject: `TEST/PIN/${own}` });
    expect(again.body).toMatchObject({ standing: { id: filed.id } });
  });

  it('makes a case a part of a whole that does not name it', async () => {
    const code = somebody();
    const exchangeId = await filing.seen(code);
    const alone = await filing.file({ code, exchangeId, changes: { parentId: newExchangeId() } });
    expect(alone.said.body['code']).toBe('case-parties');
    const filed = await filing.routed({ code, exchangeId });
    const beside = await filing.file({ code, exchangeId, changes: { parentId: filed.id } });
    expect(beside.said.body['code']).toBe('case-parties');
  });

  it('sees a case, or acts in it: neither another person, nor another owner, nor another key', async () => {
    const { code, filed } = await routed();
    expect((await filing.portal(somebody(), `/v1/corrections/${filed.id}`)).body['code']).toBe('case-unknown');
    expect((await act(filed.id, receivedBy(filed), RECIPIENT)).body['code']).toBe('case-unknown');
    const path = `/v1/owner/corrections/${filed.id}/steps`;
    const { body } = await filing.member(OWNER, path, receivedBy(filed));
    const statement = (await signed(body['payload'], RECIPIENT)).jws;
    const forged = await filing.member(OWNER, path, { ...receivedBy(filed), statement });
    expect(forged.body).toMatchObject({ code: 'step-unsound', problem: 'signer' });
    const changed = { ...(body['payload'] as { due: number }), due: 1 };
    const bent = await filing.member(OWNER, path, {
      ...receivedBy(filed),
      statement: (await signed(changed, OWNER)).jws,
    });
    expect(bent.body).toMatchObject({ code: 'step-unsound', problem: 'payload' });
    expect((await filing.portal(code, `/v1/corrections/${filed.id}`)).body).toMatchObject({ state: 'ROUTED', seq: 2 });
  });

  it('goes on with a case whose next step somebody has put into the log by themselves', async () => {
    const { code, filed } = await routed();
    const { body } = await filing.member(OWNER, `/v1/owner/corrections/${filed.id}/steps`, receivedBy(filed));
    await filing.network.stamp(await signed(body['payload'], OWNER));
    const astray = await eventually(async () => {
      const said = await act(filed.id, { act: 'start' });
      return said.body['code'] === 'case-astray' ? said : undefined;
    });
    expect(astray.status).toBe(409);
    expect((await filing.portal(code, `/v1/corrections/${filed.id}`)).body).toMatchObject({ state: 'ROUTED' });
  });
});

/** What a subsystem opens of what feedback hands on to it. */
async function openedBy(to: SubsystemId, id: string, sealed: string): Promise<string> {
  const key = filing.network.audit.world.keysOf(to).seal;
  const head = { id, kind: CASE_KINDS.request, to };
  const opened = await openDelivery(head, Buffer.from(sealed, 'base64url'), (_to, kid) =>
    kid === key.kid ? key : undefined,
  );
  return opened.ok ? JSON.stringify(opened.value) : '';
}

/** All that was ever brought to a subsystem, as the broker holds it. */
async function everything(to: SubsystemId): Promise<Buffer[]> {
  const parts: Buffer[] = [];
  const subscription = await filing.network.bus.subscribe({
    ...{
      topics: [correctionTopic(to).name],
      group: uniqueName('spec'),
      startAt: { kind: 'earliest' },
      maxInFlight: 100,
    },
    onError: () => undefined,
    each: ({ value }) => {
      parts.push(Buffer.from(value));
    },
  });
  await eventually(() => parts.length >= 3, { timeoutMs: 20_000 });
  await subscription.stop();
  return [Buffer.concat(parts)];
}

async function inTheLog(id: string, expected: readonly [string, string | undefined][]): Promise<void> {
  const leaves = (await filing.network.audit.leaves()).flatMap(({ body }) => {
    const parsed = parseStatement(Buffer.from(body).toString('latin1'));
    return parsed.ok && parsed.value.payload.id === id ? [parsed.value] : [];
  });
  expect(leaves.map(({ payload }) => payload.t)).toEqual(expected.map(([type]) => type));
  const kidOf = (who: string | undefined) =>
    who === undefined ? expect.any(String) : filing.network.audit.world.keysOf(who).sign.kid;
  expect(leaves.map(({ kid }) => kid)).toEqual(expected.map(([, who]) => kidOf(who)));
}
