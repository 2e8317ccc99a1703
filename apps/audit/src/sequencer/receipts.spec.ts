import { describe, expect, it } from '@jest/globals';
import { decode, ReceiptsSchema } from '#contracts';
import { readStamp } from '../intake/stamp.js';
import type { Verdict } from '../intake/verdict.js';
import { receiptRecords } from './receipts.js';

const stamp = readStamp({ offset: 0n, timestampMs: 0, value: Buffer.from('x'), replies: [] });
const leaf = (index: number) => ({
  xid: Buffer.alloc(16, 1),
  slot: 'c0',
  signer: 'TEST/x',
  leafHash: Buffer.alloc(32, index % 256),
  index,
});
const path = Array.from({ length: 31 }, () => Buffer.alloc(32));
const tree = { note: 'note\n', size: 2 ** 31, pathOf: () => path };

describe('receiptRecords', () => {
  it('makes one record per topic, with every leaf that is wanted there', () => {
    const verdicts: Verdict[] = [
      { kind: 'new', stamp, replies: ['a', 'b'], leaf: leaf(1) },
      { kind: 'duplicate', stamp, replies: ['a'], leaf: leaf(2) },
      { kind: 'new', stamp, replies: [], leaf: leaf(3) },
    ];
    const records = receiptRecords(verdicts, tree);
    expect(records.map((record) => record.topic)).toEqual(['a', 'b']);
    const first = decode(ReceiptsSchema, records[0]?.value ?? Buffer.alloc(0));
    expect(first.leaves.map((one) => Number(one.index))).toEqual([1, 2]);
    expect(first.size).toBe(2n ** 31n);
  });

  it('says no more of a refused stamp than its hash and the reason', () => {
    const verdicts: Verdict[] = [{ kind: 'refused', stamp, replies: ['a'], reason: 'jws-form', slot: '', signer: '' }];
    const [record] = receiptRecords(verdicts, tree);
    const [only] = decode(ReceiptsSchema, record?.value ?? Buffer.alloc(0)).leaves;
    expect(only).toMatchObject({ refused: 'jws-form', index: 0n, path: [], slot: '' });
    expect(Buffer.from(only?.leafHash ?? []).equals(stamp.leafHash)).toBe(true);
  });

  it('leaves out a leaf whose path cannot be had, rather than claiming it without proof', () => {
    const verdicts: Verdict[] = [{ kind: 'duplicate', stamp, replies: ['a'], leaf: leaf(2) }];
    expect(receiptRecords(verdicts, { ...tree, pathOf: () => undefined })).toEqual([]);
  });

  it('keeps each record below the broker’s limit, also in a log of 2^31 leaves', () => {
    const verdicts: Verdict[] = Array.from({ length: 4096 }, (_, index) => ({
      kind: 'new',
      stamp,
      replies: ['a'],
      leaf: leaf(index),
    }));
    const records = receiptRecords(verdicts, tree);
    expect(records.length).toBeGreaterThan(1);
    for (const record of records) expect(record.value.length).toBeLessThan(1_000_000);
  });
});
