import { createPublicKey, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { QuestionContent } from '#deliveries';
import { fromBase64Url } from '#kernel';
import { parseStatement } from '#signing';
import { eventually } from '#testing';
import { makeVkey } from '#tlog';
import type { AccessRow } from '../../apps/feedback/web/access-row.js';
import type { Trust } from '../../apps/feedback/web/prove-leaf.js';
import { proveQuestion, questionVerdict } from '../../apps/feedback/web/prove-question.js';
import { ASKED, Asking, nobodysId, PORTAL, type Spoilt } from './asking.js';
import { person, type Stated } from './feedback-network.js';

jest.setTimeout(120_000);

/** Nobody of them exists. */
const [ANN, BEN, CID] = [person('PIN/TEST000001'), person('PIN/TEST000002'), person('PIN/TEST000003')];

let asking: Asking;
let trust: Trust;
/** About Ann; about Ben, asked by Ann; about both at once; and more about Ann. */
let ofAnn: Stated[];
let byAnn: Stated;
let ofBoth: Stated;

beforeAll(async () => {
  asking = await Asking.create();
  await asking.start({ maxOpenQuestions: 4, maxQuestionText: 100 });
  const { network } = asking;
  ofAnn = await Promise.all(Array.from({ length: 8 }, () => network.requested([ANN])));
  byAnn = await network.requested([BEN], [ANN]);
  ofBoth = await network.requested([ANN, CID]);
  await asking.lay(...ofAnn, byAnn, ofBoth);
  const vkeys = network.audit.noteKeys.map(({ name, publicKey }) => makeVkey(name, publicKey));
  trust = {
    vkeys,
    ed25519: (publicKey, message, signature) => {
      const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
      const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
      return Promise.resolve(verify(null, message, key, signature));
    },
  };
});
afterAll(() => asking.network.close());

/** Asked and opened by the recipient. */
async function asked(stated: Stated): Promise<QuestionContent> {
  const { status, body } = await asking.ask(ANN.code, await asking.row(ANN.code, stated));
  expect(status).toBe(201);
  const { content } = await asking.read(String(body['id']));
  if (content === undefined) throw new TypeError('not opened');
  return content;
}

describe('a question', () => {
  let content: QuestionContent;
  const [about] = [() => ofAnn[0] as Stated];

  it('is stated, sealed for the consumer alone, and stands beside its row', async () => {
    content = await asked(about());
    expect(content).toMatchObject({
      ...{ exchangeId: about().statement.payload.id, subject: 'TEST/PIN/TEST000001', role: 'subject' },
      ...{ code: 'WHY_LOOKED_UP', text: 'Неге?', language: 'kk' },
    });
    expect(fromBase64Url(content.request)).toEqual(about().statement.leafHash);
    await eventually(async () => (await asking.leaves()).includes(content.statement), { timeoutMs: 20_000 });
    const read = parseStatement(content.statement);
    const term = Date.parse(content.dueAt);
    expect(read).toMatchObject({
      value: { payload: { id: content.questionId, from: PORTAL, to: ASKED, prev: content.request, until: term } },
    });
    const { head, sealed } = await asking.delivered(content.questionId);
    expect(head).toEqual({ id: content.questionId, kind: 'question', to: ASKED, dueMs: term });
    expect(await asking.opened(content.questionId, term, sealed, ASKED)).toEqual(content);
    expect(await asking.opened(content.questionId, term, sealed, PORTAL)).toBeUndefined();
    const { feedback } = await asking.network.databases();
    const everything = await feedback.query('SELECT question::text, delivery::text FROM question, delivery');
    expect(JSON.stringify(everything)).not.toMatch(/TEST000001|WHY_LOOKED_UP/u);
  });

  it('is proven by the reader as soon as the log shows it', async () => {
    const row = await eventually(async () => {
      const found = await asking.row(ANN.code, about());
      return found.question?.evidence && found;
    });
    expect(row.question).toMatchObject({ state: 'asked', dueAt: content.dueAt });
    expect(await proveQuestion(row, trust)).toEqual({ asked: 'ok', answered: undefined });
  });

  it('is answered once, and the answer is shown in the reader’s language with its proof', async () => {
    const answer = { code: 'YOUR_APPLICATION', text: '3 қарашадағы өтінішіңіз.' };
    const given = await asking.signed(content, answer);
    const hand = () => asking.hand(content.questionId, { ...given, answer });
    const first = await hand();
    expect(first).toMatchObject({ status: 200, body: { state: 'answered', late: false } });
    expect(await hand()).toEqual(first);
    expect(await asking.answer(content, { code: 'OTHER' })).toMatchObject({ status: 409, code: 'question-answered' });
    const row = await eventually(async () => {
      const found = await asking.row(ANN.code, about());
      return found.question?.evidence?.answered && found;
    });
    expect(row.question).toMatchObject({
      ...{ state: 'answered', late: false, answer: { ...answer, title: 'Сіздің өтінішіңіз бойынша' } },
    });
    const findings = await proveQuestion(row, trust);
    expect(findings && questionVerdict(findings)).toBe('proven');
    const open = await asking.member(ASKED, '?state=open');
    expect(JSON.stringify(open.body)).not.toContain(content.questionId);
    expect((await asking.read(content.questionId)).said.body).not.toHaveProperty('sealed');
  });

  it.each<[string, (row: AccessRow) => AccessRow['question']]>([
    ['another answer', ({ question }) => ({ ...question!, answer: { code: 'ERROR' } })],
    ['another term', ({ question }) => ({ ...question!, dueAt: '2020-01-01T00:00:00.000Z' })],
    ['another question', ({ question }) => ({ ...question!, id: nobodysId() })],
  ])('is found false where feedback shows %s', async (_, change) => {
    const row = await asking.row(ANN.code, about());
    const findings = await proveQuestion({ ...row, question: change(row) }, trust);
    expect(findings && questionVerdict(findings)).toBe('false');
  });

  it('may be asked again when it is answered, and is shown then', async () => {
    const again = await asked(about());
    expect((await asking.row(ANN.code, about())).question).toMatchObject({ id: again.questionId, state: 'asked' });
    await asking.answer(again, { code: 'ERROR' });
  });
});

describe('nobody asks', () => {
  it.each<[string, () => Promise<{ status: number; code: string | undefined }>, number, string]>([
    [
      'about a leaf that is not there',
      () => spoilt({ leaf: { log: 'no.log.example/0', index: 1 } }),
      404,
      'access-unknown',
    ],
    [
      'about a leaf in no history',
      async () => spoilt({ leaf: { ...(await rowOf(0)).leaf, index: 1_000_000 } }),
      404,
      'access-unknown',
    ],
    [
      'about another person’s row',
      async () => asking.ask(CID.code, await rowOf(1), { subject: undefined }),
      404,
      'access-unknown',
    ],
    ['about a person who is not theirs', () => spoilt({ subject: 'TEST/PIN/TEST000002' }), 403, 'subject-not-yours'],
    ['in a role that they had not', () => spoilt({ role: 'user' }), 404, 'access-unknown'],
    ['with an unknown code', () => spoilt({ code: 'BECAUSE' }), 400, 'request-malformed'],
    ['in another language', () => spoilt({ language: 'fr' }), 400, 'request-malformed'],
    ['at too great length', () => spoilt({ text: 'x'.repeat(101) }), 400, 'text-too-long'],
    ['in half a character', () => spoilt({ text: '\ud800' }), 400, 'request-malformed'],
    ['with more than there is to say', () => spoilt({ sql: '1' }), 400, 'request-malformed'],
    ['without a leaf', () => spoilt({ leaf: undefined }), 400, 'request-malformed'],
  ])('%s', async (_, ask, status, code) => {
    expect(await ask()).toMatchObject({ status, code });
  });

  it('twice while it is open, nor in two persons’ names at once', async () => {
    const row = await asking.row(ANN.code, ofBoth);
    const both = await asking.ask(ANN.code, row, { subject: undefined }, [CID.code]);
    expect(both).toMatchObject({ status: 400, code: 'access-ambiguous' });
    const racing = await Promise.all([asking.ask(ANN.code, row), asking.ask(ANN.code, row), asking.ask(ANN.code, row)]);
    expect(racing.map(({ code }) => code ?? 'asked').sort()).toEqual(['asked', 'question-open', 'question-open']);
    // The represented one has a question of their own about the same exchange.
    const theirs = await asking.ask(ANN.code, row, { subject: 'TEST/PIN/TEST000003' }, [CID.code]);
    expect(theirs.status).toBe(201);
    const rows = await asking.rows(ANN.code, [CID.code]);
    const ids = rows.filter(({ exchangeId }) => exchangeId === row.exchangeId).map(({ question }) => question?.id);
    expect(new Set(ids).size).toBe(2);
  });

  it('more than a few at once, at whatever speed', async () => {
    const rows = await Promise.all(ofAnn.slice(1, 7).map((stated) => asking.row(ANN.code, stated)));
    const said = await Promise.all(rows.map((row) => asking.ask(ANN.code, row)));
    const codes = said.map(({ code }) => code ?? 'asked');
    // One is open from before.
    expect(codes.filter((code) => code === 'asked')).toHaveLength(3);
    expect(codes.filter((code) => code === 'questions-too-many')).toHaveLength(3);
  });

  const rowOf = (at: number) => asking.row(ANN.code, ofAnn[at] as Stated);
  const spoilt = async (changes: object) => asking.ask(ANN.code, await rowOf(1), changes);
});

it('a person asks also why somebody acted in their name', async () => {
  const row = (await asking.rows(ANN.code)).find(({ role }) => role === 'user') as AccessRow;
  expect(row.exchangeId).toBe(byAnn.statement.payload.id);
  // Four are open, until one is answered.
  const [first] = (await asking.member(ASKED, '?state=open&limit=1')).body['questions'] as { id: string }[];
  const { content } = await asking.read(first?.id ?? '');
  await asking.answer(content as QuestionContent, { code: 'LEGAL_DUTY' });
  const { status, body } = await asking.ask(ANN.code, row, { code: 'NOT_MY_CASE', text: undefined });
  expect(status).toBe(201);
  const read = await asking.read(String(body['id']));
  expect(read.content).toMatchObject({ role: 'user', code: 'NOT_MY_CASE', subject: 'TEST/PIN/TEST000001' });
  expect(read.content).not.toHaveProperty('text');
});

describe('an answer is not taken', () => {
  let content: QuestionContent;
  beforeAll(async () => {
    const listed = (await asking.member(ASKED, '?state=open&limit=100')).body['questions'] as { id: string }[];
    content = (await asking.read(listed.at(-1)?.id ?? '')).content as QuestionContent;
  });

  it.each<[string, Spoilt, number, string, string | undefined]>([
    ['of another member', { as: PORTAL, signedAs: PORTAL }, 404, 'question-unknown', undefined],
    ['with another’s signature', { signedAs: PORTAL }, 400, 'answer-unsound', 'signer'],
    ['to another statement', { statement: { prev: 'A'.repeat(43) } }, 400, 'answer-unsound', 'prev'],
    ['under another id', { statement: { id: nobodysId() } }, 400, 'answer-unsound', 'id'],
    ['to another portal', { statement: { from: ASKED } }, 400, 'answer-unsound', 'parties'],
    ['of another digest', { instead: { code: 'ERROR' } }, 400, 'answer-unsound', 'digest'],
    ['of long ago', { statement: { ts: Date.now() - 86_400_000 } }, 400, 'answer-unsound', 'time'],
    ['of tomorrow', { statement: { ts: Date.now() + 86_400_000 } }, 400, 'answer-unsound', 'time'],
    ['of an unknown code', { instead: { code: 'BECAUSE' } }, 400, 'request-malformed', undefined],
    ['of too many words', { instead: { code: 'OTHER', text: 'x'.repeat(101) } }, 400, 'text-too-long', undefined],
  ])('%s', async (_, spoilt, status, code, problem) => {
    expect(await asking.answer(content, { code: 'OTHER' }, spoilt)).toMatchObject({ status, code, problem });
  });

  it('that is no statement, or answers nothing', async () => {
    const { statement, salt } = await asking.signed(content, { code: 'OTHER' });
    const answer = { code: 'OTHER' };
    const hand = (changes: object) => asking.hand(content.questionId, { statement, salt, answer, ...changes });
    expect(await hand({ statement: 'x' })).toMatchObject({ code: 'request-malformed' });
    expect(await hand({ statement: content.statement })).toMatchObject({ code: 'answer-unsound', problem: 'signer' });
    expect(await hand({ salt: 'AAAA' })).toMatchObject({ code: 'request-malformed' });
    const given = { statement, salt, answer };
    expect(await asking.hand(nobodysId(), given)).toMatchObject({ status: 404, code: 'question-unknown' });
    expect(await asking.hand('1', given)).toMatchObject({ status: 400, code: 'request-malformed' });
    expect((await asking.member(PORTAL, '?state=open')).body).toEqual({ questions: [] });
    expect(await hand({})).toMatchObject({ status: 200 });
  });
});
