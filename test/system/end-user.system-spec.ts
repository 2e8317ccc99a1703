import { jest } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '#testing';
import {
  BENEFITS,
  call,
  evidenceOf,
  exchangeIdOf,
  kerege,
  ledger,
  MYGOV,
  PERSONS,
  PROPERTIES,
  startBus,
  VISITS,
  type BusUnderTest,
} from './spec-support/bus-under-test.js';

jest.setTimeout(120_000);

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus()));
afterAll(() => bus.end());

/** Signs in at the identity provider, as browser and portal do. */
async function token(person: string, client = MYGOV, ...more: string[]): Promise<string> {
  const { keysDir, issuerUrl, dataDir } = bus.instance;
  const args = ['token', '--as', client, '--end-user', person, '--issuer', issuerUrl, '--keys', keysDir, ...more];
  const { code, output } = await kerege(args, dataDir);
  expect([code, output]).toEqual([0, expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)]);
  return output.trim();
}

const PRESCRIPTIONS = (pin: string) => `${VISITS}/${pin}/prescriptions`;
const asks = async (target: string, endUser?: string, accept = 'application/problem+json') =>
  call(bus.instance, {
    target,
    client: MYGOV,
    purpose: 'citizen-view',
    headers: { Accept: accept, ...(endUser === undefined ? {} : { 'Kerege-End-User': endUser }) },
  });
const codeOf = ({ text }: { text: string }) => (JSON.parse(text) as { code?: string }).code;

describe('a citizen who has signed in', () => {
  it('sees their own data and those of whom they represent, and nobody else’s', async () => {
    const endUser = await token('TEST000007');
    expect((await asks(PRESCRIPTIONS('TEST000007'), endUser)).status).toBe(200);
    expect((await asks(PRESCRIPTIONS('TEST000013'), endUser)).status).toBe(200);
    const before = (await ledger(bus.instance, 'clinic')).length;
    const foreign = await asks(PRESCRIPTIONS('TEST000001'), endUser);
    expect([foreign.status, codeOf(foreign)]).toEqual([403, 'end-user-mismatch']);
    const elsewhere = await asks(`${PERSONS}/TEST000001`, endUser);
    expect([elsewhere.status, codeOf(elsewhere)]).toEqual([403, 'end-user-mismatch']);
    expect((await ledger(bus.instance, 'clinic')).length).toBe(before);
  });

  it('leaves evidence that opens who it was, to the consumer', async () => {
    const answer = await asks(PRESCRIPTIONS('TEST000013'), await token('TEST000007'));
    const id = exchangeIdOf(answer);
    const evidence = await eventually(() => evidenceOf(bus.instance, id), { timeoutMs: 10_000 });
    const { openings } = JSON.parse(evidence.toString('utf8')) as { openings: { kind: string; code: string }[] };
    expect(openings.map(({ kind, code }) => `${kind} ${code}`)).toEqual(['subject TEST000013', 'user TEST000007']);
    const file = join(bus.instance.dataDir, 'evidence.json');
    await writeFile(file, evidence);
    const args = ['verify', file, '--trust', bus.instance.trustFile];
    expect(await kerege(args, bus.instance.dataDir)).toMatchObject({ code: 0 });
    const other = { ...JSON.parse(evidence.toString('utf8')) } as { openings: { kind: string; code: string }[] };
    other.openings.forEach((opening) => (opening.code = opening.kind === 'user' ? 'TEST000008' : opening.code));
    await writeFile(file, JSON.stringify(other));
    expect((await kerege(args, bus.instance.dataDir)).output).toContain('opening');
  });

  it('is refused where nobody has signed in, too weakly, or for another client', async () => {
    const cases = [
      [undefined, 'end-user-required'],
      [await token('TEST000007', MYGOV, '--level', 'low'), 'end-user-assurance'],
      [await token('OFF000001', BENEFITS), 'end-user-audience'],
      ['TEST000007', 'end-user-malformed'],
    ] as const;
    for (const [endUser, code] of cases) expect(codeOf(await asks(PRESCRIPTIONS('TEST000007'), endUser))).toBe(code);
  });

  it('is refused in X-Road’s words on /r1', async () => {
    const answer = await asks(PRESCRIPTIONS('TEST000007'), undefined, 'application/json');
    expect(answer.status).toBe(500);
    expect(answer.headers.get('x-road-error')).toBe('server.clientproxy.access_denied');
    expect(Object.keys(JSON.parse(answer.text) as object)).toEqual(['type', 'message', 'detail']);
    const malformed = await asks(PRESCRIPTIONS('TEST000007'), 'x.y', 'application/json');
    expect(malformed.headers.get('x-road-error')).toBe('server.clientproxy.invalid_request');
  });
});

describe('an official who has signed in', () => {
  it('may ask about anybody where the agreement wants an official, and the system by itself may not', async () => {
    const target = `${PROPERTIES}/?owner=TEST000001`;
    const headers = { 'Kerege-End-User': await token('OFF000001', BENEFITS) };
    expect((await call(bus.instance, { target, client: BENEFITS, headers })).status).toBe(200);
    const alone = await call(bus.instance, { target, client: BENEFITS });
    expect(alone.headers.get('x-road-error')).toBe('server.clientproxy.access_denied');
  });

  it('cannot sign in as a client for citizens', async () => {
    const { keysDir, issuerUrl, dataDir } = bus.instance;
    const args = ['token', '--as', MYGOV, '--end-user', 'OFF000001', '--issuer', issuerUrl, '--keys', keysDir];
    const refused = await kerege(args, dataDir);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain('no such test identity');
  });
});

describe('the sandbox', () => {
  it('answers its first call without anybody signed in', async () => {
    expect((await asks(`${PERSONS}/TEST000001`)).status).toBe(200);
  });

  it('shows a sign-in page that says what it is, and a foreign sign-in nothing', async () => {
    const { issuerUrl } = bus.instance;
    const foreign = await fetch(`${issuerUrl}/interaction/nobody`);
    expect([foreign.status, foreign.headers.get('content-security-policy')]).toEqual([
      400,
      expect.stringContaining("default-src 'none'"),
    ]);
    const query = new URLSearchParams({ client_id: MYGOV, response_type: 'code', scope: 'openid' });
    query.set('redirect_uri', 'http://127.0.0.1:8120/callback');
    query.set('code_challenge_method', 'S256');
    query.set('code_challenge', 'x'.repeat(43));
    const begun = await fetch(`${issuerUrl}/auth?${query}`, { redirect: 'manual' });
    const cookie = begun.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    const page = await fetch(new URL(begun.headers.get('location') ?? '', issuerUrl), { headers: { cookie } });
    const html = await page.text();
    expect([page.status, html]).toEqual([200, expect.stringContaining('State Portal')]);
    for (const part of ['lang="en"', '<label for="person">', 'TEST000200', 'sandbox']) expect(html).toContain(part);
    query.set('redirect_uri', 'https://evil.example/callback');
    expect((await fetch(`${issuerUrl}/auth?${query}`, { redirect: 'manual' })).status).toBe(400);
    query.set('redirect_uri', 'http://127.0.0.1:8120/callback');
    query.delete('code_challenge');
    const open = await fetch(`${issuerUrl}/auth?${query}`, { redirect: 'manual' });
    expect(new URL(open.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
  });
});
