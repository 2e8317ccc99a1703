import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ContractChecks } from '#contract-check';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, eventually, isolatedBus, testBus, uniqueName, type TestDatabase } from '#testing';
import { failureOf, nativeProblem } from '../edge/edge-reply.service.js';
import { gatewayMigrations } from '../migrations/index.js';
import { gatewayFixture, type Fixture } from './spec-support/gateway-fixture.js';

const schema = {
  type: 'object',
  required: ['pin'],
  properties: { pin: { type: 'string' }, sum: { type: 'integer' } },
};
const claims = { post: { requestBody: { required: true, content: { 'application/json': { schema } } } } };
const read = { get: { responses: { '200': { description: 'Found' } } } };
const document = JSON.stringify({
  openapi: '3.1.0',
  paths: { '/{pin}': read, '/claims': claims, '/parcels/{id}': read },
});

const NOWHERE = 'http://127.0.0.1:1';
const registry = createServer((_request, response) => response.end(document));
let place: TestDatabase;
let database: Database;
let fixture: Fixture | undefined;
const reported: string[] = [];

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
}, 60_000);
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
  reported.length = 0;
});
afterAll(async () => {
  await new Promise((resolve) => registry.close(resolve));
  await database.close();
  await place.drop();
});

async function gatewayWith(requests: string, registryUrl: string): Promise<Fixture> {
  const contract = `openapi: persons.json\n            contract: { requests: ${requests} }`;
  const definition = (text: string) => text.replace('code: persons', `code: persons\n            ${contract}`);
  const bus = isolatedBus(await testBus(), uniqueName('ct'));
  const contracts = new ContractChecks(registryUrl, ({ code }, endpoint) => reported.push(`${code} ${endpoint}`));
  const made = await gatewayFixture(database, {}, bus, { definition, openapi: document }, { contracts });
  fixture = made;
  await eventually(() => made.module.replies.hearing(), { timeoutMs: 20_000 });
  return made;
}

async function claim(gateway: Fixture, body: string) {
  const headers = [{ name: 'content-type', value: 'application/json' }];
  const request = gateway.request({ method: 'POST', path: '/claims', body: Buffer.from(body), headers });
  return gateway.module.exchanges.perform(request);
}

const BAD = '{"pin":"TEST000001","sum":"secret sum"}';
const GOOD = '{"pin":"TEST000001","sum":7}';
const served = () => `http://127.0.0.1:${String((registry.address() as AddressInfo).port)}`;

describe('a gateway for a service whose calls are held to its contract', () => {
  test('refuses a bad one with places and rules alone, states that, and sends nothing', async () => {
    const gateway = await gatewayWith('enforce', served());
    const outcome = await claim(gateway, BAD);
    if (outcome.kind === 'answered') throw new TypeError('a bad call was answered');
    const problem = nativeProblem(failureOf(outcome));
    expect(problem).toMatchObject({
      status: 422,
      code: 'request-contract',
      side: 'consumer',
      problems: [{ pointer: '/body/sum', message: 'does not meet "type"' }],
    });
    expect(JSON.stringify(problem)).not.toContain('secret');
    const leaf = await eventually(() => gateway.log.ofType('exchange.refused')[0]);
    expect(leaf.payload).toMatchObject({ id: outcome.exchangeId, why: 'request-contract', ep: 'POST /claims' });
    expect(JSON.stringify(leaf.payload)).not.toContain('secret');
    expect(gateway.provider.seen).toEqual([]);
    expect(gateway.module.exchanges.size).toBe(0);
  }, 60_000);

  test('lets a good one through', async () => {
    const gateway = await gatewayWith('enforce', served());
    expect(await claim(gateway, GOOD)).toMatchObject({ kind: 'answered' });
    expect(reported).toEqual([]);
  }, 60_000);

  test('only tells of a bad one where it reports', async () => {
    const gateway = await gatewayWith('report', served());
    expect(await claim(gateway, BAD)).toMatchObject({ kind: 'answered' });
    expect(reported).toEqual(['request-contract POST /claims']);
  }, 60_000);

  test('has no call pass unchecked while the registry is away, and says when to come again', async () => {
    const gateway = await gatewayWith('enforce', NOWHERE);
    const outcome = await claim(gateway, GOOD);
    if (outcome.kind === 'answered') throw new TypeError('a call passed unchecked');
    expect(outcome).toMatchObject({ code: 'contract-unusable', retryAfterS: 5 });
    expect(nativeProblem(failureOf(outcome))).toMatchObject({ status: 503, code: 'contract-unusable' });
    expect(gateway.provider.seen).toEqual([]);
  }, 60_000);

  test('goes on without the registry where it only reports', async () => {
    const gateway = await gatewayWith('report', NOWHERE);
    expect(await claim(gateway, BAD)).toMatchObject({ kind: 'answered' });
    expect(reported).toEqual(['contract-unusable POST /claims']);
  }, 60_000);
});
