import { expect, it } from '@jest/globals';
import { holds } from './topic-range.js';

it.each([
  ['a record that is there', 5n, 9n, 7n, true],
  ['the oldest record', 5n, 9n, 5n, true],
  ['the one that comes next', 5n, 9n, 9n, true],
  ['the one that comes next, in a topic that holds nothing any more', 9n, 9n, 9n, true],
  ['a record that was taken away', 5n, 9n, 4n, false],
  ['the last that was taken away, in a topic that holds nothing any more', 9n, 9n, 8n, false],
  ['a record beyond the end', 5n, 9n, 10n, false],
  ['whatever there is, for a new log', 5n, 9n, 0n, true],
  ['the first record of a new topic', 0n, 0n, 0n, true],
])('a topic holds what is to be read next: %s', (_what, earliest, end, nextOffset, isHeld) => {
  expect(holds({ earliest, end }, nextOffset)).toBe(isHeld);
});
