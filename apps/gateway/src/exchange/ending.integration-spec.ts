import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AnswerSchema, encode, LeafSchema, message, type Leaf } from '#contracts';
import { exchangeIdBytes, newExchangeId } from '#kernel';
import { generateSigningKey } from '#signing';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, eventually, type TestDatabase } from '#testing';
import { gatewayMigrations } from '../migrations/index.js';
import { CONSUMER, gatewayFixture, type Fixture } from './spec-support/gateway-fixture.js';
import type { Behaviour } from './spec-support/stand-in-provider.js';

let place: TestDatabase;
let database: Database;
let fixture: Fixture;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => {
  fixture = await gatewayFixture(database);
  await eventually(() => fixture.module.replies.hearing());
});
afterEach(() => fixture.close());

const perform = (deadlineMs = 600) => fixture.module.exchanges.perform(fixture.request({ context: { deadlineMs } }));

/** Every check of the end (bus.md §4.8) with an answer that fails exactly that one. */
const badAnswers: readonly [name: string, behaviour: () => Behaviour, code: string][] = [
  ['a signature by another key', () => ({ signWith: generateSigningKey() }), 'answer-unknown-key'],
  [
    'a signature that does not fit',
    () => ({
      answer: (answer) => ({ ...answer, statement: `${answer.statement.slice(0, -4)}AAAA` }),
    }),
    'answer-bad-signature',
  ],
  [
    "the consumer's own key in the provider's place",
    () => ({ signWith: fixture.world.keysOf(CONSUMER).sign }),
    'answer-unknown-key',
  ],
  [
    'another request as its parent',
    () => ({ payload: (honest) => ({ ...honest, prev: Buffer.alloc(32, 1).toString('base64url') }) }),
    'answer-not-a-sequel',
  ],
  [
    'another service',
    () => ({ payload: (honest) => ({ ...honest, svc: `${honest.to}/others` }) }),
    'answer-not-a-sequel',
  ],
  [
    'a digest of something else',
    () => ({ payload: (honest) => ({ ...honest, res: `h1:${Buffer.alloc(32, 1).toString('base64url')}` }) }),
    'answer-digest',
  ],
  ['another status than the signed one', () => ({ payload: (honest) => ({ ...honest, st: 404 }) }), 'answer-digest'],
  ['an interim status', () => ({ status: 101 }), 'answer-malformed'],
  [
    'content that does not open',
    () => ({
      answer: (answer) =>
        answer.content === undefined
          ? answer
          : { ...answer, content: { ...answer.content, ciphertext: Buffer.alloc(64) } },
    }),
    'answer-unreadable',
  ],
  ['no content', () => ({ answer: ({ content: _, ...answer }) => answer }), 'answer-unreadable'],
  ['no statement', () => ({ answer: (answer) => ({ ...answer, statement: 'x.y.z' }) }), 'answer-malformed'],
];

describe('an answer with', () => {
  test.each(badAnswers)('%s is never released', async (_, behaviour, code) => {
    fixture.provider.behaviour = behaviour();
    expect(await perform()).toMatchObject({ kind: 'failed', code, side: 'provider', decidedBy: 'gateway' });
    expect(fixture.alarms).toContain('answer-rejected');
    await eventually(() => fixture.log.ofType('exchange.failed')[0]);
  });

  test('a bad signature does not keep an honest one from being released', async () => {
    fixture.provider.behaviour = { signWith: generateSigningKey(), stamp: false };
    const outcome = perform(3_000);
    await eventually(() => fixture.module.pending.parkedCount === 1);
    fixture.provider.behaviour = {};
    // The same request once more, as the bus may deliver it.
    const seen = fixture.provider.seen[0];
    expect(seen).toBeDefined();
    await fixture.provider.answerAgain(0);
    expect(await outcome).toMatchObject({ kind: 'answered' });
  });
});

describe('a receipt', () => {
  const slots = ['c0', 'p1'] as const;
  test.each(slots)('with a wrong proof for %s releases nothing', async (slot) => {
    fixture.log.tamper = (leaf) => (leaf.slot === slot ? { ...leaf, path: [...leaf.path, Buffer.alloc(32, 9)] } : leaf);
    expect(await perform()).toMatchObject({ kind: 'failed', code: 'no-receipt', side: 'bus' });
    expect(fixture.alarms).toContain('receipt-proof-wrong');
  });

  test('under a note by another key releases nothing', async () => {
    fixture.log.seed = Buffer.alloc(32, 8);
    expect(await perform()).toMatchObject({ kind: 'failed', code: 'no-receipt', side: 'bus' });
    expect(fixture.alarms).toContain('receipt-note-refused');
  });

  test.each(slots)('that never comes for %s releases nothing', async (slot) => {
    fixture.log.tamper = (leaf) => (leaf.slot === slot ? undefined : leaf);
    expect(await perform()).toMatchObject({ kind: 'failed', code: 'no-receipt', side: 'bus' });
    // It was asked for again and again meanwhile.
    expect(fixture.counted.filter((what) => what === 'stamp-repeated').length).toBeGreaterThan(0);
  });

  test('that was swallowed once is asked for again', async () => {
    let swallowed = 0;
    fixture.log.tamper = (leaf) => ((swallowed += 1) <= 2 ? undefined : leaf);
    expect(await perform(3_000)).toMatchObject({ kind: 'answered' });
  });

  test('that names another leaf for the request is told at the deadline, and alarms', async () => {
    const first = await perform();
    expect(first.kind).toBe('answered');
    const other = fixture.log.leaves[1];
    const proof = fixture.log.proofOf(1);
    fixture.log.tamper = (leaf) =>
      leaf.slot === 'c0' ? { ...leaf, leafHash: other?.leafHash ?? leaf.leafHash, ...proof } : leaf;
    fixture.log.noteOf = (leaf) => (leaf.slot === 'c0' ? 1 : undefined);
    const startedMs = Date.now();
    expect(await perform(600)).toMatchObject({ kind: 'failed', code: 'receipt-conflict', side: 'bus' });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(590);
    expect(fixture.alarms).toContain('receipt-conflict');
  });

  test('that names another leaf for the request does not keep the right one from counting', async () => {
    expect((await perform()).kind).toBe('answered');
    const other = fixture.log.leaves[1];
    const proof = fixture.log.proofOf(1);
    let forged = 0;
    fixture.log.tamper = (leaf) =>
      leaf.slot === 'c0' && (forged += 1) === 1
        ? { ...leaf, leafHash: other?.leafHash ?? leaf.leafHash, ...proof }
        : leaf;
    fixture.log.noteOf = (leaf) => (leaf.slot === 'c0' && forged === 1 ? 1 : undefined);
    expect(await perform(5_000)).toMatchObject({ kind: 'answered' });
    expect(fixture.alarms).toContain('receipt-conflict');
  });

  test('that names another answer than the one that came releases nothing', async () => {
    const first = await perform();
    expect(first.kind).toBe('answered');
    const proof = fixture.log.proofOf(1);
    fixture.log.tamper = (leaf) =>
      leaf.slot === 'p1' ? { ...leaf, leafHash: fixture.log.leaves[1]?.leafHash ?? leaf.leafHash, ...proof } : leaf;
    fixture.log.noteOf = (leaf) => (leaf.slot === 'p1' ? 1 : undefined);
    expect(await perform()).toMatchObject({ kind: 'failed', code: 'receipt-conflict', side: 'bus' });
  });

  test("of another provider's leaf is no receipt of this one's", async () => {
    fixture.log.tamper = (leaf) => (leaf.slot === 'p1' ? { ...leaf, signer: CONSUMER } : leaf);
    expect(await perform()).toMatchObject({ kind: 'failed', code: 'no-receipt' });
  });
});

describe("intake's refusal", () => {
  test('is told at the deadline, and alarms', async () => {
    fixture.log.tamper = (leaf) =>
      leaf.slot === 'c0' ? message(LeafSchema, { ...leaf, refused: 'time', path: [], index: 0n }) : leaf;
    expect(await perform()).toMatchObject({ kind: 'failed', code: 'stamp-refused', side: 'bus' });
    expect(fixture.alarms).toContain('stamp-refused');
  });

  test('for a while is no refusal: the exchange goes on, and so does a failure that only its row holds', async () => {
    let refused = 0;
    const notNow = (leaf: Leaf) =>
      (refused += 1) > 2 ? leaf : message(LeafSchema, { ...leaf, refused: 'rate-limited', path: [], index: 0n });
    fixture.log.tamper = (leaf) => (leaf.slot === 'c0' ? notNow(leaf) : leaf);
    expect(await perform(4_000)).toMatchObject({ kind: 'answered' });
    refused = 0;
    fixture.provider.behaviour = { silent: true };
    fixture.log.tamper = (leaf) => (leaf.slot === 'c1' ? notNow(leaf) : leaf);
    const told = await perform(100);
    expect(told).toMatchObject({ code: 'provider-unreachable' });
    await eventually(() => refused === 1);
    // Kept, and not marked as if the log had it.
    const unreceipted = await fixture.module.store.unreceipted(Date.now() + 1_000, 100);
    expect(unreceipted.map(({ id }) => id)).toContain(told.exchangeId);
    await eventually(() => fixture.module.stamps.size === 0, { timeoutMs: 20_000 });
    expect(refused).toBeGreaterThan(2);
    expect(fixture.alarms).not.toContain('stamp-refused');
  });
});

describe('what belongs to nobody here', () => {
  test('is dropped: an answer for an unknown id, bytes that are no record', async () => {
    const topic = fixture.module.replies.hearing() ?? '';
    const junk = Buffer.from('ffffff', 'hex');
    const stranger = message(AnswerSchema, { exchangeId: exchangeIdBytes(newExchangeId()) });
    await fixture.bus.publish([
      { topic, partition: 0, value: junk, headers: { type: 'answer' } },
      { topic, partition: 0, value: junk, headers: { type: 'receipts' } },
      { topic, partition: 0, value: junk },
      { topic, partition: 0, value: Buffer.alloc(0), headers: { type: 'answer' } },
      { topic, partition: 0, value: encode(AnswerSchema, stranger), headers: { type: 'answer' } },
    ]);
    await eventually(() => fixture.counted.includes('late-answer'));
    expect(fixture.counted.filter((what) => what === 'malformed-reply')).toHaveLength(4);
    expect(await perform()).toMatchObject({ kind: 'answered' });
  });
});
