import { fromBase64, ok, refuse, type Result } from '#kernel';
import { HASH_BYTES } from './hashing.js';

/** A receipt without its leaf: whoever checks it supplies the leaf's bytes (`audit-log.md` §2.7). */
export interface TlogProof {
  readonly index: number;
  readonly path: readonly Buffer[];
  /** The signed note, exactly as issued. */
  readonly checkpoint: string;
  /** Unauthenticated; nothing may be concluded from it. */
  readonly extra?: Buffer;
}

export type TlogProofReason = 'malformed-proof';

const HEADER = 'c2sp.org/tlog-proof@v1';
/** No tree that counts in 64 bits is higher. */
const MAX_PATH = 64;

/** Parses a `.tlog-proof`. It says nothing yet: open the checkpoint, then verify the inclusion. */
export function parseTlogProof(text: string): Result<TlogProof, TlogProofReason> {
  const end = text.indexOf('\n\n');
  if (end < 0) return refuse('malformed-proof');
  const lines = text.slice(0, end).split('\n');
  if (lines.shift() !== HEADER) return refuse('malformed-proof');
  const extra = takeExtra(lines);
  const index = parseIndex(lines.shift());
  const path = lines.map((line) => fromBase64(line));
  if (extra === 'malformed' || index === undefined || path.length > MAX_PATH) return refuse('malformed-proof');
  if (!path.every((hash): hash is Buffer => hash?.length === HASH_BYTES)) return refuse('malformed-proof');
  const proof = { index, path, checkpoint: text.slice(end + 2) };
  return ok(extra === undefined ? proof : { ...proof, extra });
}

function takeExtra(lines: string[]): Buffer | undefined | 'malformed' {
  if (lines[0]?.startsWith('extra ') !== true) return undefined;
  return fromBase64(lines.shift()?.slice('extra '.length) ?? '') ?? 'malformed';
}

function parseIndex(line: string | undefined): number | undefined {
  const digits = /^index (0|[1-9][0-9]{0,15})$/u.exec(line ?? '')?.[1];
  const index = Number(digits);
  return digits !== undefined && Number.isSafeInteger(index) ? index : undefined;
}
