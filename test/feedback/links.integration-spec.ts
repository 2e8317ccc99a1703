import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { correctionTopic } from '#contracts';
import { LINK_REVOKED_KIND, openDelivery, readDelivery, readLinkRevoked, type DeliveryHead } from '#deliveries';
import { checkLinkTicket } from '#end-user';
import { systemClock } from '#kernel';
import { freePort } from '#local';
import type { RunningApp } from '#platform';
import { openDatabase } from '#postgres';
import { makeReaderToken } from '#reader-auth';
import { parseStatement, type TypedSubject } from '#signing';
import { buildWorld, createDatabase, eventually, TestIssuer, uniqueName, withFeedback } from '#testing';
import { checkRevocation } from '../../apps/connector/src/notices/stated-revocation.service.js';
import { gatewayFixture } from '../../apps/gateway/src/exchange/spec-support/gateway-fixture.js';
import { LinkTicketsService } from '../../apps/gateway/src/links/link-tickets.service.js';
import { gatewayMigrations } from '../../apps/gateway/src/migrations/index.js';
import { amendWorld, withUnusableSeal } from '../audit/amended-world.js';
import { CONSUMER, SERVICE } from '../audit/audit-network.js';
import { FeedbackNetwork, person } from './feedback-network.js';

jest.setTimeout(300_000);

const [ANN, BEN, CID] = [person('PIN/TEST000001'), person('PIN/TEST000002'), person('PIN/TEST000003')];
const DAN = person('PIN/TEST000004');
const PROVIDER = 'TEST/GOV/1001/population';
/** After it nothing goes by a link that was revoked (E46). */
const LONGEST_MS = 5_000;
const LINK = { member: CONSUMER, direction: 'TO_MEMBER', services: [SERVICE], notice: '2026-1' };
const withLinks = (text: string) =>
  text.replace('purposes: [citizen-view], until', 'purposes: [citizen-view], requiresLink: ["GET /{pin}"], until');
let issuer: TestIssuer;
let network: FeedbackNetwork;
let app: RunningApp;

beforeAll(async () => {
  issuer = await TestIssuer.create();
  network = await FeedbackNetwork.create((text) => withLinks(`${TestIssuer.definitionOf(issuer)}${text}`));
  // A gateway makes its tokens for the URL under which it finds feedback.
  const port = await freePort();
  app = await network.start({ portals: [CONSUMER], port, publicUrl: `http://127.0.0.1:${port}` });
});
afterAll(() => network.close());

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function call(subsystem: string, path: string, init: RequestInit, more = {}): Promise<Answer> {
  const key = network.audit.world.keysOf(subsystem).sign;
  const token = await makeReaderToken({ subsystem, audience: app.url, key, nowMs: Date.now() });
  const json = init.body === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { authorization: `Bearer ${token}`, ...json, ...more };
  const response = await fetch(`${app.url}${path}`, { ...init, headers });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function me(who: TypedSubject, method: string, path = '', body?: object): Promise<Answer> {
  const assertion = { 'kerege-end-user': await issuer.mint(who.code, CONSUMER) };
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return call(CONSUMER, `/v1/subjects/me/links${path}`, init, assertion);
}

const asked = (who: TypedSubject, changes: object = {}, consumer = CONSUMER) => {
  const question = { subject: `TEST/PIN/${who.code}`, service: SERVICE, purpose: 'citizen-view', ...changes };
  return call(consumer, '/v1/links/tickets', { method: 'POST', body: JSON.stringify(question) });
};

function isAdopted(line: string, number: number): boolean {
  const { msg, snapshot } = JSON.parse(line) as { msg?: string; snapshot?: number };
  return msg === 'registry snapshot adopted' && snapshot === number;
}

async function leafOf(hash: unknown) {
  return eventually(
    async () => {
      const leaves = (await network.audit.leaves()).map(({ body }) => parseStatement(Buffer.from(body).toString()));
      const found = leaves.find((leaf) => leaf.ok && leaf.value.leafHash.toString('base64url') === hash);
      return found?.ok === true ? found.value.payload : undefined;
    },
    { timeoutMs: 20_000 },
  );
}

/** What comes to whoever listens for a subsystem, opened with its key. */
async function deliveredTo(subsystem: string): Promise<{ head: DeliveryHead; content: unknown }[]> {
  const found: { head: DeliveryHead; content: unknown }[] = [];
  const { seal } = network.audit.world.keysOf(subsystem);
  const subscription = await network.bus.subscribe({
    topics: [correctionTopic(subsystem).name],
    group: uniqueName('spec'),
    startAt: { kind: 'earliest' },
    maxInFlight: 10,
    onError: () => undefined,
    each: async ({ value }) => {
      const read = readDelivery(value);
      if (!read.ok) return;
      const { head, sealed } = read.value;
      const opened = await openDelivery(head, sealed, (_, kid) => (kid === seal.kid ? seal : undefined));
      found.push({ head, content: opened.ok ? opened.value : opened.reason });
    },
  });
  await eventually(() => found.length > 0, { timeoutMs: 20_000 });
  await subscription.stop();
  return found;
}

/** A gateway that asks this feedback. */
async function startGateway() {
  const place = await createDatabase();
  const database = await openDatabase({
    url: place.url,
    schema: 'gateway',
    migrations: gatewayMigrations,
    poolSize: 4,
  });
  const failures: unknown[] = [];
  const failed = (_: string, cause: unknown) => void failures.push(cause);
  const links = new LinkTicketsService({ feedbackUrl: app.url, timeoutMs: 5_000, clock: systemClock, failed });
  const world = { sameKeysAs: network.audit.world, definition: (text: string) => withFeedback(withLinks(text)) };
  const fixture = await gatewayFixture(database, {}, undefined, world, { links });
  await eventually(() => fixture.module.replies.hearing());
  const close = async () => {
    await fixture.close();
    await database.close();
    await place.drop();
  };
  return { fixture, failures, close };
}

describe('a link', () => {
  it('allows calls from when it is granted until it is revoked, and stands in the log without a name', async () => {
    expect(await asked(ANN)).toMatchObject({ status: 404, body: { code: 'link-none' } });
    const granted = await me(ANN, 'POST', '', LINK);
    expect(granted).toMatchObject({ status: 201, body: { ...LINK, portal: CONSUMER, purposes: [] } });
    const { ticket } = (await asked(ANN)).body;
    const question = { consumer: CONSUMER, subject: 'TEST/PIN/TEST000001', service: SERVICE, purpose: 'citizen-view' };
    const { view } = await buildWorld({ sameKeysAs: network.audit.world, definition: withFeedback });
    expect(checkLinkTicket(String(ticket), question, { view, atMs: Date.now() })).toMatchObject({ ok: true });
    expect(await asked(BEN)).toMatchObject({ status: 404 });

    const { id, leaf } = granted.body;
    const ref = `TO_MEMBER;notice=2026-1;services=${SERVICE}`;
    const payload = await leafOf(leaf);
    expect(payload).toMatchObject({ t: 'link.granted', from: CONSUMER, to: CONSUMER, ref });
    expect(JSON.stringify(payload)).not.toContain(ANN.code);
    expect((await me(ANN, 'GET')).body).toEqual({ links: [granted.body] });

    const revoked = await me(ANN, 'DELETE', `/${String(id)}`);
    expect(revoked.status).toBe(200);
    expect(await asked(ANN)).toMatchObject({ status: 404 });
    expect(await me(ANN, 'DELETE', `/${String(id)}`)).toEqual(revoked);
    expect(await leafOf(revoked.body['revokedLeaf'])).toMatchObject({ t: 'link.revoked', prev: leaf });
    expect((await me(ANN, 'GET')).body).toEqual({ links: [revoked.body] });
  });

  it('lets a gateway’s calls through until it is revoked, and none from within five seconds on', async () => {
    const { fixture, failures, close } = await startGateway();
    const calls = () => fixture.module.exchanges.perform(fixture.request());
    expect(await calls()).toMatchObject({ kind: 'refused', code: 'link-missing' });
    const { id } = (await me(ANN, 'POST', '', LINK)).body;
    expect(await calls()).toMatchObject({ kind: 'answered' });
    const revoked = (await me(ANN, 'DELETE', `/${String(id)}`)).body;
    await leafOf(revoked['revokedLeaf']);
    const revokedMs = Date.parse(String(revoked['revoked']));
    // Until then it goes by the ticket that it has: whatever the machine is busy with, none that begins later comes through.
    await eventually(
      async () => {
        const beganMs = Date.now();
        const { kind } = await calls();
        if (kind === 'answered') expect(beganMs - revokedMs).toBeLessThanOrEqual(LONGEST_MS);
        return kind === 'refused';
      },
      { timeoutMs: 30_000 },
    );
    const began = await Promise.all([1, 2, 3].map(async () => (await calls()).kind));
    expect(began).toEqual(['refused', 'refused', 'refused']);
    expect(await calls()).toMatchObject({ kind: 'refused', code: 'link-missing', side: 'consumer' });
    // Nor does a gateway come through that keeps its ticket: no connector takes it.
    const { content } = fixture.provider.seen.at(-1) ?? {};
    const atMs = revokedMs + LONGEST_MS;
    const question = { consumer: CONSUMER, subject: 'TEST/PIN/TEST000001', service: SERVICE, purpose: 'citizen-view' };
    const taken = checkLinkTicket(content?.linkTicket ?? '', question, { view: fixture.world.view, atMs });
    expect(taken).toEqual({ ok: false, reason: 'link-stale' });
    expect(failures).toEqual([]);
    await close();
  });

  it('that is over is told to its member, sealed, by a statement that its connector believes', async () => {
    const link = { ...LINK, member: PROVIDER, direction: 'FROM_MEMBER', purposes: ['citizen-view'] };
    const granted = (await me(DAN, 'POST', '', link)).body;
    const revoke = () => me(DAN, 'DELETE', `/${String(granted['id'])}`);
    // By two at once, and once more: one word all the same.
    const [{ body: revoked }, other] = await Promise.all([revoke(), revoke()]);
    expect([other.body, (await revoke()).body]).toEqual([revoked, revoked]);
    await leafOf(revoked['revokedLeaf']);
    const told = await deliveredTo(PROVIDER);
    expect(told).toHaveLength(1);
    const { head, content } = told[0] as (typeof told)[number];
    expect(head).toMatchObject({ kind: LINK_REVOKED_KIND, to: PROVIDER });
    expect(readLinkRevoked(content)).toEqual({
      ...{ linkId: granted['id'], subject: `TEST/PIN/${DAN.code}`, portal: CONSUMER, direction: 'FROM_MEMBER' },
      ...{ services: [SERVICE], purposes: ['citizen-view'], notice: LINK.notice, statement: expect.any(String) },
      ...{ grantedAt: granted['granted'], revokedAt: revoked['revoked'], granted: granted['leaf'] },
    });
    const { view } = await buildWorld({ sameKeysAs: network.audit.world, definition: withFeedback });
    expect(checkRevocation(head, content, view)).toEqual({ ok: true, value: true });
    // The member of another link is told of its own alone.
    expect(
      (await deliveredTo(CONSUMER)).every(
        ({ content: one }) => readLinkRevoked(one)?.subject !== `TEST/PIN/${DAN.code}`,
      ),
    ).toBe(true);
    const { feedback } = await network.databases();
    expect(JSON.stringify(await feedback.query('SELECT delivery::text FROM delivery'))).not.toContain(DAN.code);
  });

  it('is over though its member has published a key that nothing can be sealed with', async () => {
    const link = { ...LINK, member: PROVIDER, direction: 'FROM_MEMBER' };
    const { id } = (await me(DAN, 'POST', '', link)).body;
    const before = network.audit.world;
    const spoiled = await amendWorld(before, before.snapshot.number + 1, withUnusableSeal(PROVIDER));
    await network.publish(spoiled);
    const adopted = (number: number) =>
      eventually(() => network.lines.some((line) => isAdopted(line, number)), { timeoutMs: 20_000 });
    await adopted(spoiled.snapshot.number);
    const { status, body } = await me(DAN, 'DELETE', `/${String(id)}`);
    expect([status, await leafOf(body['revokedLeaf'])]).toMatchObject([200, { t: 'link.revoked', to: PROVIDER }]);
    expect(network.lines.some((line) => line.includes('"link-untold"'))).toBe(true);
    const mended = await amendWorld(
      spoiled,
      spoiled.snapshot.number + 1,
      (document) => before.documents.get(document.member) ?? document,
    );
    await network.publish(mended);
    await adopted(mended.snapshot.number);
  });

  it('is the person’s own', async () => {
    const { id } = (await me(BEN, 'POST', '', LINK)).body;
    expect(await me(CID, 'DELETE', `/${String(id)}`)).toMatchObject({ status: 404, body: { code: 'link-unknown' } });
    expect((await me(CID, 'GET')).body).toEqual({ links: [] });
    expect(await asked(BEN)).toMatchObject({ status: 200 });
  });

  it.each<[string, object, string]>([
    ['with nobody', { member: 'TEST/GOV/9999/none' }, 'member-unknown'],
    ['for nothing', { services: [] }, 'without-scope'],
    ['that is over', { until: '2020-01-01T00:00:00Z' }, 'ended'],
    ['for too much', { services: Array.from({ length: 9 }, () => SERVICE) }, 'too-wide'],
  ])('is not made %s', async (_, changes, problem) => {
    expect((await me(CID, 'POST', '', { ...LINK, ...changes })).body).toMatchObject({ code: 'link-terms', problem });
  });

  it.each<object>([{ direction: 'AWAY' }, { member: 'x' }, { notice: 'a b' }, { purposes: 'care' }, { until: 'soon' }])(
    'is not made of %j',
    async (changes) => {
      expect((await me(CID, 'POST', '', { ...LINK, ...changes })).status).toBe(400);
    },
  );

  it('is told to nobody without an agreement that asks for it', async () => {
    expect(await asked(BEN, {}, PROVIDER)).toMatchObject({ status: 403, body: { code: 'link-not-asked' } });
    expect(await asked(BEN, { purpose: 'other' })).toMatchObject({ status: 403 });
    expect(await asked(BEN, { subject: 'nobody' })).toMatchObject({ status: 400 });
  });

  it('is over when the person’s keys were destroyed', async () => {
    expect(await asked(BEN)).toMatchObject({ status: 200 });
    const { keys } = await network.databases();
    await keys.query('DELETE FROM data_key');
    expect(await asked(BEN)).toMatchObject({ status: 404 });
  });
});
