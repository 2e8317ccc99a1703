import { Buffer as Bytes } from 'buffer/';

type From = (value: unknown, encoding?: unknown, length?: unknown) => Bytes;

/** Node's Buffer for the browser; `buffer` speaks everything that the libraries use but base64url. */
const from = Bytes.from.bind(Bytes) as From;
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
const toText = Bytes.prototype.toString;

Object.assign(Bytes, {
  from: (value: unknown, encoding?: unknown, length?: unknown): Bytes =>
    encoding === 'base64url' && typeof value === 'string'
      ? from(value.replaceAll('-', '+').replaceAll('_', '/'), 'base64')
      : from(value, encoding, length),
});
Object.assign(Bytes.prototype, {
  toString(this: Bytes, encoding?: string, start?: number, end?: number): string {
    if (encoding !== 'base64url') return toText.call(this, encoding, start, end);
    return toText.call(this, 'base64', start, end).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  },
});

export { Bytes as Buffer };

/** RFC 3629, as `node:buffer` decides it. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    // The question was whether it is.
    return false;
  }
}
