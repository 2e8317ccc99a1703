import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { makeReaderToken } from '#reader-auth';
import type { RunningApp } from '#platform';
import { eventually, TestIssuer } from '#testing';
import { CONSUMER, PROVIDER, SERVICE } from '../audit/audit-network.js';
import type { Caller } from '../../apps/feedback/src/caller/caller-auth.service.js';
import { Usages } from '../../apps/feedback/src/usage/usage.service.js';
import { readPage, type AccessPage, type AccessRow } from '../../apps/feedback/web/access-row.js';
import { FeedbackNetwork, person, type Stated } from './feedback-network.js';
import { verdictsOf } from './proving.js';

jest.setTimeout(300_000);

const OTHER = 'TEST/GOV/1001/population';
const COUNT = 60;
const CONSUMERS = [CONSUMER, 'TEST/GOV/1009/operator'] as const;
const SERVICES = [SERVICE, `${PROVIDER}/other`] as const;
const PURPOSES = ['citizen-view', 'correction-check'] as const;
const either = <Value>([one, other]: readonly [Value, Value], bit: number): Value => (bit === 0 ? one : other);
/** Nobody of them exists. */
const [ANN, BEN, CID] = [person('PIN/TEST000001'), person('PIN/TEST000002'), person('PIN/TEST000003')];
const idOf = ({ code }: { readonly code: string }) => `TEST/PIN/${code}`;

let issuer: TestIssuer;
let network: FeedbackNetwork;
let app: RunningApp;
/** What each exchange was about, as the naive reference knows it. */
interface Told {
  readonly id: string;
  readonly atMs: number;
  readonly consumer: string;
  readonly service: string;
  readonly purpose: string;
  readonly subjects: string[];
  readonly user: string | undefined;
}
const told: Told[] = [];

interface Asking {
  readonly portal?: string;
  readonly assertion?: string | undefined;
  readonly audience?: string;
  readonly query?: Readonly<Record<string, string>>;
}

async function ask(sub: string, { portal = CONSUMER, audience, query = {}, ...more }: Asking = {}) {
  const assertion = 'assertion' in more ? more.assertion : await issuer.mint(sub, portal);
  const key = network.audit.world.keysOf(portal).sign;
  const token = await makeReaderToken({
    subsystem: portal,
    audience: audience ?? 'http://127.0.0.1:8120',
    key,
    nowMs: Date.now(),
  });
  return raw(
    { authorization: `Bearer ${token}`, ...(assertion === undefined ? {} : { 'kerege-end-user': assertion }) },
    query,
  );
}

async function raw(headers: Record<string, string>, query: Readonly<Record<string, string>> = {}) {
  const search = new URLSearchParams(query).toString();
  const response = await fetch(`${app.url}/v1/subjects/me/accesses?${search}`, { headers });
  const body = (await response.json()) as { code?: string; problem?: string };
  return { status: response.status, code: body.code, problem: body.problem, page: readPage(body) };
}

/** All rows, page by page. */
async function all(sub: string, asking: Asking = {}): Promise<AccessRow[]> {
  const rows: AccessRow[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const query = { limit: '7', ...asking.query, ...(cursor === undefined ? {} : { cursor }) };
    const { page, code } = await ask(sub, { ...asking, query });
    if (page === undefined) throw new TypeError(code);
    rows.push(...page.accesses);
    cursor = page.next;
  }
  return rows;
}

beforeAll(async () => {
  issuer = await TestIssuer.create();
  network = await FeedbackNetwork.create((text) => TestIssuer.definitionOf(issuer) + text);
  app = await network.start({ portals: [CONSUMER] });
  const stated: Stated[] = [];
  for (let at = 0; at < COUNT; at += 1) {
    // A history that nobody chose, and that is the same in every run.
    const [byte = 0, who = 0, kind = 0] = createHash('sha256').update(`history ${at}`).digest();
    const subject = [ANN, BEN, CID][byte % 3] ?? ANN;
    const user = who % 4 === 0 ? [ANN, BEN][who % 2] : undefined;
    const [from, svc, pur] = [either(CONSUMERS, kind & 1), either(SERVICES, kind & 2), either(PURPOSES, kind & 4)];
    // Two seconds apart, as far back as intake bears.
    const ts = Date.now() - 2_000 * (COUNT - at);
    const requested = await network.requested([subject], user === undefined ? [] : [user], { ts, from, svc, pur });
    const said = { id: requested.statement.payload.id, atMs: ts, consumer: from, service: svc, purpose: pur };
    told.push({ ...said, subjects: [idOf(subject)], user: user && idOf(user) });
    stated.push(requested);
    if (who % 3 !== 0) stated.push(await network.answered(requested.statement, [], { from, svc }));
  }
  await network.stamp(...stated.map(({ statement }) => statement));
  const openings = stated.filter(({ subjects, users }) => subjects.length + users.length > 0);
  await network.send(...(await Promise.all(openings.map((one) => network.sealed(one)))));
  await eventually(async () => (await network.commitments('pending')) === 0, { timeoutMs: 30_000 });
});
afterAll(() => network.close());

const rowsOf = (name: string, role?: 'subject' | 'user', isWanted: (one: Told) => boolean = () => true) =>
  told
    .filter(isWanted)
    .flatMap(({ id, subjects, user }) => [
      ...(role === 'user' ? [] : subjects.filter((subject) => subject === name).map(() => `${id} subject`)),
      ...(role === 'subject' || user !== name ? [] : [`${id} user`]),
    ])
    .sort();
const shownOf = (rows: readonly AccessRow[]) => rows.map(({ exchangeId, role }) => `${exchangeId} ${role}`).sort();

describe('who looked at my data', () => {
  it.each([ANN, BEN, CID])('equals a naive recount, for each person', async (subject) => {
    const rows = await all(subject.code);
    expect(shownOf(rows)).toEqual(rowsOf(idOf(subject)));
    expect(rows.every((row) => row.subject === idOf(subject))).toBe(true);
    for (const role of ['subject', 'user'] as const)
      expect(shownOf(await all(subject.code, { query: { role } }))).toEqual(rowsOf(idOf(subject), role));
  });

  it('equals the recount under each filter, and under each two of them', async () => {
    const at = (index: number) => told[index]?.atMs ?? 0;
    // At instants of rows: the first is in the period, the one at its end is not.
    const filters: Readonly<Record<string, readonly [string, (one: Told) => boolean]>> = {
      from: [new Date(at(15)).toISOString(), ({ atMs }) => atMs >= at(15)],
      until: [new Date(at(45)).toISOString(), ({ atMs }) => atMs < at(45)],
      consumer: [CONSUMERS[1], ({ consumer }) => consumer === CONSUMERS[1]],
      service: [SERVICES[1], ({ service }) => service === SERVICES[1]],
      purpose: [PURPOSES[1], ({ purpose }) => purpose === PURPOSES[1]],
    };
    const names = Object.keys(filters);
    const sets = names.flatMap((one, index) => [[one], ...names.slice(index + 1).map((other) => [one, other])]);
    const assertion = await issuer.mint(ANN.code, CONSUMER, { claims: { represents: [CID.code] } });
    const counted = sets.map(async (set) => {
      const query = Object.fromEntries([['limit', '40'], ...set.map((name) => [name, filters[name]?.[0] ?? ''])]);
      const isWanted = (one: Told) => set.every((name) => filters[name]?.[1](one));
      const both = [ANN, CID].flatMap((one) => rowsOf(idOf(one), undefined, isWanted)).sort();
      expect([set, shownOf(await all(ANN.code, { assertion, query }))]).toEqual([set, both]);
      // It is a filter: something is left, and something is left out.
      expect(both.length).toBeGreaterThan(0);
      expect(both.length).toBeLessThan(rowsOf(idOf(ANN)).length + rowsOf(idOf(CID)).length);
    });
    await Promise.all(counted);
    expect(await all(ANN.code, { query: { service: `${PROVIDER}/none` } })).toEqual([]);
  });

  it('is told by findUsage for a period that has some, and for one that has none', async () => {
    const { keys } = await network.databases();
    const usages = new Usages({
      ...{ history: await network.history(), keys: network.personKeys(keys), clock: { now: () => Date.now() } },
      registry: { current: () => network.audit.world.view },
    });
    const person = { user: CID, represents: [ANN] } as unknown as Caller['person'];
    const ask = { userId: CID.code, offset: 0, limit: 1_000, language: 'en' } as const;
    const find = (userCode: string, filter: { fromMs?: number; untilMs?: number }) =>
      usages.find({ portal: CONSUMER, person } as Caller, { ...ask, userCode, filter });
    const [fromMs, untilMs] = [told[10]?.atMs ?? 0, told[50]?.atMs ?? 0];
    for (const one of [CID, ANN]) {
      const within = rowsOf(idOf(one), 'subject', ({ atMs }) => atMs >= fromMs && atMs < untilMs);
      const found = await find(one.code, { fromMs, untilMs });
      expect(within.length).toBeGreaterThan(0);
      expect([found.totalUsages, found.usages.length]).toEqual([within.length, within.length]);
      const times = found.usages.map(({ logtime }) => Date.parse(logtime));
      expect(times.every((atMs) => atMs >= fromMs && atMs < untilMs)).toBe(true);
    }
    const before = Date.parse('2020-01-01T00:00:00Z');
    expect(await find(CID.code, { untilMs: before })).toEqual({ totalUsages: 0, usages: [] });
  });

  it('shows those of a represented person too, and of one alone where that is asked', async () => {
    const assertion = () => issuer.mint(ANN.code, CONSUMER, { claims: { represents: [CID.code] } });
    const both = await all(ANN.code, { assertion: await assertion() });
    expect(shownOf(both)).toEqual([...rowsOf(idOf(ANN)), ...rowsOf(idOf(CID))].sort());
    const query = { subject: idOf(CID) };
    expect(shownOf(await all(ANN.code, { assertion: await assertion(), query }))).toEqual(rowsOf(idOf(CID)));
    expect(await ask(ANN.code, { query })).toMatchObject({ status: 403, code: 'subject-not-yours' });
    expect(await ask(ANN.code, { assertion: await assertion(), query: { subject: idOf(BEN) } })).toMatchObject({
      code: 'subject-not-yours',
    });
  });

  it('brings evidence of each row that the reader’s own verifier proves', async () => {
    const rows = await all(BEN.code, { query: { proofs: 'true' } });
    // That an answer never came no log proves.
    const expected = rows.map(({ disclosed }) => (disclosed ? 'proven' : 'unproven'));
    expect(await verdictsOf(network, rows, idOf(BEN))).toEqual(expected);
    expect(new Set(expected).size).toBe(2);
    expect(rows.length).toBeGreaterThan(10);
  });
});

describe('is shown to nobody else', () => {
  it.each<[string, () => Promise<Asking>, string]>([
    ['without an assertion', () => Promise.resolve({ assertion: undefined }), 'end-user-missing'],
    [
      'by another portal’s assertion',
      async () => ({ assertion: await issuer.mint(ANN.code, OTHER) }),
      'end-user-invalid',
    ],
    ['to a subsystem that is no portal', () => Promise.resolve({ portal: OTHER }), 'caller-not-portal'],
    ['by a token for somebody else', () => Promise.resolve({ audience: 'http://elsewhere' }), 'caller-token-invalid'],
    [
      'to an official',
      async () => ({ assertion: await issuer.mint('OFF000001', CONSUMER, { claims: { kind: 'official' } }) }),
      'end-user-not-citizen',
    ],
    [
      'by an assertion that has expired',
      async () => ({
        assertion: await issuer.mint(ANN.code, CONSUMER, { claims: { iat: 1_700_000_000, exp: 1_700_000_100 } }),
      }),
      'end-user-invalid',
    ],
    ['by nonsense', () => Promise.resolve({ assertion: 'x.y.z' }), 'end-user-invalid'],
  ])('%s', async (_, asking, code) => {
    const answer = await ask(ANN.code, await asking());
    expect(answer).toMatchObject({ code, page: undefined });
    expect([401, 403]).toContain(answer.status);
  });

  it('without a token, or with one that was used', async () => {
    const assertion = await issuer.mint(ANN.code, CONSUMER);
    expect(await raw({ 'kerege-end-user': assertion })).toMatchObject({ status: 401, code: 'caller-token-missing' });
    const key = network.audit.world.keysOf(CONSUMER).sign;
    const token = await makeReaderToken({
      subsystem: CONSUMER,
      audience: 'http://127.0.0.1:8120',
      key,
      nowMs: Date.now(),
    });
    const headers = { authorization: `Bearer ${token}`, 'kerege-end-user': assertion };
    expect((await raw(headers)).status).toBe(200);
    expect(await raw(headers)).toMatchObject({ status: 401, code: 'caller-token-used' });
  });

  it('by another person’s cursor, nor by one of another question', async () => {
    const { page } = await ask(ANN.code, { query: { limit: '3' } });
    const cursor = (page as AccessPage).next ?? '';
    expect(cursor).not.toBe('');
    expect(await ask(BEN.code, { query: { limit: '3', cursor } })).toMatchObject({
      status: 400,
      code: 'cursor-foreign',
    });
    expect(await ask(ANN.code, { query: { role: 'user', cursor } })).toMatchObject({ code: 'cursor-foreign' });
    expect((await ask(ANN.code, { query: { limit: '9', cursor } })).status).toBe(200);
  });

  it.each([
    [{ limit: '101' }, 'request-malformed'],
    [{ limit: '0' }, 'request-malformed'],
    [{ subject: 'TEST/PIN' }, 'request-malformed'],
    [{ cursor: 'äöü' }, 'request-malformed'],
    [{ cursor: '1.1.1.s.1.x' }, 'cursor-foreign'],
    [{ from: 'yesterday' }, 'request-malformed'],
    [{ from: '2026-02-01T00:00:00Z', until: '2026-01-01T00:00:00Z' }, 'period-invalid'],
    [{ sql: "'; DROP TABLE subject_access; --" }, 'request-malformed'],
  ])('by nonsense in the question: %j', async (query, code) => {
    expect(await ask(ANN.code, { query })).toMatchObject({ status: 400, code });
  });
});
