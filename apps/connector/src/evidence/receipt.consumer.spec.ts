import { expect, it } from '@jest/globals';
import { encode, LeafSchema, message, ReceiptsSchema } from '#contracts';
import { exchangeIdBytes, newExchangeId } from '#kernel';
import { TestLog } from '#testing';
import type { Checkpoint } from '#tlog';
import { ReceiptBook } from './receipt-book.js';
import { ReceiptConsumer } from './receipt.consumer.js';

it('takes a transient refusal for none, and alarms on another', async () => {
  const alarms: string[] = [];
  const book = new ReceiptBook();
  const consumer = new ReceiptConsumer(book, [], (reason) => alarms.push(reason));
  const id = newExchangeId();
  const say = (fill: number, refused: string) => {
    const leaf = message(LeafSchema, { exchangeId: exchangeIdBytes(id), leafHash: Buffer.alloc(32, fill), refused });
    const value = Buffer.from(encode(ReceiptsSchema, message(ReceiptsSchema, { leaves: [leaf] })));
    consumer.take({ topic: 'r', partition: 0, offset: 0n, timestampMs: 0, key: null, value, headers: {} });
  };
  say(1, 'rate-limited');
  say(2, 'signature');
  const place = { exchangeId: id, slot: 'c0', signer: 'DEMO/GOV/1/a' };
  const leaf = (fill: number) => Buffer.alloc(32, fill).toString('hex');
  expect(await book.wait(place, leaf(1), 0)).toBe('none');
  expect(await book.wait(place, leaf(2), 0)).toBe('refused');
  expect(alarms).toEqual(['stamp-refused']);
});

it('believes no receipt of a log that contradicts itself, and goes on once it does not', async () => {
  const log = TestLog.create('audit.test.example/0', 1);
  const book = new ReceiptBook();
  const sizes: number[] = [];
  let distrusts = true;
  const guard = { seen: ({ size }: Checkpoint) => void sizes.push(size), distrusts: () => distrusts };
  const consumer = new ReceiptConsumer(book, [log.key], () => undefined, guard);
  const id = newExchangeId();
  const leafHash = log.root(1);
  const leaf = message(LeafSchema, { exchangeId: exchangeIdBytes(id), slot: 'c0', signer: 'DEMO/GOV/1/a', leafHash });
  const receipts = message(ReceiptsSchema, { note: Buffer.from(await log.note(1)), size: 1n, leaves: [leaf] });
  const value = Buffer.from(encode(ReceiptsSchema, receipts));
  const take = () =>
    consumer.take({ topic: 'r', partition: 0, offset: 0n, timestampMs: 0, key: null, value, headers: {} });
  const verdict = () => book.wait({ exchangeId: id, slot: 'c0', signer: 'DEMO/GOV/1/a' }, leafHash.toString('hex'), 0);
  take();
  expect([await verdict(), sizes]).toEqual(['none', []]);
  distrusts = false;
  take();
  expect([await verdict(), sizes]).toEqual(['stands', [1]]);
});
