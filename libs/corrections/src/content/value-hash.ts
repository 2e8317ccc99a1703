import canonicalize from 'canonicalize';
import { h1 } from '#signing';

/**
 * Digest of a value under the salt of its case, over its RFC 8785 form: what is doubted, what is proposed and what the
 * owner has written compare by it, and nobody without the salt learns anything, however few values there are
 * (`corrections.md` §6, verification read). Throws for what has no such form: no JSON, or half of a surrogate pair.
 */
export function valueHash(salt: Uint8Array, value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('A value that is hashed is JSON');
  return h1(salt, Buffer.from(text, 'utf8'));
}
