import { ok, refuse, type Result } from '#kernel';

export type PointerReason = 'json-invalid' | 'json-ambiguous' | 'json-absent';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The value at a JSON pointer (RFC 6901) in a document that every reader understands alike: valid UTF-8 and JSON, no
 * object with a key twice, and no second spelling of the pointer's own keys that a case-blind reader would take.
 */
export function jsonAt(body: Uint8Array, pointer: string): Result<unknown, PointerReason> {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(body);
    value = JSON.parse(text);
  } catch {
    return refuse('json-invalid');
  }
  if (hasDuplicateKey(text)) return refuse('json-ambiguous');
  for (const token of pointer.split('/').slice(1).map(unescapeToken)) {
    if (typeof value !== 'object' || value === null) return refuse('json-absent');
    const keys = Object.keys(value).filter((key) => key.toLowerCase() === token.toLowerCase());
    if (keys.length > 1) return refuse('json-ambiguous');
    if (keys[0] !== token) return refuse('json-absent');
    value = Reflect.get(value, token);
  }
  return ok(value);
}

function unescapeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

/**
 * Whether an object of a text that `JSON.parse` accepted names a key twice, which readers take differently. One walk: its
 * strings and brackets are enough to see every key.
 */
export function hasDuplicateKey(text: string): boolean {
  // No alternation within the strings: one of some megabytes would be deeper than the stack.
  const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}]/g;
  const open: Set<string>[] = [];
  for (const token of text.matchAll(tokens)) {
    if (token[0] === '{') open.push(new Set());
    else if (token[0] === '}') open.pop();
    else if (token[1] !== undefined) {
      const key: unknown = JSON.parse(token[0].slice(0, -token[1].length));
      const keys = open.at(-1);
      if (typeof key !== 'string' || keys === undefined || keys.has(key)) return true;
      keys.add(key);
    }
  }
  return false;
}
