import { describe, expect, it } from '@jest/globals';
import { sha256, toHex } from '#kernel';
import { deadLetterRecord } from './dead-letter.js';

const record = {
  topic: 'request.x',
  partition: 2,
  offset: 41n,
  timestampMs: 1,
  key: Buffer.from('k'),
  value: Buffer.from([0, 1, 255]),
  headers: { traceparent: ['00-1'] },
};

describe('a dead letter', () => {
  it('carries the bytes as they came, and says whence and why in headers', () => {
    expect(deadLetterRecord('dead.x', record, 'undecodable')).toEqual({
      topic: 'dead.x',
      partition: 0,
      key: Buffer.from('k'),
      value: Buffer.from([0, 1, 255]),
      headers: {
        traceparent: ['00-1'],
        'dead-reason': 'undecodable',
        'dead-topic': 'request.x',
        'dead-partition': '2',
        'dead-offset': '41',
      },
    });
    expect(deadLetterRecord('dead.x', { ...record, key: null }, 'undecodable')).not.toHaveProperty('key');
  });

  it('is cut where the value is larger than the bound, and says how long and which the whole was', () => {
    const value = Buffer.alloc(1_048_000, 7);
    const letter = deadLetterRecord('dead.x', { ...record, value }, 'too-large');
    expect(letter.value).toEqual(value.subarray(0, 64 * 1024));
    expect(letter.headers).toMatchObject({ 'dead-length': '1048000', 'dead-sha256': toHex(sha256(value)) });
    const short = deadLetterRecord('dead.x', { ...record, value: Buffer.from('abcd') }, 'too-large', 3);
    expect(short.value).toEqual(Buffer.from('abc'));
    expect(deadLetterRecord('dead.x', { ...record, value: Buffer.from('abc') }, 'x', 3).headers).not.toHaveProperty(
      'dead-length',
    );
  });

  it('says why before what a stranger says, and in its own words', () => {
    const headers = { note: ['x'], 'dead-reason': ['none'] };
    const letter = deadLetterRecord('dead.x', { ...record, headers }, 'undecodable');
    expect(Object.keys(letter.headers ?? {}).at(-1)).toBe('note');
    expect(letter.headers).toMatchObject({ 'dead-reason': 'undecodable' });
  });

  it('takes neither a large key nor large headers with it', () => {
    const headers = { note: ['x'.repeat(500_000)], other: ['y'] };
    const letter = deadLetterRecord('dead.x', { ...record, key: Buffer.alloc(500_000), headers }, 'too-large');
    expect(letter.key).toHaveLength(1024);
    expect(letter.headers).not.toHaveProperty('note');
    expect(letter.headers).toMatchObject({ 'dead-reason': 'too-large', 'dead-offset': '41' });
  });
});
