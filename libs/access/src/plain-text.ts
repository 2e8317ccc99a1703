const BAD_PERCENT = /%(?![0-9A-Fa-f]{2})/;

/** Percent-decodes once, strictly: a stray `%`, and bytes that are no UTF-8 (overlong forms, surrogates), are undefined. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (BAD_PERCENT.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    // Thrown for bad UTF-8 only: for us that is an answer, not a surprise.
    return undefined;
  }
}

/**
 * How a careless server may read a decoded path segment: parameters after `;` cut off, compatibility forms of Unicode
 * replaced, trailing dots and white space dropped, case ignored. Never forwarded and never matched on its own: it only
 * shows which spellings mean something else to somebody (`design.md` §6: refused, not repaired).
 */
export function plainSpelling(segment: string): string {
  const text = segment.normalize('NFKC');
  const semicolon = text.indexOf(';');

  return (semicolon < 0 ? text : text.slice(0, semicolon)).replace(/[.\s\u0000-\u001f\u007f]+$/, '').toLowerCase();
}
