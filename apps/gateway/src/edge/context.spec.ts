import { describe, expect, it } from '@jest/globals';
import { parseContext } from './context.js';

const LEAF = Buffer.alloc(32, 7).toString('base64url');
const named = (...values: readonly string[]) =>
  parseContext(values.map((value) => ({ name: 'Kerege-Concealment', value })));

describe('the order that a call names', () => {
  it('is a leaf hash', () => {
    expect(named(LEAF)).toMatchObject({ ok: true, value: { concealment: LEAF } });
    expect(named()).toEqual({ ok: true, value: {} });
  });

  it.each(['', 'x', `${LEAF}=`, `${LEAF}A`, `${LEAF.slice(0, -1)}d`, LEAF.replace('B', '+')])('is not %j', (value) => {
    expect(named(value)).toEqual({ ok: false, reason: 'concealment-malformed' });
  });

  it('stands once', () => {
    expect(named(LEAF, LEAF)).toEqual({ ok: false, reason: 'context-repeated' });
  });
});
