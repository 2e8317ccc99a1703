import { describe, expect, it } from '@jest/globals';
import { placeOf, rotationCause, shardOf, successorOrigin, windowOf } from './window-name.js';

const SHARD = 'audit.test.example/TEST/0';
const AUTUMN = Date.UTC(2026, 9, 1);
const now = (changes: object = {}) => ({ atMs: AUTUMN, maxLeaves: 100, isAsked: false, ...changes });

describe('the window after', () => {
  it.each([
    ['2026h2', AUTUMN, '2026h2-2'],
    ['2026h2-2', AUTUMN, '2026h2-3'],
    ['2026h2-9', AUTUMN, '2026h2-10'],
    ['2026h2', Date.UTC(2026, 11, 31, 23, 59, 59, 999), '2026h2-2'],
    ['2026h2', Date.UTC(2027, 0, 1), '2027h1'],
    ['2026h2-7', Date.UTC(2027, 5, 30), '2027h1'],
    ['2027h1', Date.UTC(2027, 6, 1), '2027h2'],
    ['2026h1', Date.UTC(2030, 8, 1), '2030h2'],
    // A clock that is behind.
    ['2027h1', AUTUMN, '2027h1-2'],
  ])('%s is named after its time', (window, atMs, next) => {
    expect(successorOrigin(`${SHARD}/${window}`, atMs)).toBe(`${SHARD}/${next}`);
  });

  it.each(['exchange', '2026q3', '2026h3', '2026h2-0', '2026h2-1', '2026h2-02', '26h2', '2026h2-10000', '2026h2-9999'])(
    'of a log called %s there is none',
    (window) => {
      expect(successorOrigin(`${SHARD}/${window}`, AUTUMN)).toBeUndefined();
    },
  );

  it('stands in the same shard, whose other names are taken apart here', () => {
    expect([shardOf, placeOf, windowOf].map((take) => take(`${SHARD}/2026h2-2`))).toEqual([
      SHARD,
      '0/2026h2-2',
      '2026h2-2',
    ]);
    expect(shardOf('audit.test.example/other')).toBe('audit.test.example/other');
  });
});

describe('a window ends', () => {
  const log = (size: number, window = '2026h2') => ({ origin: `${SHARD}/${window}`, size });

  it('with its half-year, at its size, or when the operator asks, and not before', () => {
    expect(rotationCause(log(99), now())).toBeUndefined();
    expect(rotationCause(log(100), now())).toBe('size');
    expect(rotationCause(log(2), now({ isAsked: true }))).toBe('operator');
    expect(rotationCause(log(2), now({ atMs: Date.UTC(2027, 0, 1) }))).toBe('half-year');
    expect(rotationCause(log(2, '2026h2-3'), now({ atMs: Date.UTC(2027, 0, 1) }))).toBe('half-year');
  });

  it('never because a clock is behind, and never if it cannot name its successor', () => {
    expect(rotationCause(log(2, '2027h1'), now())).toBeUndefined();
    expect(rotationCause(log(1_000, 'exchange'), now({ isAsked: true }))).toBeUndefined();
  });
});
