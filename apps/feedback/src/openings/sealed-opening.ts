import { decode, SealedOpeningSchema, type SealedOpening } from '#contracts';

const MAX_OPENING_BYTES = 64 * 1024;

/** Why an opening was not taken; each goes to `dead.feedback` with its reason. */
export const openingFlaws = [
  'opening-malformed',
  'opening-key-unknown',
  'opening-unreadable',
  'opening-foreign',
  'opening-incomplete',
  'opening-false',
  'leaf-unknown',
] as const;
export type OpeningFlaw = (typeof openingFlaws)[number];

/** A record of `feedback.opening`, or undefined: not even whose statement it would open can be told. */
export function parseSealedOpening(value: Uint8Array): SealedOpening | undefined {
  if (value.length > MAX_OPENING_BYTES) return undefined;
  try {
    const opening = decode(SealedOpeningSchema, value);
    const { exchangeId, statementHash, content } = opening;
    return exchangeId.length === 16 && statementHash.length === 32 && content !== undefined ? opening : undefined;
  } catch {
    // No protobuf: the caller puts it away.
    return undefined;
  }
}
