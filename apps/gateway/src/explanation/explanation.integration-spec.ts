import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { generateSigningKey, publicJwk } from '#signing';
import { createDatabase, type TestDatabase } from '#testing';
import { tokenOf } from '../consumer-auth/spec-support/assertion.js';
import { authNetwork, type AuthNetwork, type ServedGateway } from '../consumer-auth/spec-support/auth-fixture.js';
import { CONSUMER, PROVIDER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';

const OPERATOR = 'TEST/GOV/1009/operator';
/** Another subsystem of the consumer's own member: still none of the parties. */
const STRANGER = 'TEST/GOV/1000/other';
const key = generateSigningKey();
const CREDENTIALS = { mygov: [{ key: publicJwk(key), from: '2020-01-01', until: '2099-12-31' }] };

/** All of them are clients of the one gateway. */
function everybodyHere(text: string): string {
  return text.replace(
    'serves: [GOV/1000/mygov, GOV/1000/other] }',
    'serves: [GOV/1000/mygov, GOV/1000/other, GOV/1001/population, GOV/1009/operator] }',
  );
}

let place: TestDatabase;
let database: Database;
let network: AuthNetwork;
let gateway: ServedGateway;
beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
  network = await authNetwork(database, CREDENTIALS);
  await network.publish(CREDENTIALS, everybodyHere);
  gateway = await network.serve('TEST/gw1', { consumerAuth: 'loopback' });
}, 60_000);
afterAll(async () => {
  await network.close();
  await database.close();
  await place.drop();
});

const QUESTION = { service: `${PROVIDER}/persons`, endpoint: 'GET /{pin}', consumer: CONSUMER };

async function explain(headers: Record<string, string>, change: object = {}, url = gateway.url) {
  const query = new URLSearchParams({ ...QUESTION, ...change } as Record<string, string>).toString();
  const answer = await fetch(`${url}/v1/explain?${query}`, { headers });
  const body = (await answer.json()) as { code?: string; verdict?: string; agreements?: unknown[] };
  return { status: answer.status, cache: answer.headers.get('cache-control'), ...body };
}
const as = (client: string) => ({ 'X-Road-Client': client });

describe('GET /v1/explain', () => {
  it.each([
    ['its consumer', CONSUMER],
    ['its provider', PROVIDER],
    ['the operator', OPERATOR],
  ])('tells %s whether the call would pass and which agreement decides, and states nothing of it', async (_, asker) => {
    const before = network.fixture.log.leaves.length;
    const told = await explain(as(asker));
    expect(told).toMatchObject({
      status: 200,
      cache: 'no-store',
      verdict: 'allowed',
      agreements: [{ finding: 'allows' }],
    });
    expect(network.fixture.log.leaves.length).toBe(before);
  });

  it('tells nobody else, and a stranger no difference between what is and what is not', async () => {
    const told = [{}, { consumer: 'TEST/GOV/4711/nobody' }, { service: `${PROVIDER}/nothing` }];
    for (const change of told)
      expect(await explain(as(STRANGER), change)).toMatchObject({ status: 403, code: 'explanation-refused' });
  });

  it('asks first who asks', async () => {
    expect(await explain({})).toMatchObject({ status: 401, code: 'client-missing' });
    expect(await explain(as('TEST/GOV/4711/nobody'))).toMatchObject({ status: 401 });
    const proven = await network.serve('TEST/gw1', { consumerAuth: 'proven' });
    expect(await explain(as(CONSUMER), {}, proven.url)).toMatchObject({ status: 401 });
    const token = await tokenOf(proven.url, key);
    expect(await explain({ Authorization: `Bearer ${token}` }, {}, proven.url)).toMatchObject({ verdict: 'allowed' });
    expect(await explain({ Authorization: `Bearer ${token}` }, { consumer: STRANGER }, proven.url)).toMatchObject({
      status: 403,
    });
  });

  it('says which rule decides when somebody has stopped something, and refuses a question that is none', async () => {
    const stop = (text: string) =>
      `${everybodyHere(text)}suspensions: [{ of: GOV/1001/population/persons, reason: inquiry }]\n`;
    await network.publish(CREDENTIALS, stop);
    expect(await explain(as(CONSUMER))).toMatchObject({ status: 200, verdict: 'service-suspended' });
    await network.publish(CREDENTIALS, everybodyHere);
    expect(await explain(as(CONSUMER), { purpose: 'other' })).toMatchObject({ verdict: 'purpose-not-agreed' });
    expect((await explain(as(CONSUMER), { endpoint: '/no-method' })).status).toBe(400);
  });
});
