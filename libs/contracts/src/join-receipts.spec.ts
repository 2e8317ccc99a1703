import { expect, it } from '@jest/globals';
import { encode, joinReceipts, LeafSchema, message, ReceiptsSchema } from './index.js';

it('makes the bytes that encoding the whole record makes', () => {
  const leaves = [0, 1, 2].map((index) =>
    message(LeafSchema, {
      slot: 'c0',
      index: BigInt(index),
      path: [Buffer.alloc(32, index)],
      leafHash: Buffer.alloc(32),
    }),
  );
  const head = { note: Buffer.from('note'), size: 3n };
  const whole = encode(ReceiptsSchema, message(ReceiptsSchema, { ...head, leaves }));
  const encoded = leaves.map((leaf) => encode(LeafSchema, leaf));
  expect(Buffer.from(joinReceipts(head, encoded))).toEqual(Buffer.from(whole));
});
