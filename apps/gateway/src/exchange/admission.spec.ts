import { beforeAll, describe, expect, test } from '@jest/globals';
import { buildWorld, type World } from '#testing';
import { admit, type AdmissionCode, type Gate } from './admission.js';
import type { ExchangeRequest } from './exchange.js';
import { buildRequest, CONSUMER, PROVIDER, type RequestChanges } from './spec-support/build-request.js';

let world: World;
let gate: Gate;

beforeAll(async () => {
  world = await buildWorld();
  gate = {
    view: world.view,
    busAnswers: true,
    hearsReplies: true,
    logAnswers: true,
    logIsOne: true,
    hasRoom: () => true,
    comeAgainInS: () => 7,
    databaseAnswers: true,
    keysAgree: () => true,
    signerAnswers: () => true,
    marginMs: 500,
    nowMs: Date.now(),
  };
});

const json = [{ name: 'Content-Type', value: 'application/json' }];
const claims = (body: string, headers = json): RequestChanges => ({
  method: 'POST',
  path: '/claims',
  headers,
  body: Buffer.from(body),
});

interface Row {
  readonly name: string;
  readonly gate?: (gate: Gate) => Partial<Gate>;
  readonly request?: RequestChanges;
  readonly code: AdmissionCode;
  readonly stated?: string;
}

/** One row per refusal, in the order of the checks (bus.md §5). */
const rows: readonly Row[] = [
  { name: 'no snapshot', gate: () => ({ view: undefined }), code: 'registry-expired' },
  { name: 'a silent broker', gate: () => ({ busAnswers: false }), code: 'bus-unavailable' },
  { name: 'reply topic not heard', gate: () => ({ hearsReplies: false }), code: 'gateway-starting' },
  { name: 'a silent log', gate: () => ({ logAnswers: false }), code: 'no-receipt' },
  { name: 'a log that contradicts itself', gate: () => ({ logIsOne: false }), code: 'log-distrusted' },
  { name: 'no room', gate: () => ({ hasRoom: () => false }), code: 'gateway-busy' },
  { name: 'no database', gate: () => ({ databaseAnswers: false }), code: 'database-unavailable' },
  { name: 'a stranger among the keys', gate: () => ({ keysAgree: () => false }), code: 'consumer-stopped' },
  { name: 'a token that is away', gate: () => ({ signerAnswers: () => false }), code: 'signer-unavailable' },
  { name: 'an unregistered consumer', request: { consumer: 'TEST/GOV/1/nobody' }, code: 'unknown-consumer' },
  { name: 'an unregistered provider', request: { service: 'TEST/GOV/2/nobody/x' }, code: 'unknown-provider' },
  { name: 'an unregistered service', request: { service: `${PROVIDER}/nothing` }, code: 'unknown-service' },
  { name: 'a path of no endpoint', request: { path: '/a/b/c' }, code: 'endpoint-unknown' },
  { name: 'a method of no endpoint', request: { method: 'DELETE' }, code: 'endpoint-unknown' },
  {
    name: 'no agreement',
    request: { consumer: 'TEST/GOV/1009/operator' },
    code: 'agreement-missing',
    stated: 'GET /{pin}',
  },
  {
    name: 'an ended agreement',
    gate: () => ({ nowMs: Date.parse('2100-01-01') }),
    code: 'agreement-ended',
    stated: 'GET /{pin}',
  },
  {
    name: 'a purpose outside the agreement',
    request: { context: { purpose: 'other' } },
    code: 'purpose-not-agreed',
    stated: 'GET /{pin}',
  },
  {
    name: 'a purpose outside the catalogue',
    request: { context: { purpose: 'nonsense' } },
    code: 'purpose-unknown',
    stated: 'GET /{pin}',
  },
  {
    name: 'a legal basis outside the catalogue',
    request: { context: { legalBasis: 'LB-9' } },
    code: 'legal-basis-unknown',
    stated: 'GET /{pin}',
  },
  {
    name: 'another subject in Kerege-Subject',
    request: { context: { subject: { country: 'TEST', type: 'PIN', code: 'TEST000002' } } },
    code: 'subject-mismatch',
    stated: 'GET /{pin}',
  },
  { name: 'a subject that is no code', request: { path: '/a%20b' }, code: 'subject-malformed', stated: 'GET /{pin}' },
  { name: 'no subject in the body', request: claims('{}'), code: 'subject-missing', stated: 'POST /claims' },
  { name: 'bad JSON', request: claims('{"pin":'), code: 'body-malformed', stated: 'POST /claims' },
  {
    name: 'bad JSON where the subject stands elsewhere',
    request: { headers: json, body: Buffer.from('{') },
    code: 'body-malformed',
    stated: 'GET /{pin}',
  },
  {
    name: 'JSON that is no UTF-8',
    request: { headers: json, body: Buffer.from('22ff22', 'hex') },
    code: 'body-malformed',
    stated: 'GET /{pin}',
  },
  { name: 'a deadline that has passed', request: { context: { deadlineMs: 0 } }, code: 'deadline-passed' },
];

const requestOf = (changes: RequestChanges = {}): ExchangeRequest => ({
  ...buildRequest(changes),
  receivedAtMs: gate.nowMs,
});

describe('admission', () => {
  test.each(rows)('$name: $code', ({ gate: change, request, code, stated }) => {
    const result = admit({ ...gate, ...change?.(gate) }, requestOf(request));
    expect(result.ok ? 'admitted' : result.reason.code).toBe(code);
    expect(result.ok ? undefined : result.reason.stated?.endpoint).toBe(stated);
  });

  /** Each request fails all the checks from its own on; the first one must answer. */
  test('goes through its checks in their order', () => {
    const failing: RequestChanges = { ...claims('{'), context: { purpose: 'other', deadlineMs: 0 } };
    const steps: readonly [AdmissionCode, Partial<Gate>, RequestChanges][] = [
      ['registry-expired', { view: undefined, hasRoom: () => false, databaseAnswers: false }, failing],
      ['gateway-busy', { hasRoom: () => false, databaseAnswers: false }, failing],
      ['database-unavailable', { databaseAnswers: false, keysAgree: () => false }, failing],
      ['consumer-stopped', { keysAgree: () => false }, { ...failing, service: `${PROVIDER}/nothing` }],
      ['unknown-service', {}, { ...failing, service: `${PROVIDER}/nothing` }],
      ['endpoint-unknown', {}, { ...failing, path: '/x/y/z' }],
      ['agreement-missing', {}, { ...failing, consumer: 'TEST/GOV/1009/operator' }],
      ['purpose-not-agreed', {}, failing],
      ['body-malformed', {}, { ...failing, context: { deadlineMs: 0 } }],
      ['deadline-passed', {}, { ...claims('{"pin":"TEST000001"}'), context: { deadlineMs: 0 } }],
    ];
    const found = steps.map(([, change, request]) => {
      const result = admit({ ...gate, ...change }, requestOf(request));
      return result.ok ? 'admitted' : result.reason.code;
    });
    expect(found).toEqual(steps.map(([code]) => code));
  });

  test('lets through what is right, with everything that was decided', () => {
    const result = admit(gate, requestOf());
    expect(result).toMatchObject({
      ok: true,
      value: {
        permit: { endpoint: 'GET /{pin}', purpose: 'citizen-view', legalBasis: 'LB-1' },
        subject: { country: 'TEST', type: 'PIN', code: 'TEST000001' },
        sealingKey: { owner: PROVIDER, use: 'seal' },
      },
    });
  });

  test('waits as long as the caller will, at most as long as the service may with the margin', () => {
    const deadline = (deadlineMs?: number) => {
      const request = requestOf({ context: deadlineMs === undefined ? {} : { deadlineMs } });
      const result = admit(gate, request);
      return result.ok ? result.value.deadlineAtMs - request.receivedAtMs : undefined;
    };
    expect([deadline(), deadline(1_000), deadline(60_000)]).toEqual([5_500, 1_000, 5_500]);
  });

  test('needs the provider to have a sealing key and topics', () => {
    const later = admit({ ...gate, view: withoutTopics(world) }, requestOf());
    expect(later).toMatchObject({ ok: false, reason: { code: 'provider-unreachable' } });
  });

  test('refuses a subject that no commitment can be made to, however it was registered', async () => {
    const lower = await buildWorld({ definition: (text) => text.replaceAll('type: PIN', 'type: pin') });
    expect(admit({ ...gate, view: lower.view }, requestOf())).toMatchObject({
      ok: false,
      reason: { code: 'subject-malformed' },
    });
  });

  test('takes JSON bodies of methods that have none as they are', () => {
    expect(admit(gate, requestOf({ headers: json })).ok).toBe(true);
    expect(CONSUMER).toBe('TEST/GOV/1000/mygov');
  });
});

function withoutTopics({ view }: World): Gate['view'] {
  return Object.assign(Object.create(view) as NonNullable<Gate['view']>, { topicsOf: () => undefined });
}
