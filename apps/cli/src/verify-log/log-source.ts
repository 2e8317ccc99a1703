import { splitEntries } from './entries.js';
import type { FindingCode } from './findings.js';
import { fileName, TILE_WIDTH, widthAt, type TileKind } from './file-names.js';
import { HASH_BYTES } from './hashing.js';

/** Where a log’s files come from; nothing that it gives is believed. */
export interface LogSource {
  /** Undefined: there is no such file. Rejects if it cannot be found out, or if it is longer. */
  read(path: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Every file's path, where that can be told: of a folder. */
  list?(): AsyncIterable<string>;
}

/** 256 entries of the greatest length that a bundle can state. */
export const MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + 65_535);
const MAX_TILE_BYTES = TILE_WIDTH * HASH_BYTES;

export type ReadTile = { readonly bytes: Buffer } | { readonly problem: FindingCode; readonly file: string };

/**
 * The tile or bundle as it stands in a tree of that size. A partial one that is gone has become full: its bytes are the
 * first ones of the full one (C2SP tlog-tiles), whose own length must be exact too.
 */
export async function readTile(source: LogSource, size: number, kind: TileKind, index: number): Promise<ReadTile> {
  const width = widthAt(size, kind, index);
  const maxBytes = (kind === 'entries' ? MAX_BUNDLE_BYTES : MAX_TILE_BYTES) + 1;
  const file = fileName({ kind, index, width });
  const bytes = await source.read(file, maxBytes);
  if (bytes !== undefined) return { bytes };
  const full = fileName({ kind, index, width: TILE_WIDTH });
  const whole = width === TILE_WIDTH ? undefined : await source.read(full, maxBytes);
  if (whole === undefined) return { problem: 'file-missing', file };
  if (kind !== 'entries')
    return whole.length === MAX_TILE_BYTES
      ? { bytes: whole.subarray(0, width * HASH_BYTES) }
      : { problem: 'tile-length', file: full };
  const entries = splitEntries(whole, TILE_WIDTH);
  if (entries === undefined) return { problem: 'bundle-length', file: full };
  return {
    bytes: whole.subarray(
      0,
      entries.slice(0, width).reduce((sum, entry) => sum + 2 + entry.length, 0),
    ),
  };
}
