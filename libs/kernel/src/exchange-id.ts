import { parse, stringify, v7 } from 'uuid';

/** UUIDv7 (RFC 9562) in its canonical lower-case form; on the wire its 16 bytes. */
export type ExchangeId = string & { readonly __brand: 'ExchangeId' };

const CANONICAL_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function newExchangeId(): ExchangeId {
  return v7() as ExchangeId;
}

/** Canonical UUIDv7 only, or undefined. */
export function parseExchangeId(text: string): ExchangeId | undefined {
  return CANONICAL_V7.test(text) ? (text as ExchangeId) : undefined;
}

export function exchangeIdBytes(id: ExchangeId): Uint8Array {
  return parse(id);
}

/** The id that 16 bytes spell, or undefined if they are not a UUIDv7. */
export function exchangeIdFromBytes(bytes: Uint8Array): ExchangeId | undefined {
  if (bytes.length !== 16) return undefined;
  try {
    return parseExchangeId(stringify(bytes));
  } catch {
    // `uuid` throws on bytes that are no valid UUID: for us that is an answer, not a surprise.
    return undefined;
  }
}
