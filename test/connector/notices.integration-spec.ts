import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { deliveryRecord, LINK_REVOKED_KIND, sealDelivery } from '#deliveries';
import { newExchangeId, toBase64Url, type SubsystemId } from '#kernel';
import type { RunningApp } from '#platform';
import { makeReaderToken } from '#reader-auth';
import {
  generateSealingKey,
  jwkSigner,
  publicJwk,
  signStatement,
  startSession,
  type LinkRevokedPayload,
  type PrivateJwk,
} from '#signing';
import { eventually, FEEDBACK, withFeedback } from '#testing';
import type { ConnectorConfig } from '../../apps/connector/src/connector.config.js';
import type { AgencyCallSeen } from './agency-stand-in.js';
import { ConnectorNetwork, CONSUMER, PROVIDER } from './connector-network.js';

const to = PROVIDER as SubsystemId;
const AUDIENCE = 'https://connector.test.example';
const content = { code: 'WHY_LOOKED_UP', text: 'Why?' };
const [MADE_MS, DUE_MS] = [1_800_000_000_000, 1_900_000_000_000];

let network: ConnectorNetwork;
let app: RunningApp;
beforeAll(async () => {
  network = await ConnectorNetwork.create(withFeedback);
}, 60_000);
afterAll(() => network.close());
afterEach(() => app.close());
beforeEach(() => void network.agency.calls.splice(0));

const pushed = (): Partial<ConnectorConfig> => ({
  ...{ publicUrl: AUDIENCE, notices: [`${PROVIDER}=${network.agency.url}/notices?from=kerege`] },
  ...{ noticeRetryMs: 1, noticeLongestRetryMs: 20, noticeTimeoutMs: 5_000, noticeAttempts: 4 },
});
const start = async (changes: Partial<ConnectorConfig> = {}) => {
  app = await network.start({ ...pushed(), ...changes });
};

interface Made {
  readonly id?: string;
  readonly key?: PrivateJwk;
  readonly recipient?: string;
  /** Whose key says, in the name of feedback's, that it was asked. */
  readonly by?: string;
}

/** A record as feedback makes it. */
async function made({
  id = newExchangeId(),
  key = network.world.keysOf(PROVIDER).seal,
  recipient = to,
  by = FEEDBACK,
}: Made = {}) {
  const head = { id, kind: 'question', to: recipient as SubsystemId, dueMs: DUE_MS };
  const session = await startSession({ recipient, kid: key.kid, publicJwk: publicJwk(key) });
  const value = sealDelivery(head, await questionOf(id, recipient, by), session);
  return Buffer.from(deliveryRecord({ ...head, recipient, value, madeMs: MADE_MS, attempt: 1 }));
}

async function questionOf(id: string, recipient: string, by: string) {
  const request = toBase64Url(Buffer.alloc(32, 7));
  const asked = { v: 1, t: 'question.asked', id, ts: MADE_MS, from: CONSUMER, to: recipient, prev: request } as const;
  const { kid } = network.world.keysOf(FEEDBACK).sign;
  const signer = { ...jwkSigner(network.world.keysOf(by).sign), kid };
  const { jws: statement } = await signStatement({ ...asked, until: DUE_MS }, signer);
  const about = { exchangeId: id, request, subject: 'TEST/PIN/TEST000001', role: 'subject', language: 'en' };
  return { ...content, questionId: id, ...about, dueAt: new Date(DUE_MS).toISOString(), statement };
}

/** That a person has ended a link with the subsystem. */
async function revocation(id: string) {
  const said = { v: 1, t: 'link.revoked', id, ts: MADE_MS, from: CONSUMER, to, prev: toBase64Url(Buffer.alloc(32, 7)) };
  const { jws: statement } = await signStatement(
    said as LinkRevokedPayload,
    jwkSigner(network.world.keysOf(FEEDBACK).sign),
  );
  const at = new Date(MADE_MS).toISOString();
  const terms = { portal: CONSUMER, direction: 'FROM_MEMBER', services: [], purposes: ['care'], notice: '2026-1' };
  const told = {
    ...terms,
    linkId: id,
    subject: 'TEST/PIN/TEST000001',
    granted: said.prev,
    grantedAt: at,
    revokedAt: at,
  };
  const { seal } = network.world.keysOf(PROVIDER);
  const session = await startSession({ recipient: to, kid: seal.kid, publicJwk: publicJwk(seal) });
  const head = { id, kind: LINK_REVOKED_KIND, to };
  const value = sealDelivery(head, { ...told, statement }, session);
  const record = deliveryRecord({ ...head, recipient: to, value, madeMs: MADE_MS, attempt: 1 });
  return { value: Buffer.from(record), content: { ...told, statement } };
}

async function send(...values: readonly Buffer[]): Promise<void> {
  const { topic = '' } = network.world.view.correctionsOf(to) ?? {};
  await network.bus.publish(values.map((value) => ({ topic, partition: 0, key: 'x', value })));
}

async function sendOne(): Promise<string> {
  const id = newExchangeId();
  await send(await made({ id }));
  return id;
}

const callsOf = (id: string) => network.agency.calls.filter(({ headers }) => headers['kerege-notice-id'] === id);
const ids = () => network.agency.calls.map(({ headers }) => headers['kerege-notice-id']);

function answering(answer: (call: AgencyCallSeen, attempt: number) => number | 'silence' | 'cut'): void {
  const attempts = new Map<unknown, number>();
  network.agency.answer = (call, response) => {
    const id = call.headers['kerege-notice-id'];
    const attempt = (attempts.get(id) ?? 0) + 1;
    attempts.set(id, attempt);
    const said = answer(call, attempt);
    if (said === 'cut') response.socket?.destroy();
    else if (said !== 'silence') response.writeHead(said, said < 400 ? { location: '/elsewhere' } : {}).end('said');
  };
}

async function api(method: string, path: string, { as = PROVIDER, body }: { as?: string; body?: unknown } = {}) {
  const key = network.world.keysOf(as).sign;
  const token = await makeReaderToken({ subsystem: as, audience: AUDIENCE, key, nowMs: Date.now() });
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>) };
}

const listed = async (state: string) => (await api('GET', `/v1/notices?state=${state}`)).body?.['notices'] as never[];

describe('a notice', () => {
  it('is brought to the agency’s system once, also where its record comes twice', async () => {
    answering(() => 202);
    await start();
    const record = await made();
    await send(record, record);
    const last = await sendOne();
    await eventually(() => callsOf(last).length === 1);
    expect(network.agency.calls).toHaveLength(2);
    const [{ method, target, headers, body } = { body: Buffer.alloc(0) } as never] = network.agency.calls;
    expect([method, target, headers['content-type']]).toEqual(['POST', '/notices?from=kerege', 'application/json']);
    expect(JSON.parse(body.toString())).toEqual({
      ...{ id: headers['kerege-notice-id'], kind: 'question', to: PROVIDER, content: expect.objectContaining(content) },
      ...{ madeAt: '2027-01-15T08:00:00.000Z', dueAt: '2030-03-17T17:46:40.000Z' },
    });
    await eventually(async () => (await listed('waiting')).length === 0);
  });

  it('comes again after an error, a redirect and a cut connection, under its id, and those behind it wait', async () => {
    const says = [500, 302, 'cut', 200] as const;
    let first = '';
    answering((call, attempt) => (call.headers['kerege-notice-id'] === first ? (says[attempt - 1] ?? 500) : 200));
    await start();
    first = newExchangeId();
    const second = newExchangeId();
    await send(await made({ id: first }), await made({ id: second }));
    await eventually(() => callsOf(second).length === 1);
    expect(ids()).toEqual([first, first, first, first, second]);
    expect(network.agency.calls.every(({ target }) => target.startsWith('/notices'))).toBe(true);
  });

  it('is parked when the system is silent to the end; its owner replays or discards it', async () => {
    answering(() => 'silence');
    await start({ noticeTimeoutMs: 500, noticeAttempts: 2 });
    const [one, two] = [await sendOne(), await sendOne()];
    await eventually(async () => (await listed('parked')).length === 2);
    expect(await listed('parked')).toMatchObject([
      { id: one, state: 'parked', attempts: 2, why: 'timed-out', notice: { content } },
      { id: two, state: 'parked' },
    ]);
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toContain('kerege_connector_alarms_total{reason="notice-parked",app="connector"} 2');
    answering(() => 200);
    expect(await api('POST', `/v1/notices/${one}/acknowledgement`)).toMatchObject({
      ...{ status: 409, body: { code: 'notice-state', state: 'parked' } },
    });
    expect(await api('POST', `/v1/notices/${one}/replay`)).toMatchObject({ status: 204 });
    const discard = { body: { reason: 'handled-on-paper' } };
    expect(await api('POST', `/v1/notices/${two}/discard`, { body: { reason: 'Frau Müller!' } })).toMatchObject({
      status: 400,
    });
    expect(await api('POST', `/v1/notices/${two}/discard`, discard)).toMatchObject({ status: 204 });
    expect(await api('POST', `/v1/notices/${two}/discard`, discard)).toMatchObject({ status: 409 });
    // A busy machine may take longer than that for an answer.
    await eventually(() => callsOf(one).length >= 3);
    await eventually(async () => (await listed('parked')).length + (await listed('waiting')).length === 0);
    expect(callsOf(two)).toHaveLength(2);
  });

  it('survives a restart of the connector between two attempts', async () => {
    answering(() => 503);
    await start({ noticeAttempts: 10_000 });
    const id = await sendOne();
    await eventually(() => callsOf(id).length >= 2);
    await app.close();
    answering(() => 200);
    const before = callsOf(id).length;
    await start({ noticeAttempts: 10_000 });
    await eventually(async () => (await listed('waiting')).length === 0);
    expect(callsOf(id)).toHaveLength(before + 1);
  });

  it('is kept for its owner where no system is named, and for nobody else', async () => {
    await start({ notices: [] });
    const [one, two] = [await sendOne(), await sendOne()];
    await eventually(async () => (await listed('waiting')).length === 2);
    const page = await api('GET', '/v1/notices?limit=1');
    expect(page.body).toMatchObject({ notices: [{ id: one, attempts: 0, notice: { kind: 'question', content } }] });
    const next = await api('GET', `/v1/notices?limit=1&after=${String(page.body?.['next'])}`);
    expect(next.body).toMatchObject({ notices: [{ id: two }] });
    expect(next.body).not.toHaveProperty('next');
    expect(await api('GET', '/v1/notices', { as: CONSUMER })).toMatchObject({
      ...{ status: 403, body: { code: 'notice-reader-foreign' } },
    });
    expect((await fetch(`${app.url}/v1/notices`)).status).toBe(401);
    expect(await api('POST', `/v1/notices/${newExchangeId()}/acknowledgement`)).toMatchObject({
      ...{ status: 404, body: { code: 'notice-unknown' } },
    });
    for (const id of [one, two])
      expect(await api('POST', `/v1/notices/${id}/acknowledgement`)).toMatchObject({ status: 204 });
    expect(await listed('waiting')).toEqual([]);
    expect(network.agency.calls).toEqual([]);
    const id = newExchangeId();
    const over = await revocation(id);
    await send(over.value);
    await eventually(async () => (await listed('waiting')).length === 1);
    expect(await listed('waiting')).toMatchObject([{ id, notice: { kind: 'link.revoked', content: over.content } }]);
    expect(await api('POST', `/v1/notices/${id}/acknowledgement`)).toMatchObject({ status: 204 });
  });
});

it('what is no notice for the subsystem is put away, named by an alarm, and holds nothing up', async () => {
  answering(() => 200);
  await start();
  const before = network.dead.length;
  const broken = await made();
  // Within the ciphertext: what follows it are two times and the recipient.
  broken[broken.length - 60]! ^= 1;
  const stranger = generateSealingKey();
  await send(Buffer.from('nothing'), await made({ recipient: CONSUMER }), await made({ key: stranger }), broken);
  // Sealed for the subsystem, as anybody can, and signed by somebody who is not feedback and says so.
  await send(await made({ by: 'TEST/gw1' }));
  const good = await sendOne();
  await eventually(() => callsOf(good).length === 1);
  expect(ids()).toEqual([good]);
  await eventually(() => network.dead.length === before + 5);
  const reasons = network.dead.slice(before).map(({ reason }) => reason);
  expect(reasons).toEqual([
    ...['delivery-malformed', 'delivery-foreign', 'delivery-key-unknown', 'delivery-unopenable', 'question-unstated'],
  ]);
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  expect(metrics).toContain('kerege_connector_alarms_total{reason="notice-flawed",app="connector"} 5');
});
