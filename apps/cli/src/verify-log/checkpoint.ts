import { fromBase64, ok, refuse, type Result } from '#kernel';
import type { LogKey, TrustAnchors } from '../verify/trust.js';

/** A checkpoint whose log key is trusted and whose signature was checked (`audit-log.md` §2.4). */
export interface Checkpoint {
  /** The whole signed note. */
  readonly note: string;
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** Lines by keys that `trust.json` does not name: nothing is concluded from them. */
  readonly unknownLines: number;
}

export type CheckpointProblem = 'checkpoint-malformed' | 'checkpoint-unknown-log' | 'checkpoint-signature';

const NOTE =
  /^(([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n((?:\u2014 [^ \n]+ [A-Za-z0-9+/]+=*\n){1,100})$/u;
const ED25519_BYTES = 64;

export function readCheckpoint(bytes: Uint8Array, trust: TrustAnchors): Result<Checkpoint, CheckpointProblem> {
  const parsed = parseNote(bytes);
  if (parsed === undefined) return refuse('checkpoint-malformed');
  const { note, text, origin, size, root, lines } = parsed;
  const keys = trust.logs.filter((log) => log.name === origin);
  const [line, ...more] = lines.flatMap((entry) => {
    const key = keys.find((known) => entry.name === known.name && known.keyId.equals(entry.blob.subarray(0, 4)));
    return key === undefined ? [] : [{ key, signature: entry.blob.subarray(4) }];
  });
  if (line === undefined) return refuse('checkpoint-unknown-log');
  // A second line of a known key would be bytes that mean nothing.
  if (more.length > 0) return refuse('checkpoint-malformed');
  if (!isSigned(text, line)) return refuse('checkpoint-signature');
  return ok({ note, origin, size, root, unknownLines: lines.length - 1 });
}

function parseNote(bytes: Uint8Array) {
  const note = decode(bytes) ?? '';
  const match = NOTE.exec(note);
  if (match === null) return undefined;
  // The pattern has all of these groups.
  const [, text = '', origin = '', digits, encodedRoot = '', block = ''] = match;
  const root = fromBase64(encodedRoot);
  const size = Number(digits);
  const lines = block.slice(0, -1).split('\n').map(readLine);
  if (root?.length !== 32 || !Number.isSafeInteger(size) || lines.some(({ blob }) => blob.length < 5)) return undefined;
  return { note, text, origin, size, root, lines };
}

function isSigned(text: string, { key, signature }: { readonly key: LogKey; readonly signature: Buffer }): boolean {
  return signature.length === ED25519_BYTES && key.verify(Buffer.from(text), signature);
}

function readLine(line: string): { name: string; blob: Buffer } {
  const [, name = '', encoded = ''] = line.split(' ');
  return { name, blob: fromBase64(encoded) ?? Buffer.alloc(0) };
}

/** Canonical UTF-8 only: two spellings of one note would be bytes that nobody signed. */
function decode(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}
