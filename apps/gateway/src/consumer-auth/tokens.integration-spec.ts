import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { SubsystemId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { generateSigningKey, publicJwk } from '#signing';
import { createDatabase, type TestDatabase } from '#testing';
import { FaultyDatabase, type Fault } from '../exchange/spec-support/faulty-database.js';
import { CONSUMER, PROVIDER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';
import { ClientAssertionStore } from './client-assertion.store.js';
import { ClientAssertionsWorker } from './client-assertions.worker.js';
import { askToken, assertionFor, postToken, tokenOf } from './spec-support/assertion.js';
import { authNetwork, type AuthNetwork, type ServedGateway } from './spec-support/auth-fixture.js';

const OTHER = 'TEST/GOV/1000/other';
const PERSON = `/r1/${PROVIDER}/persons/TEST000001`;
const DATES = { from: '2020-01-01', until: '2099-12-31' };
const key = generateSigningKey();
const othersKey = generateSigningKey();
const CREDENTIALS = {
  mygov: [{ key: publicJwk(key), ...DATES }],
  other: [{ key: publicJwk(othersKey), ...DATES }],
};

let place: TestDatabase;
let database: Database;
let network: AuthNetwork;
let gateway: ServedGateway;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => {
  network = await authNetwork(database, CREDENTIALS);
  gateway = await network.serve('TEST/gw1');
});
afterEach(() => network.close());

const call = (url: string, token: string | undefined, headers: Record<string, string> = {}, path = PERSON) =>
  fetch(`${url}${path}`, {
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      'X-Road-Client': CONSUMER,
      Accept: 'application/problem+json',
      ...headers,
    },
  });
const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code?: string }).code];

describe('an access token', () => {
  test('is given for an assertion, in the shape of RFC 6749 and RFC 9068, and opens', async () => {
    const given = await askToken(gateway.url, await assertionFor(gateway.url, key));
    expect(given).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 300 } });
    expect([given.headers.get('cache-control'), given.headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
    const token = given.body.access_token ?? '';
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
    const { exp = 0, iat = 0, ...claims } = decodeJwt(token);
    expect(claims).toMatchObject({ iss: 'TEST/gw1', sub: CONSUMER, client_id: CONSUMER, credential: key.kid });
    expect(exp - iat).toBe(300);
    expect((await call(gateway.url, token)).status).toBe(200);
  });

  test('of one gateway opens each gateway of the snapshot that serves the consumer, and no other', async () => {
    const second = await network.serve('TEST/gw2');
    const third = await network.serve('TEST/gw3');
    const token = await tokenOf(gateway.url, key);
    expect((await call(second.url, token)).status).toBe(200);
    expect(await codeOf(await call(third.url, token))).toEqual([401, 'consumer-unauthenticated']);
  });

  test('of a gateway that does not serve the consumer opens none', async () => {
    const token = await tokenOf(gateway.url, key);
    await network.publish(CREDENTIALS, (text) =>
      text.replace(
        '{ id: gw1, kind: gateway, runBy: GOV/1009, serves: [GOV/1000/mygov, GOV/1000/other] }',
        '{ id: gw1, kind: gateway, runBy: GOV/1009, serves: [GOV/1000/other] }',
      ),
    );
    const second = await network.serve('TEST/gw2');
    expect(await codeOf(await call(second.url, token))).toEqual([401, 'consumer-unauthenticated']);
  });

  test('ends after five minutes, with its credential, and with its subsystem', async () => {
    const token = await tokenOf(gateway.url, key);
    network.clock.aheadMs = 290_000;
    expect((await call(gateway.url, token)).status).toBe(200);
    network.clock.aheadMs = 301_000;
    expect(await codeOf(await call(gateway.url, token))).toEqual([401, 'access-token-expired']);
    network.clock.aheadMs = 0;
    await network.publish({ other: CREDENTIALS.other });
    expect(await codeOf(await call(gateway.url, token))).toEqual([401, 'consumer-unauthenticated']);
    await network.publish(CREDENTIALS);
    expect((await call(gateway.url, token)).status).toBe(200);
    const gone = (text: string) => text.replaceAll('mygov', 'mygov2');
    await network.publish(CREDENTIALS, gone);
    expect(await codeOf(await call(gateway.url, token))).toEqual([401, 'consumer-unauthenticated']);
    network.fixture.registry.view = undefined;
    expect(await codeOf(await call(gateway.url, token))).toEqual([503, 'registry-expired']);
  });

  test('is for the subsystem that it names, which X-Road-Client must name too; natively it need not', async () => {
    const token = await tokenOf(gateway.url, key);
    expect(await codeOf(await call(gateway.url, token, { 'X-Road-Client': OTHER }))).toEqual([401, 'client-disagrees']);
    const state = `/v1/exchanges/${(await call(gateway.url, token)).headers.get('kerege-exchange-id') ?? ''}`;
    const without = (path: string) =>
      fetch(`${gateway.url}${path}`, {
        headers: { Authorization: `Bearer ${token}`, Accept: 'application/problem+json' },
      });
    expect((await without(state)).status).toBe(200);
    expect(await codeOf(await without(PERSON))).toEqual([401, 'client-missing']);
    const others = await tokenOf(gateway.url, othersKey, { claims: { iss: OTHER, sub: OTHER } });
    expect(await codeOf(await call(gateway.url, others, { 'X-Road-Client': OTHER }, state))).toEqual([
      404,
      'exchange-unknown',
    ]);
  });

  test('never reaches the agency, while what the consumer has for the agency does', async () => {
    const token = await tokenOf(gateway.url, key);
    const { hostname, port } = new URL(gateway.url);
    const { request } = await import('node:http');
    const headers = [
      ...['Host', `${hostname}:${port}`, 'X-Road-Client', CONSUMER, 'X-Own', 'yes'],
      ...['authorization', `bearer ${token}`, 'Authorization', 'Basic YWdlbmN5OnNlY3JldA=='],
    ];
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${gateway.url}${PERSON}`, { headers }, (answer) => resolve(answer.resume().statusCode));
      sent.on('error', reject).end();
    });
    expect(status).toBe(200);
    const [seen] = network.fixture.provider.seen;
    const forwarded = seen?.content.headers.map(({ name, value }) => `${name}: ${Buffer.from(value).toString()}`) ?? [];
    expect(forwarded).toContain('Authorization: Basic YWdlbmN5OnNlY3JldA==');
    expect(forwarded.join('\n')).not.toContain(token.slice(-40));
    const rows = await database.query('SELECT * FROM exchange');
    expect(JSON.stringify(rows)).not.toContain(token.slice(-40));
  });

  test('is taken beside X-Road-Client on loopback, and wrong ones are not passed over for it', async () => {
    const believing = await network.serve('TEST/gw1', { consumerAuth: 'loopback' });
    expect((await call(believing.url, undefined)).status).toBe(200);
    expect((await call(believing.url, await tokenOf(believing.url, key))).status).toBe(200);
    const token = await tokenOf(believing.url, key);
    expect(await codeOf(await call(believing.url, `${token.slice(0, -4)}AAAA`))).toEqual([
      401,
      'consumer-unauthenticated',
    ]);
    expect((await call(believing.url, 'of-the-agency')).status).toBe(200);
  });
});

describe('an assertion', () => {
  test('opens once, whichever of the instances that share the database is asked', async () => {
    const url = 'https://gateway.example';
    const instances = await Promise.all(
      ['TEST/gw1', 'TEST/gw1', 'TEST/gw2'].map((id) => network.serve(id, { publicUrl: url })),
    );
    const assertion = await assertionFor(url, key);
    const answers = await Promise.all(instances.map((instance) => askToken(instance.url, assertion)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    const again = await askToken(instances[0]?.url ?? '', assertion);
    expect(again).toMatchObject({ status: 401, body: { error: 'invalid_client', code: 'assertion-used' } });
  });

  test('may have the jti of another client’s', async () => {
    const jti = crypto.randomUUID();
    expect(await tokenOf(gateway.url, key, { claims: { jti } })).toBeDefined();
    expect(await tokenOf(gateway.url, othersKey, { claims: { jti, iss: OTHER, sub: OTHER } })).toBeDefined();
  });

  test.each<[Fault, number, string | undefined]>([
    ['no-effect', 200, undefined],
    ['effect-but-error', 401, 'assertion-used'],
  ])('whose row is not known to be written (%s) gives no token; a new one does', async (fault, status, code) => {
    const faulty = new FaultyDatabase(database);
    const other = await network.serve('TEST/gw1', {}, faulty);
    faulty.faults = [{ contains: 'INSERT INTO client_assertion', fault, times: 1 }];
    const assertion = await assertionFor(other.url, key);
    const first = await askToken(other.url, assertion);
    expect(first).toMatchObject({
      status: 503,
      body: { error: 'temporarily_unavailable', code: 'tokens-unavailable' },
    });
    expect(first.headers.get('retry-after')).toBe('2');
    expect(await askToken(other.url, assertion)).toMatchObject({ status, body: code === undefined ? {} : { code } });
    expect(await tokenOf(other.url, key)).toBeDefined();
  });

  test('costs a client that asks for too many its own tokens alone, until they end and are erased', async () => {
    const store = new ClientAssertionStore(database, 2);
    const worker = new ClientAssertionsWorker(store, { now: () => 500_000 }, () => undefined);
    const used = (client: string, n: number, nowMs: number) =>
      store.use(
        { client: client as SubsystemId, credential: 'c', jtiHash: Buffer.alloc(32, n), untilMs: nowMs + 100 },
        nowMs,
      );
    expect([await used('a', 1, 0), await used('a', 1, 0), await used('a', 2, 0)]).toEqual(['first', 'again', 'first']);
    expect([await used('a', 3, 0), await used('b', 3, 0), await used('a', 3, 101)]).toEqual([
      'too-many',
      'first',
      'first',
    ]);
    await worker.run();
    const rows = await database.query('SELECT consumer FROM client_assertion WHERE until_ms < 1000');
    expect(rows).toEqual([]);
  });
});

describe('the token endpoint', () => {
  test.each<[string, Record<string, string> | string, number, string, string]>([
    ['nothing', {}, 400, 'invalid_request', 'token-request-malformed'],
    [
      'a parameter twice',
      'grant_type=client_credentials&grant_type=client_credentials',
      400,
      'invalid_request',
      'token-request-malformed',
    ],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', 'grant-type-unsupported'],
    ['no assertion', { grant_type: 'client_credentials' }, 401, 'invalid_client', 'assertion-missing'],
    ['a secret', { grant_type: 'client_credentials', client_secret: 'x' }, 401, 'invalid_client', 'assertion-missing'],
    ['too much', { grant_type: 'x'.repeat(20_000) }, 400, 'invalid_request', 'token-request-malformed'],
  ])('refuses %s', async (_what, form, status, error, code) => {
    expect(await postToken(gateway.url, form)).toMatchObject({ status, body: { error, code } });
  });

  test('refuses scopes, another client_id, JSON, and other methods', async () => {
    const ask = async (form: Record<string, string>) =>
      askToken(gateway.url, await assertionFor(gateway.url, key), form);
    expect(await ask({ scope: 'all' })).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
    expect(await ask({ client_id: OTHER })).toMatchObject({ status: 401, body: { code: 'assertion-claims' } });
    expect((await ask({ client_id: CONSUMER })).status).toBe(200);
    const json = await fetch(`${gateway.url}/v1/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"grant_type":"client_credentials"}',
    });
    expect([json.status, await json.json()]).toMatchObject([400, { code: 'token-request-malformed' }]);
    expect((await fetch(`${gateway.url}/v1/token`)).status).toBe(404);
  });

  test('gives nothing while there is no registry', async () => {
    network.fixture.registry.view = undefined;
    const given = await askToken(gateway.url, await assertionFor(gateway.url, key));
    expect(given).toMatchObject({ status: 503, body: { code: 'tokens-unavailable' } });
  });
});
