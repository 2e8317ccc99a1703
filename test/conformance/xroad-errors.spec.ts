import { consumerAuthErrors } from '../../apps/gateway/src/consumer-auth/consumer-auth.errors.js';
import { edgeErrors } from '../../apps/gateway/src/edge/edge.errors.js';
import { outcomeErrors } from '../../apps/gateway/src/edge/outcome.errors.js';
import { exchangeErrors } from '../../apps/gateway/src/exchange/exchange.errors.js';
import type { ExchangeOutcome } from '../../apps/gateway/src/exchange/exchange.js';
import { metaserviceErrors } from '../../apps/gateway/src/metaservices/metaservices.errors.js';
import { endUserErrors } from '../../apps/gateway/src/rights/end-user.errors.js';
import { linkErrors } from '../../apps/gateway/src/rights/link.errors.js';
import { rightsErrors } from '../../apps/gateway/src/rights/rights.errors.js';
import { asClient, EXCHANGE_ID, PROVIDER, startEdge, type Edge } from './xroad-edge.js';
import { faultRows, fixedSide, notOnTheEdge } from './xroad-fault-codes.js';

const PERSONS = `${PROVIDER}/persons`;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
let now: Edge;
let old: Edge;
beforeAll(async () => {
  now = await startEdge();
  old = await startEdge({ faultSpelling: '7.7' });
});
afterAll(() => Promise.all([now.close(), old.close()]));

function ending(code: string, more: object = {}): () => ExchangeOutcome {
  return () => ({ kind: 'refused', code, side: 'consumer', decidedBy: 'gateway', ...more });
}

async function fault(edge: Edge, code: string, more: object = {}, accept?: string) {
  edge.exchanges.answer = ending(code, more);
  return edge.call(asClient(PERSONS, { headers: accept === undefined ? [] : [['Accept', accept]] }));
}

describe('exchange.md \u00a72.6, form of an error', () => {
  it('is JSON of exactly three string fields, without X-Road-Id and hash', async () => {
    const answer = await fault(now, 'agreement-missing');
    expect([answer.status, answer.header('Content-Type')]).toEqual([500, 'application/json']);
    expect(answer.headers.map(([name]) => name)).toContain('X-Road-Error');
    expect(answer.header('X-Road-Error')).toBe('server.clientproxy.access_denied');
    const body = JSON.parse(answer.body);
    expect(Object.keys(body)).toEqual(['type', 'message', 'detail']);
    expect(body.type).toBe('server.clientproxy.access_denied');
    expect(body.message).toContain('Request is not allowed');
    expect(body.detail).toMatch(UUID);
    for (const name of ['x-road-id', 'x-road-request-hash', 'x-road-request-id', 'x-road-service', 'x-road-client'])
      expect(answer.header(name)).toBeUndefined();
  });

  it.each([
    ['application/xml', 'application/xml;charset=utf-8'],
    ['text/xml', 'text/xml;charset=utf-8'],
    ['text/*', 'text/xml;charset=utf-8'],
    ['APPLICATION/XML', 'application/xml;charset=utf-8'],
    ['text/xml;q=0.1, application/xml;q=0.9', 'text/xml;charset=utf-8'],
    ['application/json, text/xml;q=0', 'text/xml;charset=utf-8'],
    ['application/xml;charset=utf-8', 'application/xml;charset=utf-8'],
    ['image/png, text/*', 'text/xml;charset=utf-8'],
  ])('is XML for Accept: %s', async (accept, contentType) => {
    const answer = await fault(now, 'agreement-missing', { detail: 'a<b>&"c"' }, accept);
    expect([answer.status, answer.header('Content-Type')]).toEqual([500, contentType]);
    expect(answer.body).toMatch(
      /^<error><type>server\.clientproxy\.access_denied<\/type><message>[^<]*a&lt;b&gt;&amp;&quot;c&quot;[^<]*<\/message><detail>[0-9a-f-]{36}<\/detail><\/error>$/,
    );
  });

  it.each(['application/json', '*/*', 'application/*', 'image/png', 'nonsense', '', 'application/json;charset=utf-8'])(
    'is JSON for Accept: %s',
    async (accept) => {
      expect((await fault(now, 'agreement-missing', {}, accept)).header('Content-Type')).toBe('application/json');
    },
  );

  it('reads several Accept headers as one', async () => {
    now.exchanges.answer = ending('agreement-missing');
    const answer = await now.call(
      asClient(PERSONS, {
        headers: [
          ['Accept', 'image/png'],
          ['Accept', 'text/xml'],
        ],
      }),
    );
    expect(answer.header('Content-Type')).toBe('text/xml;charset=utf-8');
  });

  it('has no body for HEAD', async () => {
    now.exchanges.answer = ending('agreement-missing');
    const answer = await now.call(asClient(PERSONS, { method: 'HEAD' }));
    expect([answer.status, answer.body, answer.header('X-Road-Error')]).toEqual([
      500,
      '',
      'server.clientproxy.access_denied',
    ]);
  });

  it('names the exchange and when to come back', async () => {
    const answer = await fault(now, 'breaker-open', {
      exchangeId: EXCHANGE_ID,
      retryAfterS: 7,
      decidedBy: 'connector',
    });
    expect(answer.header('Kerege-Exchange-Id')).toBe(EXCHANGE_ID);
    expect(answer.header('Retry-After')).toBe('7');
    expect(JSON.parse(answer.body).detail).toBe(EXCHANGE_ID);
    expect((await fault(now, 'gateway-busy')).header('Retry-After')).toBe('2');
    expect((await fault(now, 'agreement-missing')).header('Retry-After')).toBeUndefined();
  });
});

describe('exchange.md \u00a72.7, every row in both spellings', () => {
  const applicable = faultRows.filter((row) => row.codes !== undefined);
  describe.each(applicable)('$now', (row) => {
    it.each(row.codes ?? [])('is worn by %s', async (code) => {
      for (const decidedBy of ['gateway', 'connector']) {
        const side = fixedSide[row.now] ?? (decidedBy === 'gateway' ? 'clientproxy' : 'serverproxy');
        expect((await fault(now, code, { decidedBy })).header('X-Road-Error')).toBe(`server.${side}.${row.now}`);
        const oldSide = side === 'clientproxy' ? 'ClientProxy' : 'ServerProxy';
        const answer = await fault(old, code, { decidedBy });
        expect(answer.header('X-Road-Error')).toBe(`Server.${oldSide}.${row.old}`);
        expect(JSON.parse(answer.body).type).toBe(`Server.${oldSide}.${row.old}`);
        expect(answer.status).toBe(500);
        const xml = await fault(old, code, { decidedBy }, 'text/xml');
        expect(xml.body).toContain(`<type>Server.${oldSide}.${row.old}</type>`);
      }
    });
  });

  it('has a cause or a reason for each row', () => {
    expect(faultRows).toHaveLength(31);
    for (const row of faultRows) expect((row.codes ?? []).length > 0).toBe(row.notApplicable === undefined);
  });

  it('lists what is not applicable', () => {
    const rows = faultRows
      .filter((row) => row.notApplicable !== undefined)
      .map((row) => `${row.now}: ${row.notApplicable}`);
    expect(rows).toMatchInlineSnapshot(`
      [
        "invalid_security_server: No routing to security servers: the snapshot names the topic of each provider.",
        "maintenance_mode: There is no provider-side security server to maintain; a service that is switched off is ServiceDisabled.",
        "io_error: Every break towards a peer or an agency is a NetworkError (exchange.md §1).",
        "service_type: No SOAP services.",
        "service_missing_url: Where an agency listens is the connector's own setting; one that is missing is a NetworkError.",
        "service_malformed_url: A connector does not start with a malformed URL.",
        "timestamping_failed: Time-stamps are not in the path of an exchange: checkpoints are stamped later.",
        "timestamper_failed: Time-stamps are not in the path of an exchange: checkpoints are stamped later.",
        "missing_rest: No multipart transport on port 5500.",
        "missing_signature: A record without a statement cannot be decoded: InconsistentResponse.",
        "invalid_signature_value: A signature is right or wrong: SignatureVerification.",
        "cannot_create_signature: Keys are checked when the gateway starts and when the registry changes; failing to sign is an InternalError.",
        "cert_validation: No OCSP, no security server certificates: members are authenticated by keys in the signed registry snapshot.",
        "incorrect_validation_info: No OCSP, no security server certificates: members are authenticated by keys in the signed registry snapshot.",
        "incorrect_certificate: No OCSP, no security server certificates: members are authenticated by keys in the signed registry snapshot.",
        "client_proxy_version_not_supported: No peer security servers with versions.",
        "database_error: Anything of ours is an InternalError (exchange.md §1): databases are nobody else’s business.",
      ]
    `);
  });

  it('knows every code of the gateway, so that a new one must say what it looks like', () => {
    const catalogues = [
      consumerAuthErrors,
      edgeErrors,
      rightsErrors,
      endUserErrors,
      linkErrors,
      metaserviceErrors,
      outcomeErrors,
      exchangeErrors,
    ];
    // The last is one of the signers', whoever holds them.
    const codes = [...catalogues.flatMap((catalogue) => Object.keys(catalogue.entries)), 'signer-unavailable'];
    expect(new Set(codes).size).toBe(codes.length);
    const listed = [...faultRows.flatMap((row) => row.codes ?? []), ...notOnTheEdge];
    expect(listed.toSorted()).toEqual(codes.toSorted());
  });
});

describe('exchange.md \u00a71, native errors', () => {
  it.each([
    ['application/problem+json', true],
    ['application/problem+json, */*', true],
    ['*/*, application/problem+json', true],
    ['application/problem+json, application/json;q=0.5', true],
    ['application/json;q=0.5, application/problem+json;q=0.9', true],
    ['application/problem+json, application/json', true],
    ['application/json, application/problem+json', false],
    ['application/json, application/problem+json;q=0.5', false],
    ['text/xml, application/problem+json;q=0.5', false],
    ['application/problem+json;q=0', false],
  ])('Accept: %s asks for them: %s', async (accept, native) => {
    const answer = await fault(now, 'agreement-missing', {}, accept);
    expect(answer.header('Content-Type')?.startsWith('application/problem+json')).toBe(native);
    expect(answer.header('X-Road-Error') === undefined).toBe(native);
  });

  it.each([
    [
      400,
      [
        'client-malformed',
        'target-malformed',
        'target-identifier',
        'path-ambiguous',
        'deadline-malformed',
        'purpose-missing',
        'subject-missing',
        'service-code-missing',
        'end-user-malformed',
      ],
    ],
    [401, ['client-missing', 'client-unknown']],
    [
      403,
      [
        'agreement-missing',
        'agreement-ended',
        'endpoint-not-agreed',
        'purpose-not-agreed',
        'subject-mismatch',
        'endpoint-unknown',
        'end-user-required',
        'end-user-mismatch',
        'end-user-expired',
      ],
    ],
    [404, ['unknown-provider', 'unknown-service']],
    [405, ['method-unsupported']],
    [408, ['request-late']],
    [409, ['idempotency-key-reused', 'exchange-ended']],
    [413, ['body-too-large']],
    [414, ['target-too-long']],
    [417, ['expectation-unsupported']],
    [422, ['body-malformed']],
    [431, ['headers-too-large']],
    [502, ['agency-untrusted', 'agency-invalid-answer', 'answer-too-large', 'answer-bad-signature', 'answer-digest']],
    [
      503,
      [
        'registry-expired',
        'gateway-busy',
        'database-unavailable',
        'agency-unreachable',
        'breaker-open',
        'no-receipt',
        'service-disabled',
        'outcome-pending',
      ],
    ],
    [504, ['provider-unreachable', 'agency-timeout', 'deadline-passed']],
  ])('status %i', async (status, codes) => {
    for (const code of codes) {
      const answer = await fault(now, code, { exchangeId: EXCHANGE_ID, side: 'provider' }, 'application/problem+json');
      const problem = JSON.parse(answer.body);
      expect([code, answer.status]).toEqual([code, status]);
      expect(problem).toMatchObject({ code, status, exchangeId: EXCHANGE_ID, side: 'provider' });
      expect(problem.reason).toBe(status === 403 ? code : undefined);
      expect(typeof problem.next).toBe('string');
      expect(answer.header('Retry-After') !== undefined).toBe(status === 503);
    }
  });

  it('says how the exchange of a used key has ended', async () => {
    const answer = await fault(
      now,
      'exchange-ended',
      { exchangeId: EXCHANGE_ID, detail: 'answered' },
      'application/problem+json',
    );
    expect(JSON.parse(answer.body)).toMatchObject({ exchangeId: EXCHANGE_ID, outcome: 'answered' });
  });

  it('shows a surprise as nothing but a surprise', async () => {
    now.exchanges.answer = () => {
      throw new RangeError('TEST000007 secret');
    };
    for (const accept of ['application/json', 'application/problem+json', 'text/xml']) {
      const answer = await now.call(asClient(PERSONS, { headers: [['Accept', accept]] }));
      expect(answer.status).toBe(500);
      expect(answer.body).not.toContain('secret');
    }
    expect((await fault(now, 'a-code-of-the-future')).header('X-Road-Error')).toBe('server.clientproxy.internal_error');
  });
});
