import { ok, refuse, type Result } from '#kernel';
import { ED25519_COSIGNATURE } from './hashing.js';
import { parseSignatureLine, type NoteKey } from './open-note.js';

/** Reading half of C2SP tlog-cosignature v1 (`audit-log.md` §2.5–2.6): single lines, as witnesses answer with them. */

export type CosignatureReason = 'malformed-line' | 'unknown-key' | 'bad-signature';

/** A line that a known witness made for a known text. */
export interface Cosignature {
  readonly key: NoteKey;
  /** As it stands in a note, without its line feed. */
  readonly line: string;
  /** When the witness says that it saw the checkpoint, POSIX seconds. */
  readonly seconds: number;
}

/** 64 witnesses in one answer are more than anybody has. */
const MAX_LINES = 64;

/** Checks one line over a checkpoint's text by the witness keys given; keys of logs are none. */
export function openCosignature(
  text: string,
  line: string,
  keys: readonly NoteKey[],
): Result<Cosignature, CosignatureReason> {
  const signature = parseSignatureLine(line);
  if (signature === undefined) return refuse('malformed-line');
  const { name, keyId, bytes } = signature;
  const key = keys.find((known) => known.name === name && known.keyId.equals(keyId));
  if (key?.type !== ED25519_COSIGNATURE) return refuse('unknown-key');
  if (!key.verify(Buffer.from(text), bytes)) return refuse('bad-signature');
  const seconds = Number(bytes.readBigUInt64BE(0));
  return Number.isSafeInteger(seconds) ? ok({ key, line, seconds }) : refuse('malformed-line');
}

/** The lines of a witness's answer: each ends with a line feed, and there is at least one. Nothing is verified here. */
export function parseCosignatures(body: string): string[] | undefined {
  if (!body.endsWith('\n')) return undefined;
  const lines = body.slice(0, -1).split('\n');
  return lines.length <= MAX_LINES && lines.every((line) => parseSignatureLine(line) !== undefined) ? lines : undefined;
}
