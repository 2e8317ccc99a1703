import { expect, it } from '@jest/globals';
import { encode, LeafSchema, message, ReceiptsSchema } from '#contracts';
import { exchangeIdBytes, newExchangeId } from '#kernel';
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
