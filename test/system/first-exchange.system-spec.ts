import { jest } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '#testing';
import { verifyEvidence } from '../../apps/cli/src/verify/index.js';
import {
  call,
  ENTITLEMENTS,
  evidenceOf,
  exchangeIdOf,
  kerege,
  ledger,
  MYGOV,
  PERSONS,
  PROPERTIES,
  startBus,
  type Answer,
  type BusUnderTest,
} from './spec-support/bus-under-test.js';

jest.setTimeout(120_000);

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus()));
afterAll(() => bus.end());

describe('the first call of sandbox.md §3', () => {
  let answer: Answer;
  beforeAll(async () => {
    const headers = { 'X-Road-Id': 'portal-0001' };
    answer = await call(bus.instance, {
      target: `${PERSONS}/TEST000001`,
      client: MYGOV,
      purpose: 'citizen-view',
      headers,
    });
  });

  it('brings the person', () => {
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    expect(JSON.parse(answer.text)).toEqual({
      pin: 'TEST000001',
      givenName: 'Ulgibek',
      familyName: 'Testzade-001',
      birthDate: '1977-02-08',
      birthPlace: 'Ornekpol',
      citizenship: 'DEMO',
    });
  });

  it('carries the headers of X-Road', () => {
    expect(answer.headers.get('x-road-client')).toBe(MYGOV);
    expect(answer.headers.get('x-road-service')).toBe(PERSONS);
    expect(answer.headers.get('x-road-id')).toBe('portal-0001');
    expect(answer.headers.get('x-road-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
    expect(Buffer.from(answer.headers.get('x-road-request-hash') ?? '', 'base64')).toHaveLength(64);
    expect(answer.headers.get('x-road-error')).toBeNull();
  });

  it('carries the exchange id and a link to the evidence', () => {
    const id = exchangeIdOf(answer);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(answer.headers.get('link')).toBe(`</v1/exchanges/${id}/evidence>; rel="evidence"`);
  });

  it('reached the agency once, under the path of its own system', async () => {
    const calls = await ledger(bus.instance, 'population');
    expect(calls).toEqual([
      expect.objectContaining({ method: 'GET', path: '/persons/TEST000001', messageId: 'portal-0001' }),
    ]);
  });
});

describe('the evidence of an exchange', () => {
  let evidence: Buffer;
  let trust: Buffer;
  let body: string;
  let file: string;
  beforeAll(async () => {
    const answer = await call(bus.instance, {
      target: `${PERSONS}/TEST000002`,
      client: MYGOV,
      purpose: 'citizen-view',
    });
    body = answer.text;
    evidence = await eventually(() => evidenceOf(bus.instance, exchangeIdOf(answer)));
    trust = await readFile(bus.instance.trustFile);
    file = join(bus.instance.dataDir, 'evidence.json');
    await writeFile(file, evidence);
  });

  it('is accepted by kerege verify, from the file and with the body', async () => {
    const answerFile = join(bus.instance.dataDir, 'answer.json');
    await writeFile(answerFile, body);
    const verdict = await kerege(['verify', file, '--trust', bus.instance.trustFile, '--answer', answerFile], '/');
    expect(verdict).toEqual({ code: 0, output: expect.stringContaining('Verified') });
  });

  it('is refused by kerege verify after a change, and with the body of another answer', async () => {
    const altered = join(bus.instance.dataDir, 'altered.json');
    await writeFile(altered, evidence.toString('utf8').replace('mygov', 'mygow'));
    expect((await kerege(['verify', altered, '--trust', bus.instance.trustFile], '/')).code).toBe(1);
    const other = join(bus.instance.dataDir, 'other.json');
    await writeFile(other, body.replace('Testzade-002', 'Testzade-003'));
    const args = ['verify', file, '--trust', bus.instance.trustFile, '--answer', other];
    expect((await kerege(args, '/')).code).toBe(1);
  });

  // Every single byte is changed in every-byte.spec.ts; here a share of those that real processes made.
  it('is refused after a byte is changed', () => {
    expect(verifyEvidence(evidence, trust, {})).toMatchObject({ ok: true });
    const accepted: number[] = [];
    for (let place = 0; place < evidence.length; place += 11) {
      const altered = Buffer.from(evidence);
      altered[place] = evidence[place]! ^ 0x01;
      if (verifyEvidence(altered, trust, {}).ok) accepted.push(place);
    }
    expect(accepted).toEqual([]);
  });

  it('is refused with the trust file of another instance', async () => {
    const parsed = JSON.parse(trust.toString('utf8'));
    const foreign = join(bus.instance.dataDir, 'foreign-trust.json');
    const [key] = parsed.registry;
    const x = Buffer.from(Buffer.from(key.x, 'base64url').map((byte) => byte ^ 1)).toString('base64url');
    await writeFile(foreign, JSON.stringify({ ...parsed, registry: [{ ...key, x }] }));
    expect((await kerege(['verify', file, '--trust', foreign], '/')).code).not.toBe(0);
    await writeFile(foreign, JSON.stringify({ ...parsed, logs: [parsed.logs[0].replace('2026', '2025')] }));
    expect((await kerege(['verify', file, '--trust', foreign], '/')).code).not.toBe(0);
  });

  it('is for the consumer of the exchange alone', async () => {
    const id = JSON.parse(evidence.toString('utf8')) as object;
    expect(id).toBeDefined();
    const answer = await call(bus.instance, {
      target: `${PERSONS}/TEST000003`,
      client: MYGOV,
      purpose: 'citizen-view',
    });
    await eventually(() => evidenceOf(bus.instance, exchangeIdOf(answer)));
    expect(await evidenceOf(bus.instance, exchangeIdOf(answer), 'DEMO/COM/2002/legal')).toBeUndefined();
  });
});

describe('other kinds of exchange', () => {
  const view = async (target: string) => {
    const answer = await call(bus.instance, { target, client: MYGOV, purpose: 'citizen-view' });
    expect([target, answer.status]).toEqual([target, 200]);
    return eventually(() => evidenceOf(bus.instance, exchangeIdOf(answer)));
  };
  interface Stated {
    readonly t: string;
    readonly subj?: string[];
  }
  const payloads = (evidence: Buffer): Stated[] => {
    const { statements } = JSON.parse(evidence.toString('utf8')) as { statements: { jws: string }[] };
    return statements.map(({ jws }) => JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8')));
  };

  it('finds the subject in a query', async () => {
    const evidence = await view(`${PROPERTIES}?owner=TEST000013`);
    const verdict = verifyEvidence(evidence, await readFile(bus.instance.trustFile), {});
    expect(verdict).toMatchObject({ ok: true, value: { persons: [{ kind: 'subject', code: 'TEST000013' }] } });
  });

  it('commits to the subject in the answered statement where only the answer tells it', async () => {
    const evidence = await view(`${PROPERTIES}/CAD-0013-1`);
    expect(verifyEvidence(evidence, await readFile(bus.instance.trustFile), {})).toMatchObject({ ok: true });
    const stated = payloads(evidence).map(({ t, subj }) => [t, subj?.length]);
    expect(stated).toEqual([
      ['exchange.requested', 0],
      ['exchange.answered', 1],
    ]);
  });

  it('runs a POST once under an idempotency key, and the agency gets the exchange id as its own', async () => {
    const claim = (benefit: string) =>
      call(bus.instance, {
        target: `${ENTITLEMENTS}/claims`,
        method: 'POST',
        client: MYGOV,
        purpose: 'citizen-view',
        headers: { 'Idempotency-Key': 'claim-4711' },
        body: { pin: 'TEST000004', benefit },
      });
    const [first, second] = await Promise.all([claim('housing-support'), claim('housing-support')]);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(exchangeIdOf(second)).toBe(exchangeIdOf(first));
    const third = await claim('housing-support');
    expect(third.headers.get('kerege-exchange-id') ?? exchangeIdOf(first)).toBe(exchangeIdOf(first));
    const other = await claim('study-grant');
    expect(other.status).toBeGreaterThanOrEqual(400);
    const posts = (await ledger(bus.instance, 'benefits')).filter((entry) => entry.method === 'POST');
    expect(posts).toEqual([expect.objectContaining({ exchangeId: exchangeIdOf(first), path: '/entitlements/claims' })]);
  });
});

describe('the whole log', () => {
  it('is accepted by kerege verify-log, from the exported folder and from the service alike', async () => {
    const found = await fetch(`${bus.instance.auditUrl}/.well-known/audit-logs.json`);
    const { logs } = JSON.parse(await found.text());
    const folder = join(bus.instance.dataDir, 'export', new URL(logs[0].url).pathname);
    // The folder is at most a second behind.
    await eventually(async () => (await readFile(join(folder, 'checkpoint'), 'utf8')).startsWith(logs[0].origin));
    const args = ['--trust', bus.instance.trustFile, '--tree-only', '--json'];
    for (const place of [folder, logs[0].url]) {
      for (const how of [args, args.filter((arg) => arg !== '--tree-only')]) {
        const { code, output } = await kerege(['verify-log', place, ...how], '/');
        expect([place, code, output]).toEqual([place, 0, expect.stringContaining('"verified":true')]);
      }
    }
  });
});
