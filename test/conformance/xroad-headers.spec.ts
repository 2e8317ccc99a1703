import { asClient, CLIENT, EXCHANGE_ID, hashOf, ok, PROVIDER, startEdge, type Edge } from './xroad-edge.js';

const PERSONS = `${PROVIDER}/persons`;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
let edge: Edge;
beforeAll(async () => void (edge = await startEdge()));
afterAll(() => edge.close());
beforeEach(() => {
  edge.exchanges.requests.length = 0;
  edge.exchanges.answer = ok();
});

const forwarded = () => edge.exchanges.last!.headers.map(({ name, value }) => `${name}: ${value}`);
const errorOf = async (request: Parameters<Edge['call']>[0]) => (await edge.call(request)).header('X-Road-Error');

describe('exchange.md \u00a72.3, X-Road-Client', () => {
  it('is taken from the last of several, and only that one goes on', async () => {
    await edge.call({
      target: PERSONS,
      headers: [
        ['X-Road-Client', 'DEMO/GOV/9/nobody'],
        ['a', 'b'],
        ['x-road-client', CLIENT],
      ],
    });
    expect(edge.exchanges.last?.consumer).toBe(CLIENT);
    expect(forwarded()).toEqual(['a: b', `x-road-client: ${CLIENT}`]);
  });

  it('is decoded by segments, and encoded again in the answer', async () => {
    const answer = await edge.call({
      target: PERSONS,
      headers: [['X-Road-Client', 'DEMO/GOV/1001/%28odd%29%2Bname%27%3D1']],
    });
    expect(edge.exchanges.last?.consumer).toBe("DEMO/GOV/1001/(odd)+name'=1");
    expect(answer.header('x-road-client')).toBe("DEMO/GOV/1001/(odd)%2Bname'%3D1");
  });

  it.each([
    [[], 'invalid_client_identifier', 'client-missing', 401],
    [[['X-Road-Client', '']], 'invalid_client_identifier', 'client-missing', 401],
    [
      [
        ['X-Road-Client', CLIENT],
        ['X-Road-Client', ''],
      ],
      'invalid_client_identifier',
      'client-missing',
      401,
    ],
    [[['X-Road-Client', 'DEMO/GOV']], 'invalid_client_identifier', 'client-malformed', 400],
    [[['X-Road-Client', 'DEMO/GOV/1000/mygov/x']], 'invalid_client_identifier', 'client-malformed', 400],
    [[['X-Road-Client', 'DEMO/GOV//mygov']], 'invalid_client_identifier', 'client-malformed', 400],
    [[['X-Road-Client', 'DEMO/GOV/1000/my%2Fgov']], 'invalid_client_identifier', 'client-malformed', 400],
    [[['X-Road-Client', 'DEMO%2FGOV/1000/mygov']], 'invalid_client_identifier', 'client-malformed', 400],
    [[['X-Road-Client', 'DEMO/GOV/1000/my%zz']], 'invalid_client_identifier', 'client-malformed', 400],
    [[['X-Road-Client', 'DEMO/GOV/1000/%C0%AF']], 'invalid_client_identifier', 'client-malformed', 400],
    [[['X-Road-Client', 'DEMO:GOV:1000:mygov']], 'invalid_client_identifier', 'client-malformed', 400],
    [[['X-Road-Client', 'DEMO/GOV/1000/a%00']], 'invalid_client_identifier', 'client-malformed', 400],
    [[['X-Road-Client', 'DEMO/GOV/1000']], 'unknown_member', 'client-unknown', 401],
    [[['X-Road-Client', 'DEMO/GOV/1000/MYGOV']], 'unknown_member', 'client-unknown', 401],
    [[['X-Road-Client', 'DEMO/GOV/9999/none']], 'unknown_member', 'client-unknown', 401],
    [[['X-Road-Client', 'DEMO/GOV/1001/population']], 'unknown_member', 'client-unknown', 401],
  ] as [[string, string][], string, string, number][])('%j is refused as %s', async (headers, fault, code, status) => {
    const answer = await edge.call({ target: PERSONS, headers });
    expect([answer.status, answer.header('X-Road-Error')]).toEqual([500, `server.clientproxy.${fault}`]);
    const native = await edge.call({ target: PERSONS, headers: [...headers, ['Accept', 'application/problem+json']] });
    expect([native.status, JSON.parse(native.body).code]).toEqual([status, code]);
    expect(edge.exchanges.requests).toHaveLength(0);
  });

  it('is asked for before anything else is looked at', async () => {
    expect(await errorOf({ target: '/r1/x', method: 'PROPFIND' })).toBe('server.clientproxy.invalid_client_identifier');
  });
});

describe('exchange.md \u00a72.3, ids of a message', () => {
  it('echoes X-Road-Id, whatever it is and however often it was used', async () => {
    for (const id of [
      '4894e35d-bf0f-44a6-867a-8e51f1daa7e0',
      'any string: \u00fc',
      '4894e35d-bf0f-44a6-867a-8e51f1daa7e0',
    ]) {
      const answer = await edge.call(asClient(PERSONS, { headers: [['X-Road-Id', id]] }));
      expect(answer.header('x-road-id')).toBe(id);
      expect(edge.exchanges.last).toMatchObject({ xRoadId: id, generatedXRoadId: false });
      expect(forwarded()).toContain(`X-Road-Id: ${id}`);
    }
  });

  it('makes {instance}-{uuid} where there is none', async () => {
    for (const headers of [[], [['X-Road-Id', '']]] as [string, string][][]) {
      const answer = await edge.call(asClient(PERSONS, { headers }));
      expect(answer.header('x-road-id')).toMatch(/^DEMO-/);
      expect(answer.header('x-road-id')).toMatch(UUID);
      expect(edge.exchanges.last).toMatchObject({ xRoadId: answer.header('x-road-id'), generatedXRoadId: true });
      expect(forwarded().some((line) => /^x-road-id/i.test(line))).toBe(false);
    }
  });

  it('makes X-Road-Request-Id itself, a new UUIDv4 for each call, and drops what came', async () => {
    const seen = new Set<string | undefined>();
    for (const own of ['mine', 'yours']) {
      edge.exchanges.answer = ok([['X-Road-Request-Id', 'of the provider']]);
      const answer = await edge.call(asClient(PERSONS, { headers: [['X-Road-Request-Id', own]] }));
      expect(answer.header('x-road-request-id')).toMatch(UUID);
      expect(answer.header('x-road-request-id')).toBe(edge.exchanges.last?.xRoadRequestId);
      seen.add(answer.header('x-road-request-id'));
    }
    expect(seen.size).toBe(2);
  });

  it('sends five lower-case X-Road headers with every answer, once each, and the exchange beside them', async () => {
    const answer = await edge.call(asClient(`${PERSONS}/x?y`));
    const names = answer.headers.map(([name]) => name).filter((name) => /^x-road|^kerege|^link/i.test(name));
    expect(names).toEqual([
      'x-road-id',
      'x-road-client',
      'x-road-service',
      'x-road-request-id',
      'x-road-request-hash',
      'Kerege-Exchange-Id',
      'Link',
    ]);
    expect(answer.header('x-road-client')).toBe(CLIENT);
    expect(answer.header('x-road-service')).toBe('DEMO/GOV/1001/population/persons');
    expect(answer.header('kerege-exchange-id')).toBe(EXCHANGE_ID);
    expect(answer.header('link')).toBe(`</v1/exchanges/${EXCHANGE_ID}/evidence>; rel="evidence"`);
  });
});

describe('exchange.md \u00a72.3, informational headers', () => {
  it.each([
    ['X-Road-UserId', 'EE12345678901'],
    ['X-Road-Issue', 'case 12/2026'],
    ['X-Road-Represented-Party', 'COM/2001'],
    ['X-Road-Represented-Party', '2001'],
    ['X-Road-Represented-Party', 'C%2FM/2001'],
    ['X-Road-Security-Server', 'DEMO/GOV/1001/ss1'],
    ['X-Road-Anything', 'x'],
    ['Authorization', 'Bearer x'],
    ['Cookie', 'a=b'],
    ['Cache-Control', 'no-cache'],
    ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['tracestate', 'a=b'],
    ['Kerege-Subject', 'DEMO/PIN/TEST000001'],
    ['Kerege-Purpose', 'citizen-view'],
    ['Kerege-Legal-Basis', 'LB'],
    ['Kerege-Deadline', '1000'],
  ])('passes %s: %s', async (name, value) => {
    await edge.call(asClient(PERSONS, { headers: [[name, value]] }));
    expect(forwarded()).toContain(`${name}: ${value}`);
  });

  it.each([
    ['X-Road-Represented-Party', 'DEMO/COM/2001', 'internal_error'],
    ['X-Road-Represented-Party', 'COM/', 'internal_error'],
    ['X-Road-Represented-Party', 'COM/%zz', 'internal_error'],
    ['X-Road-Security-Server', 'DEMO/GOV/1001', 'internal_error'],
    ['X-Road-Security-Server', 'DEMO/GOV/1001/a/b', 'internal_error'],
    ['Kerege-Subject', 'TEST000001', 'invalid_request'],
    ['Kerege-Subject', 'DEMO/PIN/test 1', 'invalid_request'],
    ['Kerege-Purpose', 'no code', 'invalid_request'],
    ['Kerege-Purpose', '', 'invalid_request'],
    ['Kerege-Legal-Basis', '/', 'invalid_request'],
    ['Kerege-Deadline', 'soon', 'invalid_request'],
    ['Kerege-Deadline', '-1', 'invalid_request'],
    ['Kerege-Deadline', '1.5', 'invalid_request'],
    ['Idempotency-Key', 'k'.repeat(256), 'invalid_request'],
    ['Idempotency-Key', '', 'invalid_request'],
    ['Idempotency-Key', 'k\u00e9', 'invalid_request'],
  ])('refuses %s: %s', async (name, value, fault) => {
    expect(await errorOf(asClient(PERSONS, { headers: [[name, value]] }))).toBe(`server.clientproxy.${fault}`);
    expect(edge.exchanges.requests).toHaveLength(0);
  });

  it('refuses a context header that stands twice, and a deadline that has passed', async () => {
    const twice = await errorOf(
      asClient(PERSONS, {
        headers: [
          ['Kerege-Purpose', 'a'],
          ['kerege-purpose', 'a'],
        ],
      }),
    );
    expect(twice).toBe('server.clientproxy.invalid_request');
    const passed = asClient(PERSONS, {
      headers: [
        ['Kerege-Deadline', '0'],
        ['Accept', 'application/problem+json'],
      ],
    });
    const answer = await edge.call(passed);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([504, 'deadline-passed']);
  });

  it('hands the context over', async () => {
    await edge.call(
      asClient(PERSONS, {
        headers: [
          ['Kerege-Subject', 'DEMO/PIN/TEST000001'],
          ['Kerege-Purpose', 'citizen-view'],
          ['Kerege-Legal-Basis', 'LB'],
          ['Kerege-Deadline', '1500'],
          ['Idempotency-Key', 'k 1'],
        ],
      }),
    );
    expect(edge.exchanges.last?.context).toEqual({
      subject: { country: 'DEMO', type: 'PIN', code: 'TEST000001' },
      purpose: 'citizen-view',
      legalBasis: 'LB',
      deadlineMs: 1500,
      idempotencyKey: 'k 1',
    });
  });
});

const FILTERED = [
  ...[
    'transfer-encoding',
    'keep-alive',
    'proxy-authenticate',
    'proxy-authorization',
    'te',
    'trailer',
    'upgrade',
    'connection',
  ],
  ...['user-agent', 'host', 'content-length', 'server', 'expect'],
];

describe('exchange.md \u00a72.4, filtered headers', () => {
  // Transfer-Encoding, Content-Length, Host and Connection stand in requests of other tests, where HTTP lets them.
  it.each([
    ...FILTERED.filter(
      (name) => !['transfer-encoding', 'content-length', 'host', 'connection', 'upgrade', 'expect'].includes(name),
    ),
    ...['x-road-request-id', 'x-road-request-hash', 'Kerege-End-User'],
  ])('removes %s from requests', async (name) => {
    await edge.call(
      asClient(PERSONS, {
        method: 'POST',
        body: 'x',
        headers: [
          [name, 'x'],
          ['Kept', name],
        ],
      }),
    );
    expect(forwarded()).toEqual([`X-Road-Client: ${CLIENT}`, `Kept: ${name}`]);
  });

  it('removes Host, Connection, Content-Length, Upgrade, Expect and Idempotency-Key from requests', async () => {
    const headers: [string, string][] = [
      ['Upgrade', 'h2c'],
      ['Expect', '100-continue'],
      ['Idempotency-Key', 'k'],
      ['Kept', '1'],
      ['kept', '2'],
    ];
    await edge.call(asClient(PERSONS, { method: 'POST', body: 'x', headers }));
    expect(forwarded()).toEqual([`X-Road-Client: ${CLIENT}`, 'Kept: 1', 'kept: 2']);
  });

  it.each([
    ...FILTERED.filter((name) => name !== 'connection' && name !== 'content-length'),
    'x-road-service',
    'X-Road-Error',
  ])('removes %s from answers', async (name) => {
    edge.exchanges.answer = ok([
      [name, 'provider'],
      ['Kept', 'provider'],
    ]);
    const answer = await edge.call(asClient(PERSONS));
    expect(answer.headers.filter(([, value]) => value === 'provider')).toEqual([['Kept', 'provider']]);
  });

  it.each([
    'x-road-id',
    'X-Road-Client',
    'x-road-request-id',
    'X-Road-Request-Hash',
    'X-Road-Service',
    'Kerege-Exchange-Id',
  ])('replaces %s of a provider', async (name) => {
    edge.exchanges.answer = ok([[name, 'provider']]);
    const answer = await edge.call(asClient(PERSONS));
    const values = answer.headers
      .filter(([known]) => known.toLowerCase() === name.toLowerCase())
      .map(([, value]) => value);
    expect(values).toHaveLength(1);
    expect(values[0]).not.toBe('provider');
  });

  it('makes Content-Length and Connection anew, and drops what Connection names', async () => {
    edge.exchanges.answer = ok(
      [
        ['Content-Length', '999'],
        ['Connection', 'x-secret'],
        ['X-Secret', '1'],
      ],
      'four',
    );
    const answer = await edge.call(asClient(PERSONS));
    expect(
      answer.headers.filter(([name]) => name.toLowerCase() === 'content-length').map(([, value]) => value),
    ).toEqual(['4']);
    expect([answer.header('connection'), answer.header('x-secret')]).toEqual(['close', undefined]);
  });

  it('keeps order, case and repetition of the provider\u2019s headers, and exactly one Date', async () => {
    const sent: [string, string][] = [
      ['Set-Cookie', 'a=1'],
      ['X-b', '1'],
      ['set-cookie', 'b=2'],
      ['X-B', '2'],
      ['Date', 'Sun, 22 Nov 2026 00:00:00 GMT'],
      ['Content-Type', 'Text/Weird; Q="\u00fc"'],
    ];
    edge.exchanges.answer = ok(sent);
    const answer = await edge.call(asClient(PERSONS));
    expect(answer.headers.slice(0, sent.length)).toEqual(sent);
    expect(answer.headers.filter(([name]) => name.toLowerCase() === 'date')).toHaveLength(1);
  });

  it('makes a Date where the provider sent none, and no Content-Type', async () => {
    edge.exchanges.answer = ok([]);
    const answer = await edge.call(asClient(PERSONS));
    expect(answer.header('Date')).toBeDefined();
    expect(answer.header('Content-Type')).toBeUndefined();
  });

  it.each([200, 201, 204, 301, 302, 304, 400, 404, 418, 500, 503])(
    'hands status %i through with all X-Road headers and no X-Road-Error',
    async (status) => {
      edge.exchanges.answer = ok(
        [['Location', 'http://elsewhere/']],
        status === 204 || status === 304 ? '' : 'body',
        status,
      );
      const answer = await edge.call(asClient(PERSONS));
      expect(answer.status).toBe(status);
      expect(answer.header('Location')).toBe('http://elsewhere/');
      expect(answer.header('X-Road-Error')).toBeUndefined();
      for (const name of ['id', 'client', 'service', 'request-id', 'request-hash'])
        expect(answer.header(`x-road-${name}`)).toBeDefined();
    },
  );

  it('hands a body through byte for byte', async () => {
    edge.exchanges.answer = ok([], Buffer.from('\u0259ks-\u0259laq\u0259 \u{1f30d}'));
    expect((await edge.call(asClient(PERSONS))).body).toBe('\u0259ks-\u0259laq\u0259 \u{1f30d}');
  });
});

describe('exchange.md \u00a72.5, request hash', () => {
  it('is the pipeline\u2019s, 64 bytes in base64, and never the same for two identical requests', async () => {
    const hashes = new Set<string>();
    for (let round = 0; round < 2; round += 1) {
      const answer = await edge.call(
        asClient(`${PERSONS}/x`, {
          headers: [
            ['X-Road-Id', 'same'],
            ['X-Road-Request-Hash', 'mine'],
          ],
        }),
      );
      const hash = answer.header('x-road-request-hash')!;
      expect(hash).toBe(hashOf(edge.exchanges.last!));
      expect(Buffer.from(hash, 'base64')).toHaveLength(64);
      hashes.add(hash);
    }
    expect(hashes.size).toBe(2);
  });
});
