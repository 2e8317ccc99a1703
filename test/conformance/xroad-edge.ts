import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttpApp, silentLogger, startHttpApp } from '#platform';
import { parseExchangeId, sha256, toHex, type InstanceId } from '#kernel';
import { xroadRequestHash } from '#signing';
import { memberDocument, RegistryView, snapshotSchema, type VerifiedMember } from '#snapshot';
import { HeaderAuthenticator } from '../../apps/gateway/src/consumer-auth/header-authenticator.js';
import { edgeHttpOptions, prepareEdge } from '../../apps/gateway/src/edge/edge-http.config.js';
import type { EdgeSettings } from '../../apps/gateway/src/edge/edge-reply.service.js';
import { EdgeModule } from '../../apps/gateway/src/edge/edge.module.js';
import {
  Exchanges,
  signedHeaders,
  type ExchangeOutcome,
  type ExchangeRequest,
} from '../../apps/gateway/src/exchange/exchange.js';
import { OpenApiDocuments } from '../../apps/gateway/src/metaservices/openapi-documents.service.js';
import { sendRaw, wireBytes, type WireAnswer, type WireRequest } from './xroad-wire.js';

export const CLIENT = 'DEMO/GOV/1000/mygov';
export const PROVIDER = '/r1/DEMO/GOV/1001/population';
export const EXCHANGE_ID = parseExchangeId('01900000-0000-7000-8000-000000000001')!;

/** Remembers what it was asked and answers what it was told: the edge's rules need nothing behind it. */
export class FakeExchanges extends Exchanges {
  readonly requests: ExchangeRequest[] = [];
  answer: (request: ExchangeRequest) => ExchangeOutcome = ok();

  perform(request: ExchangeRequest): Promise<ExchangeOutcome> {
    this.requests.push(request);
    return Promise.resolve(this.answer(request));
  }

  get last(): ExchangeRequest | undefined {
    return this.requests.at(-1);
  }
}

/** An answer of the provider with the hash that the edge must pass on. */
export function ok(
  headers: [string, string][] = [['Content-Type', 'application/json']],
  body: string | Buffer = '{"answer":true}',
  status = 200,
) {
  return (request: ExchangeRequest): ExchangeOutcome => ({
    kind: 'answered',
    exchangeId: EXCHANGE_ID,
    status,
    headers: headers.map(([name, value]) => ({ name, value })),
    body: Buffer.from(body),
    requestHash: hashOf(request),
    answeredAtMs: 1_767_225_600_000,
  });
}

export function hashOf(request: ExchangeRequest): string {
  const { method, target, body } = request;
  return xroadRequestHash({ method, target: target.raw, headers: signedHeaders(request), body }).toString('base64');
}

export const OPENAPI_YAML = `openapi: 3.0.3
# a comment that stays
info: { title: Persons, version: "1" }
servers:
  - url: http://10.0.0.1:8141/secret
paths:
  /{pin}:
    servers: [ { url: http://10.0.0.2/ } ]
    get:
      servers: [ { url: http://10.0.0.3/ } ]
      responses: {}
`;
export const OPENAPI_JSON = JSON.stringify({ openapi: '3.1.0', servers: [{ url: 'http://10.0.0.1' }], paths: {} });
const NOT_OPENAPI = 'swagger: "2.0"\n';

export interface Edge {
  readonly url: string;
  readonly exchanges: FakeExchanges;
  /** Whether the registry copy is fresh; tests switch it. */
  fresh: boolean;
  call(request: WireRequest): Promise<WireAnswer>;
  close(): Promise<void>;
}

/** The edge as production makes it, over real HTTP, with a fake pipeline and a registry in memory. */
export async function startEdge(settings: Partial<EdgeSettings> = {}): Promise<Edge> {
  const exchanges = new FakeExchanges();
  const registry = await serveDocuments();
  const state = { fresh: true };
  const view = registryView();
  const rights = { current: () => (state.fresh ? view : undefined) };
  const all: EdgeSettings = {
    faultSpelling: '7.8',
    maxBodyBytes: 768 * 1024,
    maxHeaderBytes: 16 * 1024,
    maxInFlightBytes: 8 * 1024 * 1024,
    ...settings,
  };
  const authenticator = new HeaderAuthenticator(rights, 'DEMO/gw1' as InstanceId);
  const openApiDocuments = new OpenApiDocuments(registry.url);
  const logger = silentLogger();
  const module = EdgeModule.with({ exchanges, rights, authenticator, openApiDocuments, logger, settings: all });
  const app = await createHttpApp(module, { name: 'gateway', logger, ...edgeHttpOptions(all) });
  prepareEdge(app);
  const running = await startHttpApp(app, { host: '127.0.0.1', port: 0, onClose: registry.close });
  return Object.assign(state, {
    url: running.url,
    exchanges,
    call: (request: WireRequest) => sendRaw(running.url, wireBytes(request)),
    close: () => running.close(),
  });
}

/** A request of the usual consumer. */
export function asClient(target: string, more: Partial<WireRequest> = {}): WireRequest {
  return { target, ...more, headers: [['X-Road-Client', CLIENT], ...(more.headers ?? [])] };
}

async function serveDocuments(): Promise<{ url: string; close: () => Promise<void> }> {
  const documents = new Map(
    [OPENAPI_YAML, OPENAPI_JSON, NOT_OPENAPI].map((text) => [`/v1/openapi/${toHex(sha256(text))}`, text]),
  );
  const server = createServer((request, response) => {
    const text = documents.get(request.url ?? '');
    if (request.url?.endsWith('e'.repeat(64)) === true) return void response.end('other bytes than were registered');
    if (text === undefined) return void response.writeHead(404).end();
    if (text !== NOT_OPENAPI)
      response.setHeader('Content-Type', text === OPENAPI_YAML ? 'application/yaml' : 'application/json');
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

function registryView(): RegistryView {
  const snapshot = snapshotSchema.parse({
    v: 1,
    instance: 'DEMO',
    number: 1,
    purposes: [{ code: 'citizen-view', title: { en: 'View' }, legalBasis: 'LB' }],
    legalBases: [{ code: 'LB', title: { en: 'Law' }, reference: 'Act 1' }],
    logs: [],
    instances: [
      {
        id: 'DEMO/gw1',
        kind: 'gateway',
        runBy: 'DEMO/GOV/1009',
        serves: [CLIENT, "DEMO/GOV/1001/(odd)+name'=1"],
        reply: 'reply.gw1',
      },
    ],
    topics: {},
    members: [],
  });
  return new RegistryView(snapshot, 'f'.repeat(64), [
    member('DEMO/GOV/1000', 'Portal & Co', mygov),
    member('DEMO/GOV/1001', 'Population Register', ...population),
  ]);
}

function member(id: string, name: string, ...subsystems: object[]): VerifiedMember {
  const document = memberDocument.parse({ v: 1, member: id, name: { en: name }, subsystems, instances: [] });
  return { entry: { id, document: '', keyChain: [''] }, document };
}

const key = {
  kid: 'A'.repeat(43),
  use: 'sign',
  jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) },
  from: '2026-01-01T00:00:00Z',
  until: '2036-01-01T00:00:00Z',
};
const mygov = { id: CLIENT, name: { en: 'State <Portal>' }, keys: [key], services: [], agreements: [] };
const endpoints = [{ endpoint: 'GET /{pin}' }, { endpoint: 'GET /{pin}/address' }, { endpoint: 'POST /match' }];

function service(code: string, more: object = {}) {
  return { code, title: { en: code }, timeoutMs: 5000, personalData: false, endpoints, ...more };
}

function agreement(code: string, more: object = {}) {
  return {
    consumer: CLIENT,
    service: code,
    endpoints: ['GET /{pin}'],
    purposes: ['citizen-view'],
    until: '2036-12-31T00:00:00Z',
    ...more,
  };
}

const population = [
  {
    id: 'DEMO/GOV/1001/population',
    keys: [key],
    services: [
      service('persons', { openapi: toHex(sha256(OPENAPI_YAML)) }),
      service('plain'),
      service('in-json', { openapi: toHex(sha256(OPENAPI_JSON)) }),
      service('not-openapi', { openapi: toHex(sha256(NOT_OPENAPI)) }),
      service('altered', { openapi: 'e'.repeat(64) }),
      service('lost', { openapi: 'd'.repeat(64) }),
    ],
    agreements: [agreement('persons'), agreement('plain', { until: '2020-01-01T00:00:00Z' })],
  },
  { id: "DEMO/GOV/1001/(odd)+name'=1", keys: [{ ...key, kid: 'B'.repeat(43) }], services: [], agreements: [] },
];
