import { hash } from 'node:crypto';
import { sha512, toBase64Url } from '#kernel';

const SHA256_BLOCK = 64;

/** HMAC-SHA256 (RFC 2104) from one-shot hashes: a fraction of `createHmac`'s cost for our short inputs. */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Buffer {
  const short = key.length > SHA256_BLOCK ? hash('sha256', key, 'buffer') : key;
  const inner = Buffer.alloc(SHA256_BLOCK + data.length, 0x36);
  const outer = Buffer.alloc(SHA256_BLOCK + 32, 0x5c);
  for (let index = 0; index < short.length; index += 1) {
    const byte = short[index] ?? 0;
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  inner.set(data, SHA256_BLOCK);
  outer.set(hash('sha256', inner, 'buffer'), SHA256_BLOCK);
  return hash('sha256', outer, 'buffer');
}

/** Salted digest of `statements.md` §4: opaque to everybody who does not know the exchange's salt. */
export function h1(salt: Uint8Array, data: Uint8Array): string {
  return `h1:${toBase64Url(hmacSha256(salt, data))}`;
}

/** A header with its octets; a string stands for the octets that Node's latin1 decoding made it from. */
export interface HeaderField {
  readonly name: string;
  readonly value: string | Uint8Array;
}

export interface RequestHead {
  readonly method: string;
  /** The raw `/r1` target as received, query included. */
  readonly target: string;
  /** Filtered headers in arrival order, then the generated `X-Road-Id` if there was none, then `x-road-request-id`. */
  readonly headers: readonly HeaderField[];
  readonly body: Uint8Array;
}

export interface AnswerHead {
  readonly status: number;
  /** As the connector filtered them. */
  readonly headers: readonly HeaderField[];
  readonly body: Uint8Array;
}

/** The 64 bytes of `X-Road-Request-Hash` (`exchange.md` §2.5); an empty body is no body, as in X-Road. */
export function xroadRequestHash(request: RequestHead): Buffer {
  const head = sha512(headBytes(`${request.method}\r\n${request.target}\r\n`, request.headers));
  return request.body.length === 0 ? head : sha512(Buffer.concat([head, sha512(request.body)]));
}

/** X of `res`: SHA-512(H ‖ SHA-512(body)) over status and headers (`statements.md` §4). */
export function answerHash(answer: AnswerHead): Buffer {
  const head = sha512(headBytes(`${answer.status}\r\n`, answer.headers));
  return sha512(Buffer.concat([head, sha512(answer.body)]));
}

/** `req` of a requested statement. */
export function requestDigest(salt: Uint8Array, request: RequestHead): string {
  return h1(salt, xroadRequestHash(request));
}

/** `res` of an answered statement. */
export function answerDigest(salt: Uint8Array, answer: AnswerHead): string {
  return h1(salt, answerHash(answer));
}

/** Name ":" value CRLF, no space after the colon; octets, never a re-encoding. */
function headBytes(firstLines: string, headers: readonly HeaderField[]): Buffer {
  let text = firstLines;
  for (const { name, value } of headers) {
    const octets = typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
    text += `${name}:${octets}\r\n`;
  }
  return Buffer.from(text, 'latin1');
}
