import { describe, expect, it } from '@jest/globals';
import { exchangeIdBytes, exchangeIdFromBytes, newExchangeId, parseExchangeId } from './exchange-id.js';

describe('exchange ids', () => {
  it('are UUIDv7 whose 16 bytes spell the same id', () => {
    const id = newExchangeId();
    expect(parseExchangeId(id)).toBe(id);
    expect(exchangeIdFromBytes(exchangeIdBytes(id))).toBe(id);
  });

  it.each(['', 'x', '0193C000-0000-7000-8000-000000000000', '0193c000-0000-4000-8000-000000000000'])(
    'are canonical or nothing: %s',
    (text) => expect(parseExchangeId(text)).toBeUndefined(),
  );

  it.each([0, 15, 17])('have 16 bytes, not %d', (length) => {
    expect(exchangeIdFromBytes(new Uint8Array(length))).toBeUndefined();
  });

  it('refuse bytes of another version', () => {
    expect(exchangeIdFromBytes(new Uint8Array(16))).toBeUndefined();
  });
});
