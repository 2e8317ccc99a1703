import { describe, expect, it } from '@jest/globals';
import { openCursor, sealCursor } from './access-cursor.js';

const KEY = Buffer.alloc(32, 1);
const PLACE = { atMs: 1_795_000_000_000, logId: 2, index: 4_711, kind: 'user', position: 1 } as const;
const PURPOSE = ['DEMO/PIN/TEST000007', 'from=1'];

describe('the cursor of a history', () => {
  const cursor = sealCursor(PLACE, PURPOSE, KEY);

  it('opens for the question that it was made for', () => {
    expect(openCursor(cursor, PURPOSE, KEY)).toEqual(PLACE);
  });

  it.each([
    ['another person', ['DEMO/PIN/TEST000008', 'from=1'], KEY],
    ['another question', ['DEMO/PIN/TEST000007', 'from=2'], KEY],
    ['parts that run together', ['DEMO/PIN/TEST000007from=1'], KEY],
    ['another key', PURPOSE, Buffer.alloc(32, 2)],
  ])('does not open for %s', (_, purpose, key) => {
    expect(openCursor(cursor, purpose, key)).toBeUndefined();
  });

  it('does not open when a single character of it was changed', () => {
    for (let at = 0; at < cursor.length; at += 1) {
      const changed = cursor.slice(0, at) + (cursor[at] === '1' ? '2' : '1') + cursor.slice(at + 1);
      expect(openCursor(changed, PURPOSE, KEY)).toBeUndefined();
    }
  });

  it.each(['', '.', 'x'.repeat(10_000), '1.1.1.s.1.'])('is no cursor: %s', (text) => {
    expect(openCursor(text.slice(0, 300), PURPOSE, KEY)).toBeUndefined();
  });

  it('shows nobody whose it is', () => {
    expect(cursor).not.toContain('TEST000007');
  });
});
