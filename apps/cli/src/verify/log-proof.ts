import { fromBase64, ok, refuse, sha256, type Result } from '#kernel';
import { at, type Refusal } from './report.js';
import type { LogKey, TrustAnchors } from './trust.js';

/** Checks of `audit-log.md` §2 for evidence: stricter than C2SP asks, since every byte of a file has to mean something. */

/** A leaf's place in a tree whose root a checkpoint names. The checkpoint's signature is still to be checked. */
export interface ProvenLeaf {
  readonly index: number;
  readonly checkpoint: Checkpoint;
}

export interface Checkpoint {
  /** The whole signed note. */
  readonly note: string;
  readonly text: string;
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly key: LogKey;
  readonly signature: Buffer;
}

const COUNT = '(0|[1-9][0-9]{0,15})';
/** No `extra` line, ever. */
const PROOF = new RegExp(
  `^c2sp\\.org/tlog-proof@v1\\nindex ${COUNT}\\n((?:[A-Za-z0-9+/]{43}=\\n){0,63})\\n([^]+)$`,
  'u',
);
/** Exactly one signature line; witnesses are not part of `trust.json` yet. */
const NOTE = new RegExp(
  `^(([^\\n]+)\\n${COUNT}\\n([A-Za-z0-9+/]{43}=)\\n)\\n\\u2014 ([^ \\n]+) ([A-Za-z0-9+/]+=*)\\n$`,
  'u',
);
const SIGNATURE_BYTES = 64;

/** Whether the leaf with these bytes stands where its proof says, in the tree of the checkpoint inside the proof. */
export function proveLeaf(
  leaf: string,
  proof: string,
  trust: TrustAnchors,
  where: string,
): Result<ProvenLeaf, Refusal> {
  const [, digits, lines, note] = PROOF.exec(proof) ?? [];
  if (digits === undefined || lines === undefined || note === undefined) return refuse(at('proof-malformed', where));
  const path = lines === '' ? [] : lines.slice(0, -1).split('\n').map(decodeHash);
  const checkpoint = parseCheckpoint(note, trust);
  if (checkpoint === undefined) return refuse(at('checkpoint-malformed', where));
  const index = Number(digits);
  if (!path.every((hash) => hash !== undefined)) return refuse(at('proof-malformed', where));
  const root = rootFrom(leafHash(leaf), index, checkpoint.size, path);
  return root?.equals(checkpoint.root) === true ? ok({ index, checkpoint }) : refuse(at('proof-inclusion', where));
}

export function isCheckpointSigned({ text, key, signature }: Checkpoint): boolean {
  return key.verify(Buffer.from(text), signature);
}

/** `SHA-256(00 ‖ bytes)`, RFC 6962. */
export function leafHash(bytes: string): Buffer {
  return sha256(`\0${bytes}`);
}

/** Signed by the trusted log that its origin names, in its only line; everything else is unknown to us. */
function parseCheckpoint(note: string, trust: TrustAnchors): Checkpoint | undefined {
  const [, text, origin, digits, encodedRoot, name, encodedSignature] = NOTE.exec(note) ?? [];
  if (text === undefined || origin === undefined || encodedRoot === undefined || name !== origin) return undefined;
  const root = decodeHash(encodedRoot);
  const blob = fromBase64(encodedSignature ?? '');
  const size = Number(digits);
  if (root === undefined || blob?.length !== 4 + SIGNATURE_BYTES || !Number.isSafeInteger(size)) return undefined;
  const key = trust.logs.find((log) => log.name === origin && log.keyId.equals(blob.subarray(0, 4)));
  return key === undefined ? undefined : { note, text, origin, size, root, key, signature: blob.subarray(4) };
}

/** The definition of RFC 6962 §2.1.1 read backwards: the last entry of the path is the root's other child. */
function rootFrom(hash: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer | undefined {
  const other = path.at(-1);
  if (index >= size) return undefined;
  if (size === 1) return other === undefined ? hash : undefined;
  if (other === undefined) return undefined;
  const left = powerBelow(size);
  const rest = path.slice(0, -1);
  const inner = index < left ? rootFrom(hash, index, left, rest) : rootFrom(hash, index - left, size - left, rest);
  if (inner === undefined) return undefined;
  return index < left ? nodeHash(inner, other) : nodeHash(other, inner);
}

function nodeHash(left: Buffer, right: Buffer): Buffer {
  return sha256(Buffer.concat([Buffer.from([1]), left, right]));
}

/** The largest power of two below `size` (> 1). */
function powerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

function decodeHash(line: string): Buffer | undefined {
  const hash = fromBase64(line);
  return hash?.length === 32 ? hash : undefined;
}
