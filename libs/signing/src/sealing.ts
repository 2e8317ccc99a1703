import { AEAD_EXPORT_ONLY, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256, type CryptoKey } from 'hpke';
import { LRUCache } from 'lru-cache';
import { keyBytes, thumbprint, type PrivateJwk, type PublicJwk } from './jwk.js';
import { signingErrors } from './signing.errors.js';

/** The two secrets of a session, one per direction (`bus.md` §3). */
export interface SessionKeys {
  readonly requestKey: Buffer;
  readonly answerKey: Buffer;
}

/** A gateway's side of a session. `enc` travels with every record, so that any instance of the connector can open it. */
export interface SealingSession extends SessionKeys {
  readonly enc: Buffer;
  readonly kid: string;
}

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_EXPORT_ONLY);
const REQUEST_LABEL = Buffer.from('kerege/request');
const ANSWER_LABEL = Buffer.from('kerege/answer');
const KEY_BYTES = 32;
const ENC_BYTES = 32;

/** Imported X25519 keys by thumbprint; a private one leaves this map by `forgetUnsealKey` or for others only. */
const publicKeys = new LRUCache<string, CryptoKey>({ max: 4096 });
const privateKeys = new LRUCache<string, CryptoKey>({ max: 256 });

/** Makes a session for a recipient: the one asymmetric operation that all its records share. */
export async function startSession(to: {
  readonly recipient: string;
  readonly kid: string;
  readonly publicJwk: PublicJwk;
}): Promise<SealingSession> {
  const raw = to.publicJwk.crv === 'X25519' ? keyBytes(to.publicJwk.x) : undefined;
  if (raw === undefined || thumbprint(to.publicJwk) !== to.kid) {
    throw signingErrors.error('key-unusable', { details: { kid: to.kid } });
  }
  let key = publicKeys.get(to.kid);
  if (key === undefined) publicKeys.set(to.kid, (key = await suite.DeserializePublicKey(raw)));
  const { encapsulatedSecret, ctx } = await suite.SetupSender(key, { info: sessionInfo(to.recipient, to.kid) });
  return { enc: Buffer.from(encapsulatedSecret), kid: to.kid, ...(await exportKeys(ctx)) };
}

/** Rebuilds a session at its recipient, or undefined if `enc` is no encapsulated key. Cache the result (bounded). */
export async function openSession(from: {
  readonly recipient: string;
  readonly kid: string;
  readonly enc: Uint8Array;
  readonly privateJwk: PrivateJwk;
}): Promise<SessionKeys | undefined> {
  if (from.enc.length !== ENC_BYTES) return undefined;
  const key = await importPrivate(from.privateJwk);
  try {
    const ctx = await suite.SetupRecipient(key, from.enc, { info: sessionInfo(from.recipient, from.kid) });
    return await exportKeys(ctx);
  } catch {
    // A point of small order: the sender's fault, an answer.
    return undefined;
  }
}

/** Lets go of a private key whose owner destroys it: it would stay in this process otherwise. */
export function forgetUnsealKey(kid: string): void {
  privateKeys.delete(kid);
}

/** Ties content to its statement, exchange, deadline and listener: moved to another of these it does not open. */
export function requestAd(
  leafHash: Uint8Array,
  exchangeId: Uint8Array,
  deadlineMs: number | bigint,
  replyTopic: string,
): Buffer {
  const deadline = Buffer.alloc(8);
  deadline.writeBigUInt64BE(BigInt(deadlineMs));
  return Buffer.concat([leafHash, exchangeId, deadline, Buffer.from(replyTopic)]);
}

/** Ties an answer to its statement and exchange. */
export function answerAd(leafHash: Uint8Array, exchangeId: Uint8Array): Buffer {
  return Buffer.concat([leafHash, exchangeId]);
}

async function importPrivate(jwk: PrivateJwk): Promise<CryptoKey> {
  const known = privateKeys.get(jwk.kid);
  if (known !== undefined) return known;
  const raw = jwk.crv === 'X25519' ? keyBytes(jwk.d) : undefined;
  if (raw === undefined) throw signingErrors.error('key-unusable', { details: { kid: jwk.kid } });
  const key = await suite.DeserializePrivateKey(raw, true);
  privateKeys.set(jwk.kid, key);
  return key;
}

async function exportKeys(context: { Export(label: Uint8Array, length: number): Promise<Uint8Array> }) {
  const [requestKey, answerKey] = await Promise.all([
    context.Export(REQUEST_LABEL, KEY_BYTES),
    context.Export(ANSWER_LABEL, KEY_BYTES),
  ]);
  return { requestKey: Buffer.from(requestKey), answerKey: Buffer.from(answerKey) };
}

function sessionInfo(recipient: string, kid: string): Buffer {
  return Buffer.from(`kerege/seal/v1\0${recipient}\0${kid}`);
}
