import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { RunningApp } from '#platform';
import { makeReaderToken } from '#reader-auth';
import { opens, parseStatement, type CompromisedPayload, type TypedSubject } from '#signing';
import { eventually, TestIssuer } from '#testing';
import { CONSUMER } from '../audit/audit-network.js';
import { readPage, type AccessRow } from '../../apps/feedback/web/access-row.js';
import { FeedbackNetwork, person } from './feedback-network.js';

jest.setTimeout(120_000);

const [ANN, BEN, CID] = [person('PIN/TEST000001'), person('PIN/TEST000002'), person('PIN/TEST000003')];
const HOUR_MS = 60 * 60_000;
const now = Date.now();
let issuer: TestIssuer;
let network: FeedbackNetwork;
let app: RunningApp;

beforeAll(async () => {
  issuer = await TestIssuer.create();
  network = await FeedbackNetwork.create((text) => TestIssuer.definitionOf(issuer) + text);
  app = await network.start({ portals: [CONSUMER] });
  const before = await network.requested([ANN], [ANN], { ts: now - 60_000 });
  const after = await network.requested([ANN], [ANN], { ts: now });
  const byOthers = await network.requested([ANN], [BEN], { ts: now });
  const ofBen = await network.requested([BEN], [BEN], { ts: now });
  const stated = [before, after, byOthers, ofBen];
  await network.stamp(...stated.map(({ statement }) => statement));
  await network.send(...(await Promise.all(stated.map((one) => network.sealed(one)))));
  await eventually(async () => (await network.commitments('pending')) === 0, { timeoutMs: 30_000 });
});
afterAll(() => network.close());

async function call({ code }: TypedSubject, path: string, init: RequestInit = {}, claims = {}) {
  const key = network.audit.world.keysOf(CONSUMER).sign;
  const token = await makeReaderToken({
    ...{ subsystem: CONSUMER, audience: 'http://127.0.0.1:8120', key, nowMs: Date.now() },
  });
  const headers = {
    authorization: `Bearer ${token}`,
    'kerege-end-user': await issuer.mint(code, CONSUMER, { claims }),
    'content-type': 'application/json',
  };
  const response = await fetch(`${app.url}/v1/subjects/me/${path}`, { ...init, headers });
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
}

const report = (who: TypedSubject, since: string, claims = {}) =>
  call(who, 'compromised', { method: 'POST', body: JSON.stringify({ since }) }, claims);

async function rowsOf(who: TypedSubject): Promise<readonly AccessRow[]> {
  return readPage((await call(who, 'accesses')).body)?.accesses ?? [];
}
const marked = (rows: readonly AccessRow[]) =>
  rows
    .filter(({ afterCompromise }) => afterCompromise === true)
    .map(({ at, role, endUser }) => `${Date.parse(at) - now} ${role} ${endUser}`)
    .sort();

describe('a person who says that their sign-in is compromised', () => {
  it('finds what was done in their name since then marked, and a leaf that names nobody else', async () => {
    expect(marked(await rowsOf(ANN))).toEqual([]);
    const since = new Date(now - 30_000).toISOString();
    const { status, body } = await report(ANN, since);
    expect({ status, since: body['since'] }).toEqual({ status: 200, since });
    expect(marked(await rowsOf(ANN))).toEqual(['0 subject self', '0 user self']);
    expect(marked(await rowsOf(BEN))).toEqual([]);
    const leaves = (await network.audit.leaves()).map((leaf) => Buffer.from(leaf.body).toString());
    const own = leaves.flatMap((jws) => {
      const parsed = parseStatement(jws);
      return parsed.ok && parsed.value.leafHash.toString('base64url') === body['leaf'] ? [parsed.value] : [];
    });
    expect(own).toHaveLength(1);
    const payload = own[0]?.payload as CompromisedPayload;
    expect(payload).toMatchObject({ t: 'subject.compromised', from: CONSUMER, until: now - 30_000 });
    expect(payload.subj).toHaveLength(1);
    expect(opens('subject', payload.subj[0] ?? '', { ...ANN, r: Buffer.alloc(32) })).toBe(false);
    expect(JSON.stringify(payload)).not.toContain(ANN.code);
  });

  it('may move the instant back, never forward; a repeat makes no other leaf', async () => {
    const at = (ms: number) => new Date(now - ms).toISOString();
    const first = (await report(BEN, at(HOUR_MS))).body;
    expect((await report(BEN, at(HOUR_MS))).body).toEqual(first);
    expect((await report(BEN, at(0))).body).toEqual(first);
    const earlier = (await report(BEN, at(2 * HOUR_MS))).body;
    expect(earlier['since']).toBe(at(2 * HOUR_MS));
    expect(earlier['leaf']).not.toBe(first['leaf']);
    for (let hours = 3; hours <= 10; hours += 1) expect((await report(BEN, at(hours * HOUR_MS))).status).toBe(200);
    expect((await report(BEN, at(11 * HOUR_MS))).body).toMatchObject({ code: 'compromised-too-often' });
  });

  it('says so themselves, of an instant that is over', async () => {
    expect((await report(CID, new Date(Date.now() + HOUR_MS).toISOString())).body).toMatchObject({
      code: 'since-ahead',
    });
    expect((await report(CID, 'yesterday')).status).toBe(400);
    // Of whom they represent they can say nothing: it is about their own sign-in.
    expect((await report(CID, new Date(now).toISOString(), { represents: [ANN.code] })).status).toBe(200);
    expect(marked(await rowsOf(ANN))).toEqual(['0 subject self', '0 user self']);
  });

  it('is not known to be so any more when their keys were destroyed', async () => {
    expect(marked(await rowsOf(ANN))).toHaveLength(2);
    const { keys } = await network.databases();
    await keys.query('DELETE FROM data_key');
    expect(await rowsOf(ANN)).toEqual([]);
  });
});
