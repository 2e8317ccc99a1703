import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { BatchSubscription, OutgoingRecord, ReceivedRecord } from '#bus';
import {
  CASE_KINDS,
  deliveryRecord,
  LINK_REVOKED_KIND,
  sealDelivery,
  type LinkRevokedContent,
  type QuestionContent,
} from '#deliveries';
import { newExchangeId, toBase64Url, type SubsystemId } from '#kernel';
import { jwkSigner, KeyRing, publicJwk, signStatement, startSession, type ManifestPayload } from '#signing';
import type { RegistryView } from '#snapshot';
import { buildWorld, fakeClock, FEEDBACK, withFeedback, type World } from '#testing';
import { NoticeConsumer } from './notice.consumer.js';

const TO = 'TEST/GOV/1000/mygov' as SubsystemId;
const REQUEST = toBase64Url(Buffer.alloc(32, 7));
const NOW = Date.now();

let world: World;
/** As a connector has it that was not told yet of feedback's key. */
let older: RegistryView;
beforeAll(async () => {
  world = await buildWorld({ definition: withFeedback });
  older = Object.assign(Object.create(world.view) as RegistryView, { keyOf: () => undefined });
});

let registry: { view: RegistryView; manifestMs: number };
let [dead, flaws, taken]: [OutgoingRecord[], string[], number] = [[], [], 0];
let batch: BatchSubscription['batch'];
let consumer: NoticeConsumer;
const clock = fakeClock(NOW);

beforeEach(() => {
  registry = { view: older, manifestMs: NOW - 1_000 };
  [dead, flaws, taken] = [[], [], 0];
  const { sign, seal } = world.keysOf(TO);
  const subscription = { stop: () => Promise.resolve() };
  consumer = new NoticeConsumer({
    bus: {
      subscribe: (options) => {
        if ('batch' in options) batch = options.batch;
        return Promise.resolve(subscription as never);
      },
      publish: (records) => Promise.resolve(void dead.push(...records) as never),
    },
    database: { transaction: (work) => work({ query: () => Promise.resolve([{ id: 'x' }]) } as never) },
    subsystems: [TO],
    keys: KeyRing.parse([[TO, JSON.stringify({ keys: [sign, seal] })]]),
    registry: {
      current: () => registry.view,
      get manifestStatement() {
        return { payload: manifest(registry.manifestMs) };
      },
    },
    clock,
    held: () => 0,
    maxHeld: 10,
    taken: (notices) => void (taken += notices),
    flawed: (flaw) => void flaws.push(flaw),
    failed: () => undefined,
  });
  consumer.follow(world.view);
});

function manifest(ts: number): ManifestPayload {
  const { number: n } = world.view;
  return { v: 1, t: 'registry.manifest', id: newExchangeId(), ts, n, until: ts + 600_000, doc: REQUEST };
}

/** A genuine one, written now. */
async function question(): Promise<ReceivedRecord> {
  const [id, dueMs] = [newExchangeId(), NOW + 1_000];
  const asked = { v: 1, t: 'question.asked', id, ts: NOW, from: TO, to: TO, prev: REQUEST, until: dueMs } as const;
  const { jws: statement } = await signStatement(asked, jwkSigner(world.keysOf(FEEDBACK).sign));
  const about = { exchangeId: id, request: REQUEST, subject: 'TEST/PIN/TEST000001', role: 'subject' } as const;
  const said = { code: 'OTHER', language: 'en', dueAt: new Date(dueMs).toISOString() };
  const content: QuestionContent = { questionId: id, ...about, ...said, statement };
  const { seal } = world.keysOf(TO);
  const session = await startSession({ recipient: TO, kid: seal.kid, publicJwk: publicJwk(seal) });
  const head = { id, kind: 'question', to: TO, dueMs };
  const value = sealDelivery(head, content, session);
  return received(Buffer.from(deliveryRecord({ ...head, recipient: TO, value, madeMs: NOW, attempt: 1 })));
}

function received(value: Buffer): ReceivedRecord {
  return { topic: 'x', partition: 0, offset: 0n, timestampMs: NOW, key: null, value, headers: {} };
}

it('a question whose key our snapshot lacks waits, with its batch, for one that knows it', async () => {
  const records = [received(Buffer.from('nothing')), await question()];
  for (let attempt = 0; attempt < 2; attempt += 1)
    await expect(batch(records)).rejects.toMatchObject({ code: 'question-key-awaited' });
  expect([dead, taken]).toEqual([[], 0]);
  registry.view = world.view;
  await batch(records);
  expect([flaws, taken]).toEqual([['delivery-malformed'], 1]);
});

it('a question whose key a manifest from after it does not know is put away under that name', async () => {
  registry.manifestMs = NOW + 1;
  await batch([await question()]);
  expect([flaws, taken]).toEqual([['question-key-unknown'], 0]);
  expect(dead).toMatchObject([{ headers: { 'dead-reason': 'question-key-unknown' } }]);
});

it('leaves a flag to whoever takes flags, and puts a malformed one away', async () => {
  const content = { flag: 'f1', subject: 'TEST/PIN/TEST000001', element: 'address', isOn: true, option: 'FLAG' };
  const at = new Date(NOW).toISOString();
  await batch([await flag({ ...content, since: at, at, exemptPurposes: [] })]);
  expect([flaws, taken]).toEqual([[], 0]);
  await batch([await flag({ ...content, at })]);
  expect([flaws, taken]).toEqual([['dispute-malformed'], 0]);
});

async function flag(content: unknown): Promise<ReceivedRecord> {
  const { seal } = world.keysOf(TO);
  const session = await startSession({ recipient: TO, kid: seal.kid, publicJwk: publicJwk(seal) });
  const head = { id: newExchangeId(), kind: CASE_KINDS.dispute, to: TO };
  const value = sealDelivery(head, content, session);
  return received(Buffer.from(deliveryRecord({ ...head, recipient: TO, value, madeMs: NOW, attempt: 1 })));
}

it('takes the end of a link that feedback has stated, and puts another’s away', async () => {
  registry.view = world.view;
  await batch([await revocation(), await revocation({ granted: toBase64Url(Buffer.alloc(32, 8)) })]);
  expect([flaws, taken]).toEqual([['revocation-unstated'], 1]);
  await batch([await revocation({ subject: undefined } as never)]);
  expect(flaws).toEqual(['revocation-unstated', 'revocation-malformed']);
});

it('waits with the end of a link, too, for a snapshot that knows its key', async () => {
  await expect(batch([await revocation()])).rejects.toMatchObject({ code: 'question-key-awaited' });
  registry.manifestMs = NOW + 1;
  await batch([await revocation()]);
  expect([flaws, taken]).toEqual([['revocation-key-unknown'], 0]);
});

async function revocation(changes: Partial<LinkRevokedContent> = {}): Promise<ReceivedRecord> {
  const id = newExchangeId();
  const said = { v: 1, t: 'link.revoked', id, ts: NOW, from: TO, to: TO, prev: REQUEST } as const;
  const { jws: statement } = await signStatement(said, jwkSigner(world.keysOf(FEEDBACK).sign));
  const terms = { portal: TO, direction: 'TO_MEMBER', services: [], purposes: ['care'], notice: '2026-1' } as const;
  const content = {
    ...{ linkId: newExchangeId(), subject: 'TEST/PIN/TEST000001', granted: REQUEST, statement, ...terms },
    ...{ grantedAt: new Date(NOW - 1_000).toISOString(), revokedAt: new Date(NOW).toISOString(), ...changes },
  };
  const { seal } = world.keysOf(TO);
  const session = await startSession({ recipient: TO, kid: seal.kid, publicJwk: publicJwk(seal) });
  const head = { id, kind: LINK_REVOKED_KIND, to: TO };
  const value = sealDelivery(head, content, session);
  return received(Buffer.from(deliveryRecord({ ...head, recipient: TO, value, madeMs: NOW, attempt: 1 })));
}
