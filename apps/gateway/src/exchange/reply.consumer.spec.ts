import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createInProcessBus, type ReceivedRecord } from '#bus';
import { AnswerSchema, encode, message } from '#contracts';
import { exchangeIdBytes, newExchangeId, systemClock, type ExchangeId, type ServiceId } from '#kernel';
import { generateSigningKey, jwkSigner, signStatement, type PrivateJwk, type RequestedPayload } from '#signing';
import type { RegistryView } from '#snapshot';
import { buildWorld, type World } from '#testing';
import { Awaited, type Verdict } from './awaited.js';
import { LogPulse } from './log-pulse.js';
import { PendingExchanges } from './pending-exchanges.js';
import { ReceiptChecker } from './receipts.js';
import { ReplyConsumer } from './reply.consumer.js';
import { CONSUMER, PROVIDER } from './spec-support/build-request.js';
import { StampsWorker } from './stamps.worker.js';

let world: World;
/** The copy of the registry as this gateway has it; without the provider's key until a spec adopts the world's. */
let view: RegistryView;
let pending: PendingExchanges;
let consumer: ReplyConsumer;
let verdicts: Verdict[];
let alarms: string[];

beforeAll(async () => {
  world = await buildWorld();
});
beforeEach(() => {
  view = Object.assign(Object.create(world.view) as RegistryView, { keyOf: () => undefined });
  pending = new PendingExchanges();
  verdicts = [];
  alarms = [];
  const bus = createInProcessBus();
  const pulse = new LogPulse(systemClock);
  consumer = new ReplyConsumer({
    bus,
    pending,
    stamps: new StampsWorker(bus, pulse, systemClock, 10, () => undefined),
    pulse,
    receipts: new ReceiptChecker([]),
    registry: { current: () => view, manifestStatement: { payload: { ts: Date.now() } } },
    clock: systemClock,
    events: {
      ended: () => undefined,
      alarm: (reason) => alarms.push(reason),
      counted: () => undefined,
      failed: () => undefined,
      watch: () => ({ traceparent: undefined, passed: () => undefined, ended: () => undefined }),
    },
  });
});

/** An exchange that waits, and how its provider refuses it. */
async function waiting(): Promise<{
  id: ExchangeId;
  answer: (key: PrivateJwk, ts?: number) => Promise<ReceivedRecord>;
}> {
  const id = newExchangeId();
  const service = `${PROVIDER}/persons` as ServiceId;
  const parties = { v: 1, id, from: CONSUMER, to: PROVIDER, svc: service, ep: 'GET /{pin}', snap: 1 } as const;
  const req = `h1:${Buffer.alloc(32).toString('base64url')}`;
  const payload: RequestedPayload = { ...parties, t: 'exchange.requested', ts: 1, pur: 'p', law: 'l', req, subj: [] };
  const requested = await signStatement(payload, jwkSigner(world.keysOf(CONSUMER).sign));
  const expected = {
    exchangeId: id,
    consumer: CONSUMER,
    provider: PROVIDER,
    service,
    requested,
    salt: Buffer.alloc(32),
    answerKey: Buffer.alloc(32),
  };
  pending.add(id, {
    awaited: new Awaited(expected),
    deadlineAtMs: Date.now() + 60_000,
    decide: (verdict) => verdicts.push(verdict),
    watch: { traceparent: undefined, passed: () => undefined, ended: () => undefined },
    close: () => undefined,
  });
  const prev = requested.leafHash.toString('base64url');
  return {
    id,
    answer: async (key, ts = 1) => {
      const statement = await signStatement(
        { ...parties, t: 'exchange.refused', ts, prev, why: 'agreement-ended' },
        jwkSigner(key),
      );
      return recordOf(
        encode(AnswerSchema, message(AnswerSchema, { exchangeId: exchangeIdBytes(id), statement: statement.jws })),
      );
    },
  };
}

function recordOf(value: Uint8Array): ReceivedRecord {
  const headers = { type: ['answer'] };
  const place = { topic: 'reply.x', partition: 0, offset: 0n, key: null, timestampMs: 0 };
  return { ...place, headers, value: Buffer.from(value) };
}

describe('an answer whose key the copy of the registry does not hold', () => {
  test('holds up nothing, and is checked again when a snapshot brings the key', async () => {
    const exchange = await waiting();
    const record = await exchange.answer(world.keysOf(PROVIDER).sign);
    const take: (record: ReceivedRecord) => unknown = (one) => consumer.take(one);
    // Not a promise: the next record is taken at once.
    expect(take(record)).toBeUndefined();
    expect(pending.get(exchange.id)?.awaited.unstamped()).toHaveLength(1);
    expect(verdicts).toEqual([]);
    view = world.view;
    consumer.adopted();
    // Held now: its stamp is asked after.
    expect(pending.get(exchange.id)?.awaited.unstamped()).toHaveLength(2);
    expect(verdicts).toEqual([{ kind: 'waiting' }]);
    expect([alarms, pending.parkedCount]).toEqual([[], 0]);
  });

  test('waits for a snapshot that has it, and is told at the deadline otherwise', async () => {
    const exchange = await waiting();
    consumer.take(await exchange.answer(world.keysOf(PROVIDER).sign));
    consumer.adopted();
    expect(pending.parkedCount).toBe(1);
    const awaited = pending.get(exchange.id)?.awaited;
    expect(awaited?.rejection).toBe('answer-unknown-key');
    expect(pending.remove(exchange.id)).toHaveLength(1);
    expect(pending.parkedCount).toBe(0);
  });

  test('is kept in bounds: two for one exchange, sixty-four in all, the rest is refused with an alarm', async () => {
    const stranger = generateSigningKey();
    const one = await waiting();
    for (let ts = 0; ts < 5; ts += 1) consumer.take(await one.answer(stranger, ts));
    expect([pending.parkedCount, alarms.length]).toEqual([2, 3]);
    for (let count = 0; count < 70; count += 1) consumer.take(await (await waiting()).answer(stranger));
    expect([pending.parkedCount, alarms.length]).toEqual([64, 3 + 8]);
  });
});
