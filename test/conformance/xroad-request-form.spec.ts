import { asClient, CLIENT, PROVIDER, startEdge, type Edge } from './xroad-edge.js';
import { sendRaw, wireBytes } from './xroad-wire.js';

const PERSONS = `${PROVIDER}/persons`;
const PROBLEM = 'application/problem+json';
let edge: Edge;
beforeAll(async () => void (edge = await startEdge()));
afterAll(() => edge.close());
beforeEach(() => void (edge.exchanges.requests.length = 0));

describe('exchange.md \u00a72.1, request form', () => {
  it.each(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'])('takes %s', async (method) => {
    const answer = await edge.call(asClient(`${PERSONS}/x`, { method }));
    expect(answer.status).toBe(200);
    expect(edge.exchanges.last).toMatchObject({ method });
    expect(answer.body).toBe(method === 'HEAD' ? '' : '{"answer":true}');
  });

  it.each(['PROPFIND', 'LOCK', 'SEARCH', 'QUERY', 'MKCOL', 'PURGE', 'REPORT', 'SUBSCRIBE', 'BREW', 'get'])(
    'refuses %s with 500',
    async (method) => {
      const answer = await edge.call(asClient(PERSONS, { method }));
      expect(answer.status).toBe(500);
      expect(answer.header('X-Road-Error')).toBe('server.clientproxy.internal_error');
      expect(edge.exchanges.requests).toHaveLength(0);
    },
  );

  it.each([
    ['', '', undefined],
    ['/', '/', undefined],
    ['/path%3B/', '/path%3B/', undefined],
    ['/a/b/c/d/e/f/g', '/a/b/c/d/e/f/g', undefined],
    ['/%C9%99ks-%C9%99laq%C9%99', '/%C9%99ks-%C9%99laq%C9%99', undefined],
    ['/x?', '/x', ''],
    ['?a=b%2F..&c=%00//&d=\'"<>', '', 'a=b%2F..&c=%00//&d=\'"<>'],
    ['/;a=b', undefined, undefined],
  ])('passes service path and query of %j raw', async (rest, path, query) => {
    const answer = await edge.call(asClient(PERSONS + rest));
    if (path === undefined) expect(answer.header('X-Road-Error')).toBe('server.clientproxy.invalid_request');
    else expect(edge.exchanges.last?.target).toMatchObject({ raw: PERSONS + rest, path, query });
  });

  it('decodes each identifier segment by itself', async () => {
    await edge.call(asClient('/r1/D%45MO/GOV/10%30%31/popul%61tion/person%73/x'));
    expect(edge.exchanges.last?.target).toMatchObject({ service: 'DEMO/GOV/1001/population/persons', path: '/x' });
  });

  it.each([
    ['/r1/DEMO/GOV/1001/population', 'internal_error', 'Invalid request URI'],
    ['/r1/DEMO/GOV/1001', 'internal_error', 'Invalid request URI'],
    ['/r1/', 'internal_error', 'Invalid request URI'],
    ['/r1', 'internal_error', 'Invalid request URI'],
    ['/r1?x', 'internal_error', 'Invalid request URI'],
    ['/r1/DEMO%2FGOV/1001/population/persons', 'internal_error', 'Invalid request URI'],
    ['/r1/DEMO/GOV/1001/population/per%sons', 'internal_error', 'Invalid request URI'],
    ['/r1/DEMO/GOV/1001/population/per%FFsons', 'internal_error', 'Invalid request URI'],
    ['/r1/DEMO/GOV/1001/popu%5Clation/persons', 'internal_error', 'Invalid request URI'],
    ['/r1/DEMO/GOV/1001/popu%E2%80%8Blation/persons', 'internal_error', 'Invalid request URI'],
    [`/r1/DEMO/GOV/1001/${'p'.repeat(256)}/persons`, 'internal_error', 'Invalid request URI'],
    ['/r1//DEMO/GOV/1001/population/persons', 'internal_error', 'Invalid request URI'],
    ['/r2/DEMO/GOV/1001/population/persons', 'internal_error', 'Unsupported protocol version'],
    ['/r0/DEMO/GOV/1001/population/persons', 'internal_error', 'Unsupported protocol version'],
    ['/r9/', 'internal_error', 'Unsupported protocol version'],
    ['/r10/DEMO/GOV/1001/population/persons', 'internal_error', 'Invalid request URI'],
    ['/R1/DEMO/GOV/1001/population/persons', 'internal_error', 'Invalid request URI'],
    ['http://gateway.test/r1/DEMO/GOV/1001/population/persons', 'internal_error', 'Invalid request URI'],
    ['HTTP://gateway.test/r1/DEMO/GOV/1001/population/persons', 'internal_error', 'Invalid request URI'],
    ...[
      '/../x',
      '/./x',
      '/%2e%2e/x',
      '/.%2E',
      '/..;/x',
      '//',
      '/a//b',
      '/a%2Fb',
      '/a%2fb',
      '/a%5Cb',
      '/a\\b',
      '/%252e%252e/x',
      '/%25',
      '/a%00',
    ].map((path) => [PERSONS + path, 'invalid_request', 'more than one way']),
    ...['/%C0%AE%C0%AE/', '/%E0%80%AF', '/%FF', '/%', '/%zz', '/a#b', '/%EF%BC%8E%EF%BC%8E/', '/...'].map((path) => [
      PERSONS + path,
      'invalid_request',
      'more than one way',
    ]),
  ] as [string, string, string][])('refuses %s', async (target, fault, message) => {
    const answer = await edge.call(asClient(target));
    expect(answer.status).toBe(500);
    expect(answer.header('X-Road-Error')).toBe(`server.clientproxy.${fault}`);
    expect(JSON.parse(answer.body).message).toContain(message);
    expect(edge.exchanges.requests).toHaveLength(0);
  });

  it('knows X-Road at exactly /r1/: other prefixes are no part of it', async () => {
    for (const target of [
      '//r1/DEMO/GOV/1001/population/persons',
      '/x/r1/DEMO',
      '/%721/DEMO/GOV/1001/population/persons',
      '/r/1',
    ]) {
      const answer = await edge.call(asClient(target));
      expect([target, answer.status]).toEqual([target, 404]);
      expect(answer.header('X-Road-Error')).toBeUndefined();
    }
    expect(edge.exchanges.requests).toHaveLength(0);
  });

  it('takes OPTIONS * for a malformed target', async () => {
    const answer = await edge.call(asClient('*', { method: 'OPTIONS' }));
    expect(answer.header('X-Road-Error')).toBe('server.clientproxy.internal_error');
  });
});

describe('bodies', () => {
  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS'])(
    'passes the body of %s byte for byte, whatever its type',
    async (method) => {
      const body = Buffer.from([0, 255, 13, 10, 128, 123]);
      for (const type of [
        'application/json',
        'text/plain; charset=x',
        ';;;',
        'multipart/form-data',
        'application/octet-stream',
      ]) {
        await edge.call(asClient(`${PERSONS}/x`, { method, body, headers: [['Content-Type', type]] }));
        expect(edge.exchanges.last?.body.equals(body)).toBe(true);
        expect(edge.exchanges.last?.headers).toContainEqual({ name: 'Content-Type', value: type });
      }
    },
  );

  it('takes a body without a type, and a chunked one', async () => {
    await edge.call(asClient(PERSONS, { method: 'POST', body: 'x' }));
    expect(edge.exchanges.last?.body.toString()).toBe('x');
    const head = `POST ${PERSONS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Road-Client: ${CLIENT}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    await sendRaw(edge.url, `${head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`);
    expect(edge.exchanges.last?.body.toString()).toBe('abcde');
  });

  it('reads no body for which there is no room, and says when to try again', async () => {
    const small = await startEdge({ maxInFlightBytes: 1_000 });
    try {
      const large = asClient(PERSONS, { method: 'POST', body: Buffer.alloc(1_001) });
      const refused = await small.call({ ...large, headers: [...(large.headers ?? []), ['Accept', PROBLEM]] });
      expect([refused.status, JSON.parse(refused.body).code]).toEqual([503, 'gateway-busy']);
      expect(refused.header('Retry-After')).toBe('2');
      // Each call gives its room back: together these are far over the limit.
      for (let count = 0; count < 3; count += 1) {
        const fitting = await small.call(asClient(PERSONS, { method: 'POST', body: Buffer.alloc(900) }));
        expect(fitting.status).toBe(200);
      }
    } finally {
      await small.close();
    }
  });

  it('takes 768 KiB and refuses one byte more, declared or chunked, without reading it all', async () => {
    const most = 768 * 1024;
    expect((await edge.call(asClient(PERSONS, { method: 'POST', body: Buffer.alloc(most) }))).status).toBe(200);
    const refused = await edge.call(asClient(PERSONS, { method: 'POST', body: Buffer.alloc(most + 1) }));
    expect([refused.status, refused.header('X-Road-Error')]).toEqual([500, 'server.clientproxy.internal_error']);
    const native = await edge.call(
      asClient(PERSONS, {
        method: 'POST',
        body: Buffer.alloc(most + 1),
        headers: [['Accept', 'application/problem+json']],
      }),
    );
    expect([native.status, JSON.parse(native.body).code]).toEqual([413, 'body-too-large']);
    const head = `POST ${PERSONS} HTTP/1.1\r\nHost: localhost\r\nX-Road-Client: ${CLIENT}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunked = await sendRaw(
      edge.url,
      Buffer.concat([
        Buffer.from(`${head}${(most + 1).toString(16)}\r\n`),
        Buffer.alloc(most + 1),
        Buffer.from('\r\n'),
      ]),
    );
    expect([chunked.status, chunked.header('Connection')]).toEqual([500, 'close']);
    expect(edge.exchanges.requests).toHaveLength(1);
  });
});

describe('broken HTTP', () => {
  it('refuses oversized headers with a clear error', async () => {
    const large = asClient(PERSONS, { headers: [['X-Large', 'x'.repeat(20_000)]] });
    const fault = await edge.call(large);
    expect([fault.status, fault.header('X-Road-Error')]).toEqual([500, 'server.clientproxy.internal_error']);
    const native = await edge.call({ ...large, headers: [...large.headers!, ['Accept', 'application/problem+json']] });
    expect([native.status, JSON.parse(native.body).code]).toEqual([431, 'headers-too-large']);
  });

  it('refuses headers beyond what Node reads', async () => {
    const answer = await edge.call(asClient(PERSONS, { headers: [['X-Large', 'x'.repeat(200_000)]] }));
    expect([400, 431, 500]).toContain(answer.status);
    expect(answer.header('Connection')).toBe('close');
  });

  it('answers a request line that is none', async () => {
    const answer = await sendRaw(edge.url, 'nonsense\r\n\r\n');
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([405, 'method-unsupported']);
    const early = await sendRaw(edge.url, wireBytes(asClient(`${PERSONS} x`)));
    expect(early.header('X-Road-Error')).toBe('server.clientproxy.internal_error');
  });
});
