import { describe, expect, it } from '@jest/globals';
import { partitionOf } from './partition-of.js';

describe('partitionOf', () => {
  it('is the same for ever: known answers', () => {
    const answers = ['', 'a', 'DEMO/GOV/1001/population', '0192f0c1'].map((key) =>
      partitionOf(Buffer.from(key), 1_000),
    );
    expect(answers).toEqual([923, 715, 655, 678]);
  });

  it('is within the partitions and spreads keys that differ in few bits', () => {
    const counts = Array.from({ length: 12 }, () => 0);
    const key = Buffer.alloc(16);
    for (let n = 0; n < 12_000; n += 1) {
      key.writeUInt32BE(n, 12);
      const partition = partitionOf(key, 12);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});
