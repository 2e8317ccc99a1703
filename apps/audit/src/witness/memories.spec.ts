import { describe, expect, it } from '@jest/globals';
import { TestLog } from '#testing';
import { checkMemories, type Remembered } from './memories.js';

const log = TestLog.create('audit.test.example/0', 300);
const forked = log.rewritten(17);
const rootAt = (size: number) => Promise.resolve(size <= 300 ? log.root(size) : undefined);
const memory = (size: number, by = log, source = 'w1'): Remembered => ({ source, size, root: by.root(size) });

describe('checkMemories (audit-log.md §3.4)', () => {
  it('lets a log start that holds all that is remembered, or of which nothing is', async () => {
    expect(await checkMemories(300, [], rootAt)).toEqual({ ok: true });
    expect(await checkMemories(0, [memory(0)], rootAt)).toEqual({ ok: true });
    expect(await checkMemories(300, [memory(300), memory(256), memory(1)], rootAt)).toEqual({ ok: true });
  });

  it('names who remembers more', async () => {
    const checked = await checkMemories(299, [memory(12), memory(300, log, 'w2')], rootAt);
    expect(checked).toEqual({ ok: false, reason: { problem: 'behind', source: 'w2', size: 300 } });
  });

  it('names who remembers another tree, of whatever size', async () => {
    for (const size of [18, 256, 300])
      expect(await checkMemories(300, [memory(17, forked), memory(size, forked, 'export')], rootAt)).toEqual({
        ok: false,
        reason: { problem: 'forked', source: 'export', size },
      });
  });

  it('takes a tree that cannot be computed for another one', async () => {
    const checked = await checkMemories(300, [memory(5)], () => Promise.resolve(undefined));
    expect(checked).toMatchObject({ ok: false, reason: { problem: 'forked' } });
  });
});
