import { jest } from '@jest/globals';
import { xroadRequestHash } from '#signing';
import { sendRaw, wireBytes, type WireAnswer, type WireRequest } from '../conformance/xroad-wire.js';
import {
  BENEFITS,
  LEGAL,
  MYGOV,
  PERSONS,
  PROPERTIES,
  startBus,
  type BusUnderTest,
} from './spec-support/bus-under-test.js';
import { startEchoAgency, type EchoAgency, type Received } from './spec-support/echo-agency.js';

jest.setTimeout(120_000);

// `exchange.md` §2 against a running bus: what needs a connector and an agency behind the edge. Rules that the edge alone
// decides stand in test/conformance/xroad-*.spec.ts.
let bus: BusUnderTest | undefined;
let agency: EchoAgency;
beforeAll(async () => {
  agency = await startEchoAgency();
  const agencies = `${PERSONS}=${agency.url}/base/,${PROPERTIES}=${agency.url}`;
  bus = await startBus({ env: { cn1: { KEREGE_CONNECTOR_AGENCIES: agencies } } });
});
afterAll(async () => {
  await bus?.end();
  await agency.close();
});
beforeEach(() => {
  agency.received.length = 0;
  agency.reply = {};
});

type Sent = readonly (readonly [string, string])[];

function send(target: string, more: Partial<WireRequest> & { client?: string } = {}): Promise<WireAnswer> {
  const { client = MYGOV, headers = [], ...rest } = more;
  const purpose: Sent = client === MYGOV ? [['Kerege-Purpose', 'citizen-view']] : [];
  const all: Sent = [['X-Road-Client', client], ...purpose, ...headers];
  return sendRaw(bus!.instance.gatewayUrl, wireBytes({ target, headers: all, ...rest }));
}
const person = (rest = '/TEST000001', more: Parameters<typeof send>[1] = {}) => send(`/r1/${PERSONS}${rest}`, more);
const last = (): Received => agency.received.at(-1)!;
const received = (name: string) =>
  last()
    .headers.filter(([known]) => known.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value);

describe('§2.2, what the provider receives', () => {
  it('is the service path under the base URL, the doubled slash collapsed, everything else as it came', async () => {
    for (const [rest, url] of [
      ['/TEST000001', '/base/TEST000001'],
      ['/TEST000001?a=b%2F..&c=%00//', '/base/TEST000001?a=b%2F..&c=%00//'],
      ['/%54EST000001', '/base/%54EST000001'],
      ['/TEST000001/address', '/base/TEST000001/address'],
    ] as const) {
      expect([rest, (await person(rest)).status]).toEqual([rest, 200]);
      expect([last().method, last().url]).toEqual(['GET', url]);
    }
    for (const [rest, url] of [
      ['?owner=TEST000001', '/?owner=TEST000001'],
      ['/?owner=TEST000001', '/?owner=TEST000001'],
    ]) {
      expect((await send(`/r1/${PROPERTIES}${rest}`)).status).toBe(200);
      expect(last().url).toBe(url);
    }
  });

  it('has the same method and body, with its length', async () => {
    const body = '{ "pin" : "TEST000001", "name": "\u0259ks-\u0259laq\u0259" }';
    const answer = await person('/match', {
      method: 'POST',
      client: BENEFITS,
      body,
      headers: [['Content-Type', 'application/json']],
    });
    expect(answer.status).toBe(200);
    expect(last().method).toBe('POST');
    expect(last().body.toString()).toBe(body);
    expect(received('Content-Length')).toEqual([String(Buffer.byteLength(body))]);
    expect(received('Content-Type')).toEqual(['application/json']);
  });

  it('has the consumer\u2019s headers, one client, both ids and no X-Road-Service', async () => {
    const headers: Sent = [
      ['X-Road-UserId', 'EE12345678901'],
      ['X-Road-Issue', 'case 12 \u00fc'],
      ['X-Road-Represented-Party', 'COM/2001'],
      ['X-Road-Security-Server', 'DEMO/GOV/1001/ss1'],
      ['X-Road-Id', 'id-4711'],
      ['Authorization', 'Bearer x'],
      ['x-Own', '1'],
      ['X-own', '2'],
      ['Accept', 'application/json'],
      ['X-Road-Request-Id', 'forged'],
      ['X-Road-Request-Hash', 'forged'],
      ['User-Agent', 'curl'],
      ['TE', 'trailers'],
      ['Proxy-Authorization', 'x'],
    ];
    const answer = await person('/TEST000001', { headers });
    for (const [name, value] of headers.slice(0, 6)) expect([name, received(name)]).toEqual([name, [value]]);
    expect(received('X-Own')).toEqual(['1', '2']);
    expect(received('Accept')).toEqual(['application/json']);
    expect(received('X-Road-Client')).toEqual([MYGOV]);
    expect(received('Kerege-Purpose')).toEqual(['citizen-view']);
    expect(received('x-road-request-id')).toEqual([answer.header('x-road-request-id')]);
    for (const name of [
      'X-Road-Service',
      'X-Road-Request-Hash',
      'User-Agent',
      'TE',
      'Proxy-Authorization',
      'Kerege-End-User',
      'Idempotency-Key',
    ])
      expect([name, received(name)]).toEqual([name, []]);
    expect(answer.header('x-road-id')).toBe('id-4711');
  });

  it('has the X-Road-Id that was generated, and no Accept that nobody sent', async () => {
    const answer = await person();
    expect(received('X-Road-Id')).toEqual([answer.header('x-road-id')]);
    expect(answer.header('x-road-id')).toMatch(/^DEMO-[0-9a-f-]{36}$/);
    expect(received('Accept')).toEqual([]);
  });

  it('cannot be told another client by a second header', async () => {
    await person('/TEST000001', {
      client: 'DEMO/GOV/9999/forged',
      headers: [
        ['X-Road-Client', MYGOV],
        ['Kerege-Purpose', 'citizen-view'],
      ],
    });
    expect(received('X-Road-Client')).toEqual([MYGOV]);
  });
});

describe('§2.3–2.4, what the consumer receives', () => {
  it('is the provider\u2019s answer, byte for byte, with the five headers of X-Road', async () => {
    const body = Buffer.from('{"\u0259":"\u{1f30d}"}');
    agency.reply = {
      status: 203,
      body,
      headers: [
        ['Content-Type', 'application/json; charset=UTF-8'],
        ['Set-Cookie', 'a=1'],
        ['X-Mine', '\u00fc'],
        ['Set-Cookie', 'b=2'],
        ['Server', 'agency'],
        ['Keep-Alive', 'timeout=5'],
        ['X-Road-Service', 'forged'],
        ['x-road-request-hash', 'forged'],
        ['X-Road-Error', 'Server.Forged'],
        ['Date', 'Sun, 22 Nov 2026 00:00:00 GMT'],
      ],
    };
    const answer = await person();
    expect(answer.status).toBe(203);
    expect(answer.body).toBe(body.toString());
    const values = (name: string) =>
      answer.headers.filter(([known]) => known.toLowerCase() === name).map(([, value]) => value);
    expect(values('set-cookie')).toEqual(['a=1', 'b=2']);
    expect(values('x-mine')).toEqual(['\u00fc']);
    expect(values('content-type')).toEqual(['application/json; charset=UTF-8']);
    expect(values('date')).toEqual(['Sun, 22 Nov 2026 00:00:00 GMT']);
    expect(values('x-road-service')).toEqual([PERSONS]);
    for (const name of ['server', 'x-road-error']) expect([name, values(name)]).toEqual([name, []]);
    for (const name of ['id', 'client', 'request-id', 'request-hash']) expect(values(`x-road-${name}`)).toHaveLength(1);
  });

  it.each([301, 302, 400, 404, 418, 500, 503])(
    'status %i of an agency goes through, redirects unfollowed',
    async (status) => {
      agency.reply = { status, body: 'mine', headers: [['Location', `${agency.url}/elsewhere`]] };
      const answer = await person();
      expect([answer.status, answer.body, answer.header('X-Road-Error')]).toEqual([status, 'mine', undefined]);
      expect(answer.header('Location')).toBe(`${agency.url}/elsewhere`);
      expect(answer.header('Kerege-Exchange-Id')).toBeDefined();
      expect(agency.received).toHaveLength(1);
    },
  );
});

describe('§2.5, the request hash', () => {
  it('can be recomputed from what was sent, with the ids that came back', async () => {
    const headers: Sent = [
      ['x-first', '1'],
      ['X-Second', 'a: b'],
      ['Connection', 'close'],
      ['X-First', '2'],
    ];
    const target = `/r1/${PERSONS}/TEST000001?x=%20y`;
    const hashes = new Set<string>();
    for (let round = 0; round < 2; round += 1) {
      const answer = await send(target, { headers });
      const covered = [
        ['X-Road-Client', MYGOV],
        ['Kerege-Purpose', 'citizen-view'],
        ...headers.filter(([name]) => name !== 'Connection'),
        ['X-Road-Id', answer.header('x-road-id')!],
        ['x-road-request-id', answer.header('x-road-request-id')!],
      ].map(([name = '', value = '']) => ({ name, value }));
      const hash = xroadRequestHash({ method: 'GET', target, headers: covered, body: Buffer.alloc(0) }).toString(
        'base64',
      );
      expect(answer.header('x-road-request-hash')).toBe(hash);
      hashes.add(hash);
    }
    expect(hashes.size).toBe(2);
  });
});

describe('§2.6–2.7, faults with their real causes', () => {
  const key = () => `key-${Math.random()}`;
  const json: Sent = [['Content-Type', 'application/json']];
  const match = (body: string, headers: Sent = []) =>
    person('/match', { method: 'POST', client: BENEFITS, body, headers: [...json, ...headers] });

  it.each<[what: string, fault: string, cause: () => Promise<WireAnswer>]>([
    ['an unknown client', 'clientproxy.unknown_member', () => person('/TEST000001', { client: 'DEMO/GOV/9/none' })],
    ['a malformed client', 'clientproxy.invalid_client_identifier', () => person('/TEST000001', { client: 'DEMO' })],
    ['an unknown provider', 'clientproxy.unknown_member', () => send('/r1/DEMO/GOV/4040/none/persons/x')],
    ['an unknown service', 'clientproxy.unknown_service', () => send('/r1/DEMO/GOV/1001/population/none/x')],
    [
      'a POST to a metaservice',
      'clientproxy.unknown_service',
      () => send('/r1/DEMO/GOV/1001/population/listMethods', { method: 'POST' }),
    ],
    ['no agreement', 'clientproxy.access_denied', () => person('/TEST000001', { client: LEGAL })],
    ['an unknown endpoint', 'clientproxy.access_denied', () => person('/TEST000001/secrets')],
    ['another method', 'clientproxy.access_denied', () => person('/TEST000001', { method: 'DELETE' })],
    ['TRACE, which is no endpoint', 'clientproxy.access_denied', () => person('/TEST000001', { method: 'TRACE' })],
    [
      'an unknown purpose',
      'clientproxy.access_denied',
      () => person('/TEST000001', { client: BENEFITS, headers: [['Kerege-Purpose', 'none']] }),
    ],
    [
      'another subject in the header',
      'clientproxy.access_denied',
      () => person('/TEST000001', { headers: [['Kerege-Subject', 'DEMO/PIN/TEST000002']] }),
    ],
    [
      'no purpose where two are agreed',
      'clientproxy.invalid_request',
      () =>
        sendRaw(
          bus!.instance.gatewayUrl,
          wireBytes({ target: `/r1/${PERSONS}/TEST000001`, headers: [['X-Road-Client', MYGOV]] }),
        ),
    ],
    ['no subject', 'clientproxy.invalid_request', () => send(`/r1/${PROPERTIES}?x=1`)],
    ['two subjects', 'clientproxy.invalid_request', () => send(`/r1/${PROPERTIES}?owner=TEST000001&owner=TEST000002`)],
    ['a subject that is none', 'clientproxy.invalid_request', () => person('/%C9%99')],
    ['an ambiguous path', 'clientproxy.invalid_request', () => person('/%2e%2e/TEST000001')],
    ['bad JSON', 'clientproxy.invalid_request', () => match('{"pin":')],
    [
      'JSON that two readers read differently',
      'clientproxy.invalid_request',
      () => match('{"pin":"TEST000001","pin":"TEST000002"}'),
    ],
    [
      'no JSON where the subject is in it',
      'clientproxy.invalid_request',
      () => person('/match', { method: 'POST', client: BENEFITS, body: 'pin=TEST000001' }),
    ],
    ['a wrong verb', 'clientproxy.internal_error', () => person('/TEST000001', { method: 'PROPFIND' })],
    ['another protocol version', 'clientproxy.internal_error', () => send(`/r2/${PERSONS}/TEST000001`)],
    ['an absolute target', 'clientproxy.internal_error', () => send(`http://x/r1/${PERSONS}/TEST000001`)],
    ['a body that is too large', 'clientproxy.internal_error', () => match(' '.repeat(768 * 1024 + 1))],
    [
      'headers that are too large',
      'clientproxy.internal_error',
      () => person('/TEST000001', { headers: [['X-Large', 'x'.repeat(20_000)]] }),
    ],
    [
      'a deadline that has passed',
      'serverproxy.network_error',
      () => person('/TEST000001', { headers: [['Kerege-Deadline', '0']] }),
    ],
    [
      'a used idempotency key with another body',
      'clientproxy.invalid_request',
      async () => {
        const used: Sent = [['Idempotency-Key', key()]];
        expect((await match('{"pin":"TEST000001"}', used)).status).toBe(200);
        agency.received.length = 0;
        return match('{"pin":"TEST000002"}', used);
      },
    ],
  ])('%s is %s', async (_what, fault, cause) => {
    const answer = await cause();
    expect([answer.status, answer.header('X-Road-Error')]).toEqual([500, `server.${fault}`]);
    expect(Object.keys(JSON.parse(answer.body))).toEqual(['type', 'message', 'detail']);
    expect(agency.received).toHaveLength(0);
  });

  it('an agency that cuts the connection is a network error of the provider\u2019s side, in JSON and XML', async () => {
    agency.reply = 'cut';
    for (const [accept, type] of [
      ['*/*', 'application/json'],
      ['text/xml', 'text/xml;charset=utf-8'],
    ] as const) {
      const answer = await person('/TEST000001', { headers: [['Accept', accept]] });
      expect([answer.status, answer.header('X-Road-Error'), answer.header('Content-Type')]).toEqual([
        500,
        'server.serverproxy.network_error',
        type,
      ]);
      expect(answer.header('Kerege-Exchange-Id')).toBeDefined();
    }
  });

  it('an agency that hangs is one too, at the deadline', async () => {
    agency.reply = 'hang';
    const answer = await send(`/r1/${PROPERTIES}?owner=TEST000001`, { headers: [['Kerege-Deadline', '1500']] });
    expect([answer.status, answer.header('X-Road-Error')]).toEqual([500, 'server.serverproxy.network_error']);
  });

  it('an agency that answers too much has failed', async () => {
    agency.reply = { body: Buffer.alloc(768 * 1024 + 1) };
    const answer = await send(`/r1/${PROPERTIES}?owner=TEST000001`);
    expect([answer.status, answer.header('X-Road-Error')]).toEqual([500, 'server.serverproxy.service_failed']);
  });
});

describe('§2.8, metaservices over the registry of the bus', () => {
  it('listClients knows every member and subsystem', async () => {
    const target = '/listClients?xRoadInstance=DEMO';
    const json = await sendRaw(
      bus!.instance.gatewayUrl,
      wireBytes({ target, headers: [['Accept', 'application/json']] }),
    );
    const { member } = JSON.parse(json.body);
    expect(member).toHaveLength(16);
    expect(member).toContainEqual({
      id: {
        object_type: 'SUBSYSTEM',
        xroad_instance: 'DEMO',
        member_class: 'GOV',
        member_code: '1000',
        subsystem_code: 'mygov',
      },
      name: 'State Portal',
      subsystem_name: 'Portal of public services',
    });
    const xml = await sendRaw(bus!.instance.gatewayUrl, wireBytes({ target }));
    expect(xml.header('Content-Type')).toBe('text/xml');
    expect(xml.body).toContain('<id:subsystemCode>mygov</id:subsystemCode>');
  });

  it('listMethods and allowedMethods differ by the agreement', async () => {
    const endpoints = async (code: string, client: string) =>
      JSON.parse((await send(`/r1/DEMO/GOV/1001/population/${code}`, { client })).body).service.flatMap(
        (service: { endpoint_list: { method: string; path: string }[] }) =>
          service.endpoint_list.map(({ method, path }) => `${method} ${path}`),
      );
    expect((await endpoints('listMethods', LEGAL)).toSorted()).toEqual(['GET /*', 'GET /*/address', 'POST /match']);
    expect(await endpoints('allowedMethods', LEGAL)).toEqual(['POST /match']);
    expect((await endpoints('allowedMethods', MYGOV)).toSorted()).toEqual(['GET /*', 'GET /*/address']);
    expect(agency.received).toHaveLength(0);
  });

  it('getOpenAPI brings the registered document without its servers', async () => {
    const answer = await send('/r1/DEMO/GOV/1001/population/getOpenAPI?serviceCode=persons');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatch(/openapi["']?:\s*["']?3\./);
    expect(answer.body).not.toContain('127.0.0.1');
    expect(answer.header('Kerege-Exchange-Id')).toBeUndefined();
    expect(Buffer.from(answer.header('x-road-request-hash') ?? '', 'base64')).toHaveLength(64);
  });
});
