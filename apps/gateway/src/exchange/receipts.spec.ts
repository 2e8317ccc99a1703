import { describe, expect, it } from '@jest/globals';
import { TestLog } from '#testing';
import type { Checkpoint } from '#tlog';
import { ReceiptChecker, type LogGuard } from './receipts.js';

const log = TestLog.create('audit.test.example/0', 8);

describe('ReceiptChecker', () => {
  const seen: Checkpoint[] = [];
  let distrusts = false;
  const guard: LogGuard = { seen: (checkpoint) => void seen.push(checkpoint), distrusts: () => distrusts };
  const checker = new ReceiptChecker([log.key], guard);

  it('tells its guard of each note once, after it was verified', async () => {
    const note = Buffer.from(await log.note(5));
    expect(checker.open(note)).toMatchObject({ size: 5 });
    expect(checker.open(note)).toMatchObject({ size: 5 });
    expect(checker.open(Buffer.from(await TestLog.create('audit.test.example/0', 8, 3).note(5)))).toBe(
      'no-trusted-signature',
    );
    expect(seen.map(({ size }) => size)).toEqual([5]);
  });

  it('opens nothing of a log that contradicts itself, not even what it opened before', async () => {
    distrusts = true;
    for (const size of [5, 8]) expect(checker.open(Buffer.from(await log.note(size)))).toBe('log-distrusted');
    distrusts = false;
    expect(checker.open(Buffer.from(await log.note(8)))).toMatchObject({ size: 8 });
  });
});
