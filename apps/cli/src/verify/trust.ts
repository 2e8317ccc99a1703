import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { fromBase64, sha256 } from '#kernel';
import { importKey, type PublicKey } from './jws.js';
import { asRecord, count, list, parseJson, text } from './shape.js';

/** The key of a log, from a vkey of `trust.json` (`audit-log.md` §2.4). */
export interface LogKey {
  readonly name: string;
  readonly keyId: Buffer;
  /** As it stands in the file. */
  readonly vkey: string;
  readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean;
}

/** What the verifier was given from outside, and all that it believes. */
export interface TrustAnchors {
  readonly logs: readonly LogKey[];
  readonly registry: readonly PublicKey[];
}

const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
const ED25519_NOTE = 0x01;

/** Undefined if the file is no trust file, or holds a key that cannot be used. */
export function parseTrust(bytes: Uint8Array): TrustAnchors | undefined {
  const file = asRecord(parseJson(bytes)?.value);
  if (file === undefined || count(1)(file['v']) !== 1) return undefined;
  const logs = list(logKey, 1)(file['logs']);
  const registry = list(importKey, 1)(file['registry']);
  return logs === undefined || registry === undefined ? undefined : { logs, registry };
}

function logKey(value: unknown): LogKey | undefined {
  const vkey = text(/^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/u)(value);
  const [name = '', id = '', ...rest] = vkey?.split('+') ?? [];
  // base64 has `+` of its own.
  const key = fromBase64(rest.join('+'));
  if (key?.length !== 33 || key[0] !== ED25519_NOTE) return undefined;
  const keyId = sha256(Buffer.concat([Buffer.from(`${name}\n`), key])).subarray(0, 4);
  if (keyId.toString('hex') !== id) return undefined;
  const spki = Buffer.concat([SPKI_ED25519, key.subarray(1)]);
  // Any 32 bytes import; what is no point of the curve verifies nothing.
  const publicKey = (): KeyObject => createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return {
    name,
    keyId,
    vkey: vkey ?? '',
    verify: (message, signature) => verify(null, message, publicKey(), signature),
  };
}
