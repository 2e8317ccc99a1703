import { jest } from '@jest/globals';
import { request } from 'node:http';
import { eventually } from '#testing';
import {
  BENEFITS,
  call,
  CLINIC,
  ENTITLEMENTS,
  fault,
  ledger,
  LEGAL,
  MYGOV,
  PERSONS,
  PROPERTIES,
  startBus,
  VISITS,
  type BusUnderTest,
  type Call,
} from './spec-support/bus-under-test.js';

jest.setTimeout(120_000);

let bus: BusUnderTest;
beforeAll(async () => void (bus = await startBus()));
afterAll(() => bus.end());

const PROBLEM = { Accept: 'application/problem+json' };

/** Each must end at the gateway: what is expected is the status of the native face. */
const refused: [what: string, status: number, call: Call][] = [
  ['no client', 401, { target: `${PERSONS}/TEST000005`, purpose: 'citizen-view' }],
  [
    'an unknown client',
    401,
    { target: `${PERSONS}/TEST000005`, client: 'DEMO/GOV/9999/nobody', purpose: 'citizen-view' },
  ],
  ['a client without agreement', 403, { target: `${PERSONS}/TEST000005`, client: LEGAL }],
  ['an endpoint that is not agreed', 403, { target: `${PERSONS}/TEST000005/address`, client: CLINIC }],
  ['a purpose of another', 403, { target: `${PERSONS}/TEST000005`, client: MYGOV, purpose: 'treatment' }],
  ['no purpose where two are agreed', 403, { target: `${PERSONS}/TEST000005`, client: MYGOV }],
  ['an unknown service', 404, { target: 'DEMO/GOV/1001/population/nothing/x', client: MYGOV, purpose: 'citizen-view' }],
  ['an unknown member', 404, { target: 'DEMO/GOV/4040/x/y/z', client: MYGOV, purpose: 'citizen-view' }],
  [
    'a method that is not offered',
    403,
    { target: `${PERSONS}/TEST000005`, method: 'DELETE', client: MYGOV, purpose: 'citizen-view' },
  ],
  ['bad JSON', 422, { target: `${PERSONS}/match`, method: 'POST', client: BENEFITS, body: '{"pin":' }],
  ['no subject in the body', 422, { target: `${PERSONS}/match`, method: 'POST', client: BENEFITS, body: {} }],
  [
    'another subject in the header',
    403,
    { target: `${PERSONS}/TEST000005`, client: CLINIC, headers: { 'Kerege-Subject': 'DEMO/PIN/TEST000006' } },
  ],
];

async function allCalls(): Promise<number> {
  const names = ['population', 'cadastre', 'benefits', 'clinic'] as const;
  return (await Promise.all(names.map(async (name) => (await ledger(bus.instance, name)).length))).reduce(
    (a, b) => a + b,
    0,
  );
}

describe('what the gateway refuses', () => {
  it.each(refused)('%s is told with a 4xx and never reaches an agency', async (_what, status, attempt) => {
    const before = await allCalls();
    const answer = await call(bus.instance, { ...attempt, headers: { ...PROBLEM, ...attempt.headers } });
    const allowed = status === 422 || status === 403 ? [status, 400, 403, 422] : [status];
    expect(allowed).toContain(answer.status);
    expect(JSON.parse(answer.text)).toMatchObject({ code: expect.stringMatching(/^[a-z0-9-]+$/) });
    expect(await allCalls()).toBe(before);
  });

  it.each([
    `/r1/${PERSONS}/../persons/TEST000005`,
    `/r1/${PERSONS}/%2e%2e/TEST000005`,
    `/r1/${PERSONS}/TEST000005%2Faddress`,
    `/r1/${PERSONS}//TEST000005`,
    `/r1/${PERSONS}/TEST000005%00`,
    `/r1/${PERSONS}/TEST000005%252Faddress`,
    `/r1/${PERSONS}/%c0%ae%c0%ae/TEST000005`,
    `/r1/${PERSONS}/TEST000005%5Caddress`,
    `http://127.0.0.1/r1/${PERSONS}/%2e%2e/TEST000005`,
  ])('the hostile path %s reaches nobody', async (path) => {
    const before = await allCalls();
    expect(await rawGet(path)).toBeGreaterThanOrEqual(400);
    expect(await allCalls()).toBe(before);
  });

  it('and the plain spellings beside them do', async () => {
    const before = await allCalls();
    expect(await rawGet(`/r1/${PERSONS}/TEST000005`)).toBe(200);
    expect(await allCalls()).toBe(before + 1);
  });
});

/** `fetch` would repair the path; this sends it as it is. */
function rawGet(path: string): Promise<number> {
  const { hostname, port } = new URL(bus.instance.gatewayUrl);
  const headers = { 'X-Road-Client': MYGOV, 'Kerege-Purpose': 'citizen-view' };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers, timeout: 15_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('an agency that fails', () => {
  const view = { client: MYGOV, purpose: 'citizen-view', headers: PROBLEM };
  afterEach(() =>
    Promise.all((['cadastre', 'clinic', 'benefits'] as const).map((name) => fault(bus.instance, name, {}))),
  );

  it('and hangs is given up at the deadline, on its side', async () => {
    await fault(bus.instance, 'cadastre', { mode: 'hang' });
    const startedMs = Date.now();
    const answer = await call(bus.instance, {
      ...view,
      target: `${PROPERTIES}?owner=TEST000005`,
      headers: { ...PROBLEM, 'Kerege-Deadline': '1500' },
    });
    expect([502, 503, 504]).toContain(answer.status);
    expect(JSON.parse(answer.text)).toMatchObject({
      exchangeId: expect.any(String),
      side: expect.stringMatching(/provider/),
    });
    expect(Date.now() - startedMs).toBeLessThan(8_000);
  });

  it('and cuts its connections is 502 or 503 at once, and then the breaker opens with Retry-After', async () => {
    await fault(bus.instance, 'clinic', { mode: 'down' });
    const attempt = () => call(bus.instance, { ...view, target: `${VISITS}/TEST000005` });
    const first = await attempt();
    expect([502, 503]).toContain(first.status);
    const opened = await eventually(
      async () => {
        const answer = await attempt();
        return answer.status === 503 && answer.headers.get('retry-after') !== null ? answer : undefined;
      },
      { timeoutMs: 20_000 },
    );
    const reached = (await ledger(bus.instance, 'clinic')).length;
    await attempt();
    expect((await ledger(bus.instance, 'clinic')).length - reached).toBeLessThanOrEqual(1);
    expect(opened.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('its own errors pass through untouched, without X-Road-Error', async () => {
    await fault(bus.instance, 'benefits', { errorRate: 1 });
    const answer = await call(bus.instance, { ...view, target: `${ENTITLEMENTS}/TEST000005` });
    expect([answer.status, answer.text]).toEqual([500, '{"error":"internal error"}']);
    expect(answer.headers.get('x-road-error')).toBeNull();
    expect(answer.headers.get('x-road-service')).toBe(ENTITLEMENTS);
  });
});
