import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { toBase64Url } from '#kernel';
import { parseStatement, signStatement, type FailedPayload, type Statement } from '#signing';
import { eventually } from '#testing';
import { AuditNetwork, CONSUMER, PROVIDER } from './audit-network.js';
import { AUDITOR, OTHER, problem, ReaderClient, READERS, waitForIndex, worldOfReaders } from './readers.js';

jest.setTimeout(90_000);

let network: AuditNetwork;
let client: ReaderClient;
let foreign: Statement;

async function failed(of: Statement, signer = CONSUMER): Promise<Statement> {
  const { id, from, to, svc, ep } = of.payload as FailedPayload;
  const prev = toBase64Url(of.leafHash);
  const payload = { v: 1, t: 'exchange.failed', id, ts: Date.now(), from, to, svc, ep, prev } as const;
  return signStatement({ ...payload, why: 'provider-unreachable', side: 'provider' }, network.signerOf(signer));
}

beforeAll(async () => {
  network = await AuditNetwork.create();
  const app = await network.start(READERS);
  client = new ReaderClient(network, app.url);
  await network.enact(await worldOfReaders(network));
  foreign = await network.requested({ from: OTHER }, network.signerOf(OTHER));
  await network.stampAndWait(foreign);
});
afterAll(() => network.close());

describe('a report', () => {
  const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString();
  const days = () => `from=${day(-1)}&until=${day(1)}`;
  const report = async (reader: string, name: string) =>
    (await client.get(reader, `/v1/reports/${name}?${days()}`)).json;
  let open: Statement;
  let disowned: Statement;
  let late: Statement;
  let twice: Statement;

  beforeAll(async () => {
    open = await network.requested();
    [disowned, late] = [await network.requested(), await network.requested()];
    for (const statement of [open, disowned, late]) await network.stampAndWait(statement);
    await network.stampAndWait(await network.answered(disowned));
    await network.stampAndWait(await failed(disowned));
    await network.stampAndWait(await failed(late));
    await network.stampAndWait(await network.answered(late, { st: 404 }));
    twice = await network.requested({ id: open.payload.id, pur: 'other' });
    await network.stamp([twice]);
    await eventually(async () => (await network.leaves()).some(({ body }) => isConflict(body)));
    await waitForIndex(network);
  });

  const isConflict = (body: Buffer) => {
    const parsed = parseStatement(body.toString('latin1'));
    return parsed.ok && parsed.value.payload.t === 'exchange.conflict';
  };
  const ids = (json: { rows: { exchange: string }[] }) => json.rows.map((row) => row.exchange);

  it('names requests without an answer, each reader’s own', async () => {
    expect(ids(await report(CONSUMER, 'unanswered'))).toEqual([open.payload.id]);
    expect(ids(await report(AUDITOR, 'unanswered')).sort()).toEqual([foreign.payload.id, open.payload.id].sort());
    expect(ids(await report(OTHER, 'unanswered'))).toEqual([foreign.payload.id]);
  });

  it('names disclosures that their consumer disowned, and answers that came late', async () => {
    expect(ids(await report(PROVIDER, 'disowned'))).toEqual([disowned.payload.id]);
    const { rows } = await report(CONSUMER, 'late');
    expect(rows).toMatchObject([{ exchange: late.payload.id, reason: 'provider-unreachable' }]);
    expect(rows[0].answered).toBeGreaterThan(rows[0].failed);
    expect(ids(await report(OTHER, 'disowned'))).toEqual([]);
  });

  it('names who told two stories, and sides at fault by day', async () => {
    expect(ids(await report(CONSUMER, 'conflicts'))).toEqual([open.payload.id]);
    expect(ids(await report(OTHER, 'conflicts'))).toEqual([]);
    const today = new Date().toISOString().slice(0, 10);
    expect((await report(AUDITOR, 'faults')).rows).toContainEqual({
      day: today,
      side: 'provider',
      reason: 'provider-unreachable',
      number: 2,
    });
    expect((await report(OTHER, 'faults')).rows).toEqual([]);
  });

  it('takes a month at most, and no other name', async () => {
    expect(await problem(client.get(AUDITOR, `/v1/reports/late?from=${day(-32)}&until=${day(0)}`))).toEqual([
      400,
      'range-invalid',
    ]);
    expect(await problem(client.get(AUDITOR, `/v1/reports/imagined?${days()}`))).toEqual([400, 'request-malformed']);
    expect(await problem(client.get(AUDITOR, '/v1/reports/late'))).toEqual([400, 'request-malformed']);
  });
});
