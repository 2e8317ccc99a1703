import { isUtf8 } from 'node:buffer';
import { LRUCache } from 'lru-cache';
import { fromBase64Url, ok, refuse, toBase64Url, type Result } from '#kernel';
import type { Algorithm } from './jwk.js';
import type { Signer } from './signer.js';

export type JwsReason = 'jws-too-large' | 'jws-form' | 'jws-header' | 'jws-payload';

export interface JwsHeader {
  readonly alg: Algorithm;
  readonly kid: string;
  readonly typ: string;
}

export interface CompactJws {
  readonly header: JwsHeader;
  /** A JSON object whose canonical serialisation is exactly the signed bytes. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** Length of `header.payload`, the bytes that are signed. */
  readonly signedLength: number;
  readonly signature: Buffer;
}

/** Parsed headers by their encoded form: every statement of one key carries the same 100 bytes. */
const headers = new LRUCache<string, JwsHeader>({ max: 4096 });
/** The encoded header of a signer by `typ`, made once. */
const encodedHeaders = new WeakMap<Signer, Map<string, string>>();

/**
 * Strict reading of a compact JWS (RFC 7515 §7.1): three canonical base64url parts, a header of exactly alg, kid, typ,
 * a payload that JSON.stringify reproduces byte for byte. So duplicate keys, white space, `1.0` for `1` and other
 * spellings of one payload do not exist, and two readers cannot read it differently. Never throws.
 */
export function parseCompactJws(jws: string, typ: string, maxBytes: number): Result<CompactJws, JwsReason> {
  if (jws.length > maxBytes) return refuse('jws-too-large');
  const first = jws.indexOf('.');
  const second = jws.indexOf('.', first + 1);
  if (first <= 0 || second < 0 || jws.indexOf('.', second + 1) >= 0) return refuse('jws-form');
  const header = readHeader(jws.slice(0, first));
  if (header === undefined || header.typ !== typ) return refuse('jws-header');
  const signature = fromBase64Url(jws.slice(second + 1));
  if (signature?.length !== 64) return refuse('jws-form');
  const payload = readJson(jws.slice(first + 1, second));
  if (payload === undefined) return refuse('jws-payload');
  return ok({ header, payload, signedLength: second, signature });
}

/** Signs `payload` as it stands; the caller has checked it. */
export async function signCompactJws(typ: string, payload: object, signer: Signer): Promise<string> {
  const input = `${encodedHeader(typ, signer)}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
  return `${input}.${toBase64Url(await signer.sign(Buffer.from(input, 'latin1')))}`;
}

/** The bytes that the signature covers. */
export function signedBytes(jws: string, signedLength: number): Buffer {
  return Buffer.from(jws.slice(0, signedLength), 'latin1');
}

function encodedHeader(typ: string, signer: Signer): string {
  let byTyp = encodedHeaders.get(signer);
  if (byTyp === undefined) encodedHeaders.set(signer, (byTyp = new Map<string, string>()));
  let encoded = byTyp.get(typ);
  if (encoded === undefined) {
    encoded = Buffer.from(JSON.stringify({ alg: signer.alg, kid: signer.kid, typ })).toString('base64url');
    byTyp.set(typ, encoded);
  }
  return encoded;
}

function readHeader(encoded: string): JwsHeader | undefined {
  if (encoded.length > 400) return undefined;
  const known = headers.get(encoded);
  if (known !== undefined) return known;
  const fields = readJson(encoded);
  if (fields === undefined || Object.keys(fields).length !== 3) return undefined;
  const { alg, kid, typ } = fields;
  if ((alg !== 'EdDSA' && alg !== 'ES256') || typeof kid !== 'string' || typeof typ !== 'string') return undefined;
  if (fromBase64Url(kid)?.length !== 32) return undefined;
  const header: JwsHeader = { alg, kid, typ };
  headers.set(encoded, header);
  return header;
}

function readJson(encoded: string): Record<string, unknown> | undefined {
  const bytes = fromBase64Url(encoded);
  if (bytes === undefined || !isUtf8(bytes)) return undefined;
  const text = bytes.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && JSON.stringify(value) === text ? value : undefined;
  } catch {
    // Not JSON (or nested too deep to serialise): the sender's fault, an answer.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
