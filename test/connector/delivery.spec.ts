import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OutgoingRecord } from '#bus';
import { fixedTopics } from '#contracts';
import { parseSubsystemId } from '#kernel';
import { jwkSigner } from '#signing';
import { buildWorld, eventually, type World } from '#testing';
import type { DispatchEvents } from '../../apps/connector/src/dispatch/dispatch-events.js';
import { readEnvelope, type Envelope } from '../../apps/connector/src/dispatch/envelope.js';
import { DeliveryService, type OutcomeBytes } from '../../apps/connector/src/evidence/delivery.service.js';
import { failedOutcome } from '../../apps/connector/src/evidence/outcome.js';
import { ReceiptBook } from '../../apps/connector/src/evidence/receipt-book.js';
import { craft, PROVIDER } from './evil-gateway.js';

const ROUTE = { receiptTopic: 'receipts', replyTopic: 'replies' };
const STANDS = Promise.resolve('stands' as const);
const LIMITS = { keptCount: 10, keptBytes: 1_000_000, keepAfterDeadlineMs: 60_000 };

let world: World;
let envelope: Envelope;
let outcome: OutcomeBytes;
let leaf: string;
beforeAll(async () => {
  world = await buildWorld();
  const provider = parseSubsystemId(PROVIDER);
  const read = provider.ok ? readEnvelope((await craft(world)).value, provider.value) : undefined;
  if (read?.ok !== true) throw new TypeError('a crafted request does not read');
  envelope = read.value;
  const signer = jwkSigner(world.keysOf(PROVIDER).sign);
  const { statement, answer } = await failedOutcome(envelope, 'outcome-unknown', signer, Date.now());
  outcome = { statement: statement.jws, answer, opening: Buffer.from('sealed') };
  leaf = statement.leafHash.toString('hex');
});

/** Topics of what was sent, in order; what the broker says of openings is the spec's to decide. */
let sent: string[];
let openings: () => Promise<void>;
let book: ReceiptBook;
let delivery: DeliveryService;
beforeEach(() => {
  sent = [];
  openings = () => Promise.resolve();
  book = new ReceiptBook();
  const publish = (records: readonly OutgoingRecord[]) => {
    sent.push(...records.map(({ topic }) => topic));
    return records.some(({ topic }) => topic === fixedTopics.opening.name) ? openings() : Promise.resolve();
  };
  const silent = () => undefined;
  const events: Partial<DispatchEvents> = { failed: silent, alarm: silent };
  delivery = new DeliveryService({ publish } as never, book, LIMITS, events as DispatchEvents);
});

const isReceipted = () => book.receipt({ exchangeId: envelope.exchangeId, slot: 'p1', signer: PROVIDER }, leaf);

describe('the opening that only the answer told', () => {
  it('is with the broker before its commitment is stated', async () => {
    let acknowledge: () => void = () => undefined;
    openings = () => new Promise((resolve) => (acknowledge = resolve));
    const delivered = delivery.deliver(envelope, outcome, ROUTE, STANDS, 60_000);
    await eventually(() => sent.length > 0);
    await new Promise(setImmediate);
    expect(sent).toEqual([fixedTopics.opening.name]);
    acknowledge();
    await delivered;
    expect(sent).toEqual([fixedTopics.opening.name, fixedTopics.stamp.name, ROUTE.replyTopic]);
    isReceipted();
    expect(await delivery.outcomeVerdict(envelope, outcome, 60_000)).toBe('stands');
    await delivery.close();
  });

  it('holds no exchange up for ever, and leaves it with whoever keeps the outcome', async () => {
    openings = () => Promise.reject(new TypeError('no such topic'));
    expect(await delivery.deliver(envelope, outcome, ROUTE, STANDS, 20)).toBe('stands');
    expect(sent.filter((topic) => topic !== fixedTopics.opening.name).slice(0, 2)).toEqual([
      fixedTopics.stamp.name,
      ROUTE.replyTopic,
    ]);
    const verdict = delivery.outcomeVerdict(envelope, outcome, 60_000);
    isReceipted();
    await delivery.close();
    expect(await verdict).toBe('none');
    const restamp = { envelope, statement: outcome.statement, opening: outcome.opening, replies: ['receipts'] };
    expect(await delivery.stampAgain([restamp, { ...restamp, opening: undefined }], 10)).toEqual(['none', 'stands']);
  });
});
