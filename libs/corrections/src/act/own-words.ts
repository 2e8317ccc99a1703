import { z } from 'zod';
import { valueHash } from '../content/value-hash.js';

/** Characters of a case worker's own words: what the law asks for is said by codes, this explains it. */
const MOST_WORDS = 2_000;

/** Breaks of lines are text; other controls, and what turns the direction of writing, would show something else than was sent. */
const UNPLAIN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** Own words of a case worker to the person, beside the coded text: plain text, in which nobody reads markup. */
export const ownWords = z
  .string()
  .max(MOST_WORDS)
  .refine((text) => text.trim() !== '', { message: 'says nothing' })
  .refine((text) => text.isWellFormed() && !UNPLAIN.test(text), { message: 'is no plain text' })
  .describe('Plain text; lines may break.');

/** What an act says of own words that travel sealed; the salt travels with them, so that nobody else can guess them. */
export function wordsHash(salt: Uint8Array, text: string): string {
  return valueHash(salt, text);
}
