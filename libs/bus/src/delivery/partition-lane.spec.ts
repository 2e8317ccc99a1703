import { expect, it } from '@jest/globals';
import type { ReceivedRecord } from '../bus.js';
import { PartitionLane } from './partition-lane.js';

const record = (offset: bigint, bytes: number): ReceivedRecord => {
  const value = Buffer.alloc(bytes);
  return { topic: 't', partition: 0, offset, timestampMs: 0, key: null, value, headers: {} };
};

it('is full by count, and has room again when half of it is settled', () => {
  const lane = new PartitionLane('t', 0, 4);
  lane.append([0n, 1n, 2n, 3n].map((offset) => record(offset, 1)));
  expect(lane.isFull).toBe(true);
  const [first, second] = lane.take(2);
  if (first === undefined || second === undefined) throw new TypeError('nothing taken');
  lane.settle(second);
  expect(lane.hasRoom).toBe(false);
  expect(lane.lowWater).toBeUndefined();
  lane.settle(first);
  expect(lane.hasRoom).toBe(true);
  expect(lane.lowWater).toBe(2n);
});

it('is full by bytes long before its count when records are large', () => {
  const lane = new PartitionLane('t', 0, 1_000);
  const large = Array.from({ length: 17 }, (_, index) => record(BigInt(index), 1024 * 1024));
  lane.append(large);
  expect(lane.isFull).toBe(true);
  for (const entry of lane.take(8)) lane.settle(entry);
  expect(lane.hasRoom).toBe(false);
  for (const entry of lane.take(1)) lane.settle(entry);
  expect(lane.isFull).toBe(false);
  expect(lane.hasRoom).toBe(true);
});
