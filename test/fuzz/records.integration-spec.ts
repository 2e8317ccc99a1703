import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { encode, LeafSchema, message, ReceiptsSchema, replyTopic } from '#contracts';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, type TestDatabase } from '#testing';
import { GATEWAY, gatewayFixture, type Fixture } from '../../apps/gateway/src/exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../../apps/gateway/src/migrations/index.js';
import { ConnectorNetwork } from '../connector/connector-network.js';
import { craft, PROVIDER } from '../connector/evil-gateway.js';
import { fuzz, mutated } from './fuzz.js';

let place: TestDatabase;
let database: Database;
let network: ConnectorNetwork;
let gateway: Fixture;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
  gateway = await gatewayFixture(database);
  network = await ConnectorNetwork.create();
  await network.start();
});
afterAll(async () => {
  await network.close();
  await gateway.close();
  await database.close();
  await place.drop();
});

it('a connector goes on after every request, receipt and registry record that was spoilt', async () => {
  const { world, bus } = network;
  const crafted = await Promise.all([craft(world, {}), craft(world, {}), craft(world, {})]);
  const receipts = encode(ReceiptsSchema, message(ReceiptsSchema, { leaves: [message(LeafSchema, {})] }));
  const topics = world.snapshot.topics[PROVIDER];
  const places = [topics?.request.name ?? '', topics?.receipt ?? '', 'registry.snapshot'];
  let sent = 0;
  await fuzz('records to a connector', mutated([...crafted.map(({ value }) => value), receipts]), async (value) => {
    const topic = places[sent % places.length] ?? '';
    sent += 1;
    await bus.publish([{ topic, partition: 0, key: value.subarray(0, 16), value, headers: { type: 'receipts' } }]);
  });
  const good = await network.send();
  expect((await network.answerTo(good, 30_000)).statement.payload.t).toBe('exchange.answered');
});

it('a gateway goes on after every answer and receipt that was spoilt', async () => {
  const reply = replyTopic(GATEWAY).name;
  const replies: Buffer[] = [];
  const tap = await gateway.bus.subscribe({
    topics: [reply],
    group: 'tap',
    startAt: { kind: 'latest' },
    maxInFlight: 1,
    onError: () => undefined,
    each: (record) => void replies.push(Buffer.from(record.value)),
  });
  const ask = () => gateway.module.exchanges.perform(gateway.request());
  expect(await ask()).toMatchObject({ kind: 'answered', status: 200 });
  await tap.stop();
  expect(replies.length).toBeGreaterThan(0);
  let sent = 0;
  await fuzz('records to a gateway', mutated(replies), async (value) => {
    sent += 1;
    const type = sent % 2 === 0 ? 'answer' : 'receipts';
    await gateway.bus.publish([{ topic: reply, partition: 0, value, headers: { type } }]);
    // Also so that no more lies on the topic than is taken from it: a call would wait behind all of that.
    if (sent % 500 === 0) expect(await ask()).toMatchObject({ kind: 'answered', status: 200 });
  });
  expect(await ask()).toMatchObject({ kind: 'answered', status: 200 });
  expect(gateway.alarms).toEqual([]);
});
