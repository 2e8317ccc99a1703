import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { startCompositions, UNREAD_BYTES, type Compositions } from '../composition/spec-support/composition-fixture.js';
import { CONSUMER, PROVIDER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';

/** More than the kernel takes for a client that does not read. */
const ANSWER_BYTES = UNREAD_BYTES / 4;
const PATH = `/r1/${PROVIDER}/persons/TEST000001`;

let place: TestDatabase;
let database: Database;
let gateway: Compositions;
let clients: Socket[];

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => {
  clients = [];
  gateway = await startCompositions(database);
  gateway.gateway.provider.behaviour = { body: Buffer.alloc(ANSWER_BYTES, 'x') };
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await gateway.close();
});

/** Asks and never reads. */
async function deafClient(): Promise<void> {
  const { hostname, port } = new URL(gateway.url);
  const client = connect({ host: hostname, port: Number(port) });
  clients.push(client);
  client.on('error', () => undefined).pause();
  client.write(
    `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\nX-Road-Client: ${CONSUMER}\r\nAccept: application/problem+json\r\n\r\n`,
  );
  await eventually(() => client.bytesWritten > 0);
}

const ask = () =>
  fetch(`${gateway.url}${PATH}`, { headers: { 'X-Road-Client': CONSUMER, Accept: 'application/problem+json' } });

test('clients that never read hold no more than their share, keep no place, and are cut off', async () => {
  await deafClient();
  await deafClient();
  await deafClient();
  await deafClient();
  await eventually(() => gateway.answers.size === UNREAD_BYTES / 2);
  const refused = await ask();
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'gateway-busy' }]);
  expect(gateway.answers.size).toBe(UNREAD_BYTES / 2);
  await eventually(() => gateway.answers.size === 0, { timeoutMs: 15_000 });
  const answered = await ask();
  expect([answered.status, (await answered.arrayBuffer()).byteLength]).toEqual([200, ANSWER_BYTES]);
  await eventually(() => gateway.answers.size === 0);
});

test('an answer that finds no room is not kept, and its exchange can be asked for', async () => {
  gateway.gateway.provider.behaviour = { body: Buffer.alloc(ANSWER_BYTES, 'x'), delayMs: 300 };
  const asked = [ask(), ask(), ask()];
  await deafClient();
  await deafClient();
  const most = { bytes: 0 };
  const timer = setInterval(() => (most.bytes = Math.max(most.bytes, gateway.answers.size)), 1);
  const answers = await Promise.all(asked);
  clearInterval(timer);
  expect(most.bytes).toBeLessThanOrEqual(UNREAD_BYTES / 2);
  const pending = answers.filter(({ status }) => status !== 200);
  expect(pending.length).toBeGreaterThan(0);
  for (const answer of pending)
    expect(await answer.json()).toMatchObject({ code: 'outcome-pending', exchangeId: expect.any(String) });
  for (const answer of answers.filter(({ status }) => status === 200)) await answer.arrayBuffer();
});

test('answers that wait in line behind another give their room back when the client goes', async () => {
  gateway.gateway.provider.behaviour = { body: Buffer.alloc(ANSWER_BYTES, 'x') };
  const client = await pipelining(3);
  await eventually(() => gateway.answers.size > ANSWER_BYTES);
  client.destroy();
  await eventually(() => gateway.answers.size === 0, { timeoutMs: 10_000 });
});

/** Asks several times in one packet and never reads. */
async function pipelining(times: number): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url);
  const client = connect({ host: hostname, port: Number(port) });
  clients.push(client);
  client.on('error', () => undefined).pause();
  client.write(`GET ${PATH} HTTP/1.1\r\nHost: localhost\r\nX-Road-Client: ${CONSUMER}\r\n\r\n`.repeat(times));
  await eventually(() => client.bytesWritten > 0);
  return client;
}
