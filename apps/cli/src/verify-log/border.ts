import { sha256, toBase64Url } from '#kernel';
import type { TrustAnchors } from '../verify/trust.js';
import { readCheckpoint, type Checkpoint } from './checkpoint.js';
import { splitEntries } from './entries.js';
import { TILE_WIDTH, widthAt } from './file-names.js';
import { leafHash } from './hashing.js';
import { readTile, type LogSource } from './log-source.js';
import { readStatement, type LoggedStatement } from './statement.js';

/** Where the window before is said to be; nothing that it gives is believed. */
export interface WindowBefore {
  readonly name: string;
  readonly source: LogSource;
}

const MAX_NOTE_BYTES = 64 * 1024;

/** The name in a vkey. */
export function nameOf(vkey: string): string {
  return vkey.slice(0, Math.max(0, vkey.indexOf('+')));
}

/**
 * Whether a window follows on the one before (`audit-log.md` §3.7): that ended with the very checkpoint that `opened`
 * names, its last leaf is the one that `opened` names, and that leaf names this log and its key. Its size, if it does.
 * That its other leaves are sound is for a verification of its own.
 */
export async function followsOn(
  before: WindowBefore,
  opened: LoggedStatement | undefined,
  log: Checkpoint,
  trust: TrustAnchors,
): Promise<number | undefined> {
  const note = await before.source.read('checkpoint', MAX_NOTE_BYTES);
  const final = note === undefined ? undefined : readCheckpoint(note, trust);
  if (opened === undefined || final?.ok !== true || !isNamed(final.value, opened, trust)) return undefined;
  const { size } = final.value;
  const last = await lastLeaf(before.source, size);
  if (last === undefined || toBase64Url(leafHash(last)) !== opened.fields.prev) return undefined;
  return names(last, size, log.origin, trust) ? size : undefined;
}

/** Whether the first leaf speaks of that checkpoint, and of the key that signed it. */
function isNamed({ size, origin, note }: Checkpoint, { fields }: LoggedStatement, trust: TrustAnchors): boolean {
  const { n, doc, ref } = fields;
  const digest = `h0:${toBase64Url(sha256(signedText(note)))}`;
  return size === n && digest === doc && nameOf(ref) === origin && isTrusted(ref, trust);
}

/** Whether the last leaf closes its log at that size and names that successor. */
function names(last: Buffer, size: number, successor: string, trust: TrustAnchors): boolean {
  const read = readStatement(last);
  if (!read.ok || read.value.fields.t !== 'log.closed') return false;
  const { n, ref } = read.value.fields;
  return n === size && nameOf(ref) === successor && isTrusted(ref, trust);
}

function isTrusted(vkey: string, trust: TrustAnchors): boolean {
  return trust.logs.some((log) => log.vkey === vkey);
}

/** The three lines that all signers of a note have signed alike. */
function signedText(note: string): Buffer {
  return Buffer.from(note.slice(0, note.indexOf('\n\n') + 1));
}

async function lastLeaf(source: LogSource, size: number): Promise<Buffer | undefined> {
  const index = Math.floor((size - 1) / TILE_WIDTH);
  const bundle = size > 0 ? await readTile(source, size, 'entries', index) : undefined;
  if (bundle === undefined || 'problem' in bundle) return undefined;
  return splitEntries(bundle.bytes, widthAt(size, 'entries', index))?.at(-1);
}
