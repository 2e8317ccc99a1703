import { describe, expect, it } from '@jest/globals';
import { agencyPath, answerHeaders, requestHeaders } from './agency-headers.js';
import { failureOf, statedReason } from './agency-fault.js';
import { parseAgencies, servedSubsystems } from './agency-address.js';

const FILTERED =
  'transfer-encoding keep-alive proxy-authenticate proxy-authorization te trailer upgrade connection user-agent host content-length server expect'.split(
    ' ',
  );
const call = { client: 'DEMO/GOV/1000/my gov', exchangeId: 'id-1', unsafe: false };
const header = (name: string, value = 'v') => ({ name, value });

describe('headers to an agency', () => {
  it.each([...FILTERED, 'x-road-request-hash', 'idempotency-key', 'kerege-end-user', 'kerege-concealment'])(
    'never hold %s',
    (name) => {
      const sent = requestHeaders([header(name.toUpperCase()), header('X-Road-UserId')], call);
      expect(sent.map((text) => text.toLowerCase())).not.toContain(name);
      expect(sent).toContain('X-Road-UserId');
    },
  );

  it('hold the assertion that the connector has judged, where the agency is to see it, and no other', () => {
    const sent = requestHeaders([header('kerege-end-user', 'forged')], { ...call, assertion: 'judged' });
    expect(sent.filter((_, index) => /end-user/i.test(sent[index - 1] ?? ''))).toEqual(['judged']);
  });

  it('hold the connector’s own credential where there is one, and none of the consumer’s beside it', () => {
    const signed = [header('authorization', 'Bearer consumer')];
    expect(requestHeaders(signed, call)).toContain('Bearer consumer');
    const sent = requestHeaders(signed, { ...call, assertion: 'judged', token: 'own' });
    expect(sent.filter((_, index) => /^authorization$/i.test(sent[index - 1] ?? ''))).toEqual(['Bearer own']);
  });

  it('name one client, who signed, percent-encoded', () => {
    const sent = requestHeaders([header('x-road-client', 'a'), header('X-Road-Client', 'b')], call);
    expect(sent.filter((_, index) => index % 2 === 0 && /client/i.test(sent[index] ?? ''))).toEqual(['X-Road-Client']);
    expect(sent[sent.indexOf('X-Road-Client') + 1]).toBe('DEMO/GOV/1000/my%20gov');
  });

  it('keep the ids that were signed, and get ours where there are none', () => {
    expect(requestHeaders([header('X-Road-Id', 'own'), header('x-road-request-id', 'own2')], call)).toEqual(
      expect.arrayContaining(['X-Road-Id', 'own', 'x-road-request-id', 'own2']),
    );
    expect(requestHeaders([], call)).toEqual(expect.arrayContaining(['X-Road-Id', 'id-1', 'x-road-request-id']));
  });

  it('hold the exchange id as idempotency key on unsafe calls only', () => {
    expect(requestHeaders([], call)).not.toContain('Idempotency-Key');
    expect(requestHeaders([], { ...call, unsafe: true }).slice(-2)).toEqual(['Idempotency-Key', 'id-1']);
  });
});

describe('headers of an answer', () => {
  const OURS = ['x-road-id', 'x-road-client', 'x-road-request-id', 'x-road-request-hash', 'x-road-service'];
  it.each([...FILTERED, ...OURS])('never hold the agency’s %s', (name) => {
    expect(answerHeaders([[name.toUpperCase(), 'v']])).toEqual([]);
  });

  it('stay in order and spelling, repeated ones too', () => {
    const raw = [['Set-Cookie', 'a'] as const, ['DATE', 'd'] as const, ['Set-Cookie', 'b'] as const];
    expect(answerHeaders(raw)).toEqual(raw.map(([name, value]) => ({ name, value })));
  });
});

describe('the agency’s path', () => {
  it.each([
    ['', '', undefined, '/'],
    ['', '/x', undefined, '/x'],
    ['', '/', undefined, '/'],
    ['/base', '', undefined, '/base'],
    ['/base', '/x', 'a=%20', '/base/x?a=%20'],
    ['/base/', '/x', '', '/base/x?'],
    ['/base/', '', 'q', '/base/?q'],
    ['', '/path%3B/', undefined, '/path%3B/'],
  ])('%j + %j + %j = %j', (base, path, query, whole) => {
    expect(agencyPath(base, path, query)).toBe(whole);
  });
});

describe('a failed call', () => {
  it.each([
    [{ code: 'EOPENBREAKER' }, 'breaker-open', 'breaker-open'],
    [{ code: 'ECONNREFUSED' }, 'agency-unreachable', 'agency-unreachable'],
    [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, 'agency-unreachable', 'agency-unreachable'],
    [{ code: 'agency-server-untrusted' }, 'agency-untrusted', 'agency-untrusted'],
    [{ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' }, 'agency-untrusted', 'agency-untrusted'],
    [{ name: 'TimeoutError' }, 'agency-timeout', 'outcome-unknown'],
    [{ code: 'UND_ERR_HEADERS_TIMEOUT' }, 'agency-timeout', 'outcome-unknown'],
    [{ code: 'UND_ERR_SOCKET' }, 'agency-unreachable', 'outcome-unknown'],
    [{ code: 'HPE_INVALID_CONSTANT' }, 'agency-invalid-answer', 'agency-invalid-answer'],
    ['anything', 'agency-unreachable', 'outcome-unknown'],
  ])('%j is %s, and %s of an unsafe one', (cause, safe, unsafe) => {
    expect(statedReason(failureOf(cause), false)).toBe(safe);
    expect(statedReason(failureOf(cause), true)).toBe(unsafe);
  });
});

describe('addresses of agencies', () => {
  it('are read by service', () => {
    const parsed = parseAgencies([
      'DEMO/GOV/1/a/x=http://127.0.0.1:1/b',
      'DEMO/GOV/1/a/y=https://h',
      'DEMO/GOV/2/b/z=http://h',
    ]);
    if (!parsed.ok) throw new TypeError(parsed.reason);
    expect([...parsed.value.values()].map(String)).toEqual(['http://127.0.0.1:1/b', 'https://h/', 'http://h/']);
    expect(servedSubsystems(parsed.value)).toEqual(['DEMO/GOV/1/a', 'DEMO/GOV/2/b']);
  });

  it.each([
    [],
    ['x'],
    ['DEMO/GOV/1/a=http://h'],
    ['DEMO/GOV/1/a/x=ftp://h'],
    ['DEMO/GOV/1/a/x=http://u:p@h'],
    ['DEMO/GOV/1/a/x=http://h?q'],
    ['DEMO/GOV/1/a/x=http://h', 'DEMO/GOV/1/a/x=http://i'],
  ])('are refused: %j %j', (...entries) => {
    expect(parseAgencies(entries.filter((entry) => typeof entry === 'string')).ok).toBe(false);
  });
});
