import { createHmac } from 'node:crypto';
import { fromBase64Url, sha512, toBase64Url } from '#kernel';
import type { AnswerHead, Opening, RequestHead } from './evidence.js';

/** Digests and commitments of `statements.md` §4–5, recomputed from what the evidence discloses. */

/** `req`: HMAC over the 64 bytes of X-Road's request hash (`exchange.md` §2.5); undefined if it cannot be computed. */
export function requestDigest(salt: Uint8Array, request: RequestHead): string | undefined {
  const head = headBytes(`${request.method}\r\n${request.target}\r\n`, request.headers);
  if (head === undefined) return undefined;
  if (request.bodySha512 === null) return h1(salt, sha512(head));
  const body = fromBase64Url(request.bodySha512);
  return body?.length === 64 ? h1(salt, sha512(Buffer.concat([sha512(head), body]))) : undefined;
}

/** `res`: HMAC over SHA-512(H ‖ SHA-512(body)). */
export function answerDigest(salt: Uint8Array, answer: AnswerHead): string | undefined {
  const head = headBytes(`${answer.status}\r\n`, answer.headers);
  const body = fromBase64Url(answer.bodySha512);
  return head !== undefined && body?.length === 64 ? h1(salt, sha512(Buffer.concat([sha512(head), body]))) : undefined;
}

/** `c1:` of the person whom this opening names; undefined if it names none. */
export function commitmentOf({ kind, r, country, type, code }: Opening): string | undefined {
  const key = fromBase64Url(r);
  if (key?.length !== 32 || ![country, type, code].every((part) => /^[A-Z0-9.-]+$/u.test(part))) return undefined;
  return `c1:${hmac(key, Buffer.from(`kerege/${kind}/v1\0${country}\0${type}\0${code}`))}`;
}

function h1(salt: Uint8Array, data: Uint8Array): string {
  return `h1:${hmac(salt, data)}`;
}

function hmac(key: Uint8Array, data: Uint8Array): string {
  return toBase64Url(createHmac('sha256', key).update(data).digest());
}

/** Name ":" value CRLF. A header value is the octets that travelled, one character each (latin1). */
function headBytes(start: string, headers: readonly (readonly [string, string])[]): Buffer | undefined {
  const all = start + headers.map(([name, value]) => `${name}:${value}\r\n`).join('');
  return /^[\u0000-\u00ff]*$/u.test(all) ? Buffer.from(all, 'latin1') : undefined;
}
