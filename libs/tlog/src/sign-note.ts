import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { toBase64 } from '#kernel';
import { ED25519_COSIGNATURE, ED25519_NOTE, noteKeyId } from './hashing.js';

/** Writing half of C2SP signed-note, tlog-checkpoint and tlog-cosignature (`audit-log.md` §2.4–2.5). */

/**
 * Makes one signature line. The key may live in a file or behind PKCS#11, so signing may wait; it must be pure Ed25519,
 * which is deterministic: the same tree always gives the same note.
 */
export interface NoteSigner {
  /** Key name; for a log its origin. No space, no `+`. */
  readonly name: string;
  /** What readers are given to check this signer. */
  readonly vkey: string;
  /** Key ID and signature over the note text, as they stand in the line. */
  line(text: string): Promise<Buffer>;
}

/** Ed25519 over exactly these bytes, 64 bytes back. */
export type SignBytes = (message: Uint8Array) => Promise<Uint8Array>;

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** `name+hex8(keyID)+base64(type ‖ key)`. */
export function makeVkey(name: string, publicKey: Uint8Array, type: number = ED25519_NOTE): string {
  const key = Buffer.concat([Buffer.from([type]), publicKey]);
  return `${name}+${noteKeyId(name, type, publicKey).toString('hex')}+${toBase64(key)}`;
}

/** The vkey of a witness (type 0x04). */
export function makeCosignerVkey(name: string, publicKey: Uint8Array): string {
  return makeVkey(name, publicKey, ED25519_COSIGNATURE);
}

/** The log's own signer (type 0x01). */
export function noteSigner(name: string, publicKey: Uint8Array, sign: SignBytes): NoteSigner {
  const keyId = noteKeyId(name, ED25519_NOTE, publicKey);
  return {
    name,
    vkey: makeVkey(name, publicKey),
    line: async (text) => Buffer.concat([keyId, await sign(Buffer.from(text))]),
  };
}

/** A witness (type 0x04): signs the text together with the time at which it saw it, in seconds. */
export function cosigner(name: string, publicKey: Uint8Array, sign: SignBytes, nowSeconds: () => number): NoteSigner {
  const keyId = noteKeyId(name, ED25519_COSIGNATURE, publicKey);
  return {
    name,
    vkey: makeCosignerVkey(name, publicKey),
    line: async (text) => {
      const seconds = nowSeconds();
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(BigInt(seconds));
      return Buffer.concat([keyId, time, await sign(Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`))]);
    },
  };
}

/** The text of a checkpoint; these bytes are signed. No extension lines: ML-DSA cosignatures would not cover them. */
export function checkpointText(origin: string, size: number, root: Uint8Array): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Text, blank line, one line per signer in the order given. The text ends with a line feed. */
export async function signNote(text: string, signers: readonly NoteSigner[]): Promise<string> {
  return withSignatureLines(`${text}\n`, await Promise.all(signers.map((signer) => signatureLine(text, signer))));
}

/** The note with further signature lines behind its own, as witnesses give them; each is without its line feed. */
export function withSignatureLines(note: string, lines: readonly string[]): string {
  return `${note}${lines.map((line) => `${line}\n`).join('')}`;
}

/** The one line that a signer adds to a note of that text, without its line feed. */
export async function signatureLine(text: string, signer: NoteSigner): Promise<string> {
  return `\u2014 ${signer.name} ${toBase64(await signer.line(text))}`;
}

/** Signer and public key of a 32-byte Ed25519 seed, for tests and for keys kept in files. */
export function ed25519Seed(seed: Uint8Array): { publicKey: Buffer; sign: SignBytes } {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { publicKey, sign: (message) => Promise.resolve(sign(null, message, key)) };
}
