import { epochOf } from './epoch.js';
import { tagOf } from './tag.js';

const K = Buffer.from(Array.from({ length: 32 }, (_, at) => 0x60 + at));

describe('the look-up tag (statements.md §5)', () => {
  it('is that of the specification', () => {
    expect(tagOf(K, { country: 'EE', type: 'PIN', code: 'TEST-000001' }).toString('hex')).toBe(
      'fdb657062478720fcb9da63d7155e74f7e06afc641caa043c7af477004ae1099',
    );
  });
});

describe('an epoch', () => {
  it('is a quarter in UTC', () => {
    const ends = ['2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00Z', '2027-03-31T23:59:59Z', '2027-04-01T00:00:00Z'];
    expect(ends.map((end) => epochOf(Date.parse(end)))).toEqual([8107, 8108, 8108, 8109]);
  });
});
