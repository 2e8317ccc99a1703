import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bus } from '#bus';
import { randomBytes } from 'node:crypto';
import { newExchangeId, type ExchangeId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { generateSigningKey, opens, parseStatement, type RequestedPayload, type Statement } from '#signing';
import {
  createDatabase,
  eventually,
  FeedbackStandIn,
  isolatedBus,
  testBus,
  uniqueName,
  withFeedback,
  type TestDatabase,
} from '#testing';
import { gatewayMigrations } from '../migrations/index.js';
import type { ExchangeContext } from './exchange.js';
import type { RowOpening } from './row.js';
import { FaultyDatabase } from './spec-support/faulty-database.js';
import { CONSUMER, gatewayFixture, PROVIDER, type Fixture } from './spec-support/gateway-fixture.js';

const ROWS = 'SELECT * FROM exchange WHERE id = ANY';
let place: TestDatabase;
let real: Database;
let database: FaultyDatabase;
let fixture: Fixture;
let feedback: FeedbackStandIn;
/** Publishes, and says that it did not; for opening records alone. */
const lying = { times: 0 };
let firstKid = '';
const started = Date.now();

beforeAll(async () => {
  place = await createDatabase();
  real = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
  database = new FaultyDatabase(real);
  const bus = lyingBus(isolatedBus(await testBus(), uniqueName('op')));
  fixture = await gatewayFixture(database, {}, bus, { definition: withFeedback });
  feedback = await FeedbackStandIn.start(fixture.bus, fixture.world);
  await eventually(() => fixture.module.replies.hearing(), { timeoutMs: 20_000 });
}, 60_000);
afterAll(async () => {
  await feedback.stop();
  await fixture.close();
  await real.close();
  await place.drop();
});

const keysAdopted = () => fixture.openingEvents.filter((event) => event === 'opening-key-adopted').length;

/** An exchange that was answered, its requested leaf, and the openings of it that have come. */
async function exchanged(context: ExchangeContext = {}) {
  const outcome = await fixture.module.exchanges.perform(fixture.request({ context }));
  if (outcome.kind !== 'answered') throw new TypeError(`not answered but ${JSON.stringify(outcome)}`);
  const id = outcome.exchangeId;
  const row = await fixture.module.store.find(id, CONSUMER);
  const parsed = parseStatement(row?.requested ?? '');
  if (!parsed.ok) throw new TypeError('no row');
  return { id, requested: parsed.value as Statement<RequestedPayload>, openings: row?.openings ?? [] };
}

const seenOf = (id: ExchangeId, count: number) =>
  eventually(() => (feedback.of(id).length >= count ? feedback.of(id) : undefined), { timeoutMs: 15_000 });

describe('openings from the gateway', () => {
  test('are not sent, and not missed by the exchange, before feedback has announced a key', async () => {
    await exchanged();
    expect(fixture.openingEvents).toContain('no-key');
    firstKid = await feedback.announce(started);
    await eventually(() => keysAdopted() === 1, { timeoutMs: 20_000 });
    expect(feedback.opened).toEqual([]);
  });

  test('open with the announced key and reproduce the commitments of the leaf', async () => {
    const { id, requested, openings } = await exchanged();
    const [seen, ...more] = await seenOf(id, 1);
    expect(more).toEqual([]);
    expect(seen).toMatchObject({ kid: firstKid, statementHash: requested.leafHash });
    const [subject] = seen?.content.subjects ?? [];
    const [commitment = ''] = requested.payload.subj;
    expect(subject).toMatchObject({ country: 'TEST', type: 'PIN', code: 'TEST000001' });
    expect(opens('subject', commitment, subject ?? { r: Buffer.alloc(0), country: '', type: '', code: '' })).toBe(true);
    expect(openings.map(({ r }: RowOpening) => r)).toEqual([Buffer.from(subject?.r ?? []).toString('base64url')]);
  });

  test('are sealed with the next key once it is announced, and with none that is foreign or older', async () => {
    const next = await feedback.announce(started + 1_000);
    await feedback.announce(started + 2_000, generateSigningKey());
    await feedback.announce(started + 500);
    await eventually(() => fixture.openingEvents.includes('opening-key-older'), { timeoutMs: 15_000 });
    expect(fixture.openingEvents).toContain('opening-key-foreign');
    expect(keysAdopted()).toBe(2);
    const { id } = await exchanged();
    expect((await seenOf(id, 1)).map(({ kid }) => kid)).toEqual([next]);
  });
});

describe('what feedback asks for again', () => {
  test('names the order that the call named, as the first one did; so does what is sealed for the provider', async () => {
    const order = Buffer.alloc(32, 7);
    const { id, requested } = await exchanged({ concealment: order.toString('base64url') });
    await seenOf(id, 1);
    await feedback.ask(id, requested.leafHash, CONSUMER);
    const named = (await seenOf(id, 2)).map(({ content }) => Buffer.from(content.concealment));
    expect(named).toEqual([order, order]);
    expect(JSON.stringify(requested.payload)).not.toContain(order.toString('base64url'));
    const row = await fixture.module.store.find(id, CONSUMER);
    expect(Object.keys(row?.requestHead ?? {})).toEqual(['method', 'target', 'headers', 'bodySha512']);
    const sealed = fixture.provider.seen.find(({ content }) => content.concealment.length > 0);
    expect(Buffer.from(sealed?.content.concealment ?? [])).toEqual(order);
  });

  test('comes once from the row, however often it is asked; a failing database only delays it', async () => {
    const { id, requested } = await exchanged();
    await seenOf(id, 1);
    database.faults = [{ contains: ROWS, fault: 'no-effect', times: 2 }];
    for (let time = 0; time < 3; time += 1) await feedback.ask(id, requested.leafHash, CONSUMER);
    const [, again] = await seenOf(id, 2);
    expect(opens('subject', requested.payload.subj[0] ?? '', again?.content.subjects[0] ?? nobody)).toBe(true);
    await feedback.ask(id, requested.leafHash, CONSUMER);
    await askedAndAnswered();
    expect(feedback.of(id)).toHaveLength(2);
  });

  test('comes at least once where the broker took the record and said that it failed', async () => {
    const { id, requested } = await exchanged();
    await seenOf(id, 1);
    lying.times = 1;
    await feedback.ask(id, requested.leafHash, CONSUMER);
    expect(await seenOf(id, 3)).toHaveLength(3);
  });

  test('does not come for a consumer that this gateway does not serve, for another statement, or after erasure', async () => {
    const [foreign, other, erased] = [await exchanged(), await exchanged(), await exchanged()];
    await seenOf(erased.id, 1);
    await real.query('DELETE FROM exchange WHERE id = $1', [erased.id]);
    await feedback.ask(foreign.id, foreign.requested.leafHash, PROVIDER);
    await feedback.ask(other.id, randomBytes(32), CONSUMER);
    await feedback.ask(erased.id, erased.requested.leafHash, CONSUMER);
    await feedback.ask(newExchangeId(), randomBytes(32), CONSUMER);
    await askedAndAnswered();
    for (const { id } of [foreign, other, erased]) expect(await seenOf(id, 1)).toHaveLength(1);
    expect(fixture.openingEvents.filter((event) => event === 'asked-unknown')).toHaveLength(3);
    expect(feedback.refused).toEqual([]);
  });
});

const nobody = { r: Buffer.alloc(0), country: '', type: '', code: '' };

/** Everything asked before this was heard: the topic has one partition, read in order. */
async function askedAndAnswered(): Promise<void> {
  const { id, requested } = await exchanged();
  await feedback.ask(id, requested.leafHash, CONSUMER);
  await seenOf(id, 2);
}

function lyingBus(bus: Bus): Bus {
  return {
    ...bus,
    publish: async (records) => {
      await bus.publish(records);
      if (lying.times === 0 || !records.every(({ topic }) => topic === 'feedback.opening')) return;
      lying.times -= 1;
      throw new TypeError('the broker said no');
    },
  };
}
