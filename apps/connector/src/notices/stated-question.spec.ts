import { beforeAll, describe, expect, it } from '@jest/globals';
import type { QuestionContent } from '#deliveries';
import { newExchangeId, toBase64Url, type SubsystemId } from '#kernel';
import { generateSigningKey, jwkSigner, signStatement, type PrivateJwk, type QuestionAskedPayload } from '#signing';
import { buildWorld, FEEDBACK, withFeedback, type World } from '#testing';
import { checkQuestion, mayBeOutdated } from './stated-question.service.js';

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
  { key = world.keysOf(FEEDBACK).sign, kid = key.kid }: { key?: PrivateJwk; kid?: string } = {},
) {
  const { jws } = await signStatement({ ...ASKED, ...said }, { ...jwkSigner(key), kid });
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
const other = () => world.keysOf('TEST/gw1').sign;
const check = (content: unknown, head = HEAD) => checkQuestion(head, content, world.view);

describe('a question that is delivered', () => {
  it('is shown when feedback has signed it, for this subsystem, access and term', async () => {
    expect(check(await question())).toEqual({ ok: true, value: true });
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'another has signed it in the name of its key',
      () => question({}, {}, { key: other(), kid: world.keysOf(FEEDBACK).sign.kid }),
    ],
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

  it('is told apart where the snapshot lists no such key of feedback', async () => {
    for (const key of [generateSigningKey(), other()])
      expect(check(await question({}, {}, { key }))).toEqual({ ok: false, reason: 'question-key-unknown' });
  });

  it('is not where it is none', () => {
    expect(check({ code: 'WHY_LOOKED_UP' })).toEqual({ ok: false, reason: 'question-malformed' });
  });
});

describe('a snapshot that lacks a key', () => {
  const told = (ts: number, n = world.view.number) => ({
    payload: { v: 1, t: 'registry.manifest', id: ID, ts, n, until: ts + 600_000, doc: REQUEST } as const,
  });
  const isOutdated = (manifest: ReturnType<typeof told> | undefined, writtenMs = NOW) =>
    mayBeOutdated(world.view, manifest, writtenMs, NOW);

  it('may be outdated until its manifest is younger than the use of the key', () => {
    expect(isOutdated(undefined)).toBe(true);
    expect(isOutdated(told(NOW - 1))).toBe(true);
    expect(isOutdated(told(NOW))).toBe(true);
    expect(isOutdated(told(NOW + 1))).toBe(false);
  });

  it('is outdated while the one that the newest manifest names is still to be read', () => {
    expect(isOutdated(told(NOW + 1, world.view.number + 1))).toBe(true);
  });

  it('is not held to be outdated by who writes times that are far ahead', () => {
    expect(isOutdated(told(NOW), NOW + 300_000)).toBe(true);
    expect(isOutdated(told(NOW), NOW + 300_001)).toBe(false);
  });
});
