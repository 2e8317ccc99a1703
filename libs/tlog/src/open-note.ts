import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { fromBase64, ok, refuse, type Result } from '#kernel';
import { ED25519_COSIGNATURE, ED25519_NOTE, HASH_BYTES, noteKeyId } from './hashing.js';

/** Reading half of C2SP signed-note and tlog-checkpoint (`audit-log.md` §2.4–2.5). Trusts only the keys it is given. */

export type VkeyReason = 'malformed-vkey' | 'unknown-key-type' | 'wrong-key-id';

/** Reasons are Go's: what `note.Open` would refuse is refused here. */
export type NoteReason =
  'malformed-note' | 'bad-signature' | 'no-trusted-signature' | 'malformed-checkpoint' | 'foreign-origin';

/** Checks one Ed25519 signature; replaceable where a faster implementation is at hand. */
export type Ed25519Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** A parsed verifier key: of a log (type 0x01) or of a witness (0x04). */
export interface NoteKey {
  readonly name: string;
  readonly type: number;
  readonly keyId: Buffer;
  readonly publicKey: Buffer;
  readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean;
}

export interface SignedNote {
  /** The signed bytes, final line feed included. */
  readonly text: string;
  /** Keys whose line was found and is good; each once, in the order of the lines. */
  readonly signers: readonly NoteKey[];
}

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly text: string;
  readonly signers: readonly NoteKey[];
}

const SIGNATURE_MARK = '\u2014 ';
const MAX_SIGNATURES = 100;
const MIN_SIGNATURE_BYTES = 5;
const KEY_ID_BYTES = 4;
const ED25519_BYTES = 64;
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** Parses `name+hex8(keyID)+base64(type ‖ key)`. */
export function parseVkey(text: string, ed25519: Ed25519Verify = nodeEd25519()): Result<NoteKey, VkeyReason> {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text);
  const [, name, id, encoded] = match ?? [];
  const key = encoded === undefined ? undefined : fromBase64(encoded);
  if (name === undefined || id === undefined || key === undefined) return refuse('malformed-vkey');
  const type = key[0];
  const publicKey = key.subarray(1);
  if (type !== ED25519_NOTE && type !== ED25519_COSIGNATURE) return refuse('unknown-key-type');
  if (publicKey.length !== HASH_BYTES) return refuse('malformed-vkey');
  const keyId = noteKeyId(name, type, publicKey);
  if (keyId.toString('hex') !== id) return refuse('wrong-key-id');
  const checkEd25519: NoteKey['verify'] = (message, signature) => ed25519(publicKey, message, signature);
  const verify = type === ED25519_NOTE ? checkEd25519 : cosignatureOf(checkEd25519);
  return ok({ name, type, keyId, publicKey, verify });
}

/**
 * Opens a signed note. As in Go's `note.Open`: text and signatures part at the last blank line, lines of unknown keys
 * are ignored, a repeated line of a known key is ignored, one bad line of a known key condemns the whole note, and
 * without any good line nothing is opened.
 */
export function openSignedNote(note: string | Uint8Array, keys: readonly NoteKey[]): Result<SignedNote, NoteReason> {
  const parts = splitNote(note);
  if (parts === undefined) return refuse('malformed-note');
  const signers: NoteKey[] = [];
  const message = Buffer.from(parts.text);
  for (const line of parts.lines) {
    const signature = parseSignatureLine(line);
    if (signature === undefined) return refuse('malformed-note');
    const key = keys.find((known) => known.name === signature.name && known.keyId.equals(signature.keyId));
    if (key === undefined || signers.includes(key)) continue;
    if (!key.verify(message, signature.bytes)) return refuse('bad-signature');
    signers.push(key);
  }
  return signers.length > 0 ? ok({ text: parts.text, signers }) : refuse('no-trusted-signature');
}

/**
 * Opens a checkpoint: a signed note whose text is origin, size and root, signed by the log that its origin names. A
 * witness' line alone is not enough, nor is the key of another log that we also trust. Extension lines are refused:
 * our logs write none.
 */
export function openNote(note: string | Uint8Array, keys: readonly NoteKey[]): Result<Checkpoint, NoteReason> {
  const opened = openSignedNote(note, keys);
  if (!opened.ok) return opened;
  const { text, signers } = opened.value;
  const match = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/u.exec(text);
  const [, origin, digits, encoded] = match ?? [];
  const root = encoded === undefined ? undefined : fromBase64(encoded);
  const size = Number(digits);
  if (origin === undefined || root === undefined || !Number.isSafeInteger(size)) return refuse('malformed-checkpoint');
  if (!signers.some((key) => key.type === ED25519_NOTE && key.name === origin)) return refuse('foreign-origin');
  return ok({ origin, size, root, text, signers });
}

/**
 * The note with the lines of these keys alone, each once and in the order of the keys; undefined if one has none. Verifies
 * nothing: what is to be believed is opened first.
 */
export function trimNote(note: string, keys: readonly NoteKey[]): string | undefined {
  const parts = splitNote(note);
  const lines = keys.map((key) =>
    parts?.lines.find((line) => {
      const signature = parseSignatureLine(line);
      return signature?.name === key.name && signature.keyId.equals(key.keyId);
    }),
  );
  if (parts === undefined || lines.includes(undefined)) return undefined;
  return `${parts.text}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function splitNote(note: string | Uint8Array): { text: string; lines: string[] } | undefined {
  const whole = decode(note);
  // C2SP signed-note: no control characters except the line feed.
  if (whole === undefined || /[\u0000-\u0009\u000b-\u001f]/u.test(whole)) return undefined;
  const blank = whole.lastIndexOf('\n\n');
  if (blank < 0 || !whole.endsWith('\n')) return undefined;
  const lines = whole.slice(blank + 2, -1).split('\n');
  if (whole.length === blank + 2 || lines.length > MAX_SIGNATURES) return undefined;
  return { text: whole.slice(0, blank + 1), lines };
}

function decode(note: string | Uint8Array): string | undefined {
  if (typeof note === 'string') return Buffer.from(note).toString() === note ? note : undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(note);
  } catch {
    // Not UTF-8: the caller refuses the note as malformed.
    return undefined;
  }
}

/** One line of a note without its line feed; undefined if it is none. */
export function parseSignatureLine(line: string): { name: string; keyId: Buffer; bytes: Buffer } | undefined {
  if (!line.startsWith(SIGNATURE_MARK)) return undefined;
  const [name, encoded, ...rest] = line.slice(SIGNATURE_MARK.length).split(' ');
  if (name === undefined || encoded === undefined || rest.length > 0) return undefined;
  const blob = fromBase64(encoded);
  if (!/^[^+\s]+$/u.test(name) || blob === undefined || blob.length < MIN_SIGNATURE_BYTES) return undefined;
  return { name, keyId: blob.subarray(0, KEY_ID_BYTES), bytes: blob.subarray(KEY_ID_BYTES) };
}

/** A witness signs `cosignature/v1`, its time and the note text; the time travels in front of the signature (§2.5). */
function cosignatureOf(ed25519: NoteKey['verify']): NoteKey['verify'] {
  return (message, blob) => {
    if (blob.length !== 8 + ED25519_BYTES) return false;
    const bytes = Buffer.from(blob);
    const head = Buffer.from(`cosignature/v1\ntime ${bytes.readBigUInt64BE(0)}\n`);
    return ed25519(Buffer.concat([head, message]), bytes.subarray(8));
  };
}

/** Keeps the parsed key: importing it costs more than checking a signature. */
function nodeEd25519(): Ed25519Verify {
  let key: ReturnType<typeof createPublicKey> | undefined;
  return (publicKey, message, signature) => {
    key ??= createPublicKey({ key: Buffer.concat([SPKI_ED25519, publicKey]), format: 'der', type: 'spki' });
    return signature.length === ED25519_BYTES && verifySignature(null, message, key, signature);
  };
}
