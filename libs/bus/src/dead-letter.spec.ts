import { expect, it } from '@jest/globals';
import { deadLetterRecord } from './dead-letter.js';

it('carries the bytes as they came, and says whence and why in headers', () => {
  const record = {
    topic: 'request.x',
    partition: 2,
    offset: 41n,
    timestampMs: 1,
    key: Buffer.from('k'),
    value: Buffer.from([0, 1, 255]),
    headers: { traceparent: ['00-1'] },
  };
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
