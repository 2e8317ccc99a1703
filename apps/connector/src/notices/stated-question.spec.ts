import { beforeAll, describe, expect, it } from '@jest/globals';
import type { QuestionContent } from '#deliveries';
import { newExchangeId, toBase64Url, type SubsystemId } from '#kernel';
import { jwkSigner, signStatement, type PrivateJwk, type QuestionAskedPayload } from '#signing';
import { buildWorld, FEEDBACK, withFeedback, type World } from '#testing';
import { checkQuestion } from './stated-question.service.js';

const TO = 'TEST/GOV/1000/portal' as SubsystemId;
const REQUEST = toBase64Url(Buffer.alloc(32, 7));
const [ID, OTHER] = [newExchangeId(), newExchangeId()];
const NOW = Date.now();
const HEAD = { id: ID, kind: 'question', to: TO, dueMs: NOW + 1_000 };
const ASKED = {
  v: 1,
  t: 'question.asked',
  id: ID,
  ts: NOW,
  from: TO,
  to: TO,
  prev: REQUEST,
  until: HEAD.dueMs,
} as const;

let world: World;
beforeAll(async () => {
  world = await buildWorld({ definition: withFeedback });
});

async function question(
  said: Partial<QuestionAskedPayload> = {},
  more: Partial<QuestionContent> = {},
  key: PrivateJwk = world.keysOf(FEEDBACK).sign,
) {
  const { jws } = await signStatement({ ...ASKED, ...said }, jwkSigner(key));
  const about = {
    questionId: ID,
    exchangeId: OTHER,
    request: REQUEST,
    subject: 'TEST/PIN/TEST000001',
    role: 'subject',
  };
  return {
    ...about,
    code: 'OTHER',
    language: 'en',
    dueAt: new Date(HEAD.dueMs).toISOString(),
    statement: jws,
    ...more,
  };
}
const check = (content: unknown, head = HEAD) => checkQuestion(head, content, world.view);

describe('a question that is delivered', () => {
  it('is shown when feedback has signed it, for this subsystem, access and term', async () => {
    expect(check(await question())).toEqual({ ok: true, value: true });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['another instance has signed it', () => question({}, {}, world.keysOf('TEST/gw1').sign)],
    ['it is to somebody else', () => question({ to: 'TEST/GOV/1001/population' })],
    ['it is another question', () => question({ id: OTHER })],
    ['it is told under another id', () => question({}, { questionId: OTHER })],
    ['its term is another', () => question({ until: NOW + 2_000 })],
    ['another term is shown', () => question({}, { dueAt: new Date(NOW).toISOString() })],
    ['it is about another access', () => question({}, { request: toBase64Url(Buffer.alloc(32, 8)) })],
    ['the key was not valid then', () => question({ ts: 1_000 })],
    ['it is no statement', () => question({}, { statement: 'x.y.z' })],
  ])('is not where %s', async (_, content) => {
    expect(check(await content())).toEqual({ ok: false, reason: 'question-unstated' });
  });

  it('is not where it is none', () => {
    expect(check({ code: 'WHY_LOOKED_UP' })).toEqual({ ok: false, reason: 'question-malformed' });
  });
});
