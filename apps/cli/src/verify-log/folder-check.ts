import { sha256, toHex } from '#kernel';
import { splitEntries } from './entries.js';
import { entriesAt, parseFileName, TILE_WIDTH, widthAt, type TileName } from './file-names.js';
import type { Findings } from './findings.js';
import { HASH_BYTES } from './hashing.js';
import { MAX_BUNDLE_BYTES, readTile, type LogSource } from './log-source.js';

/** Largest snapshot that is read; the bus takes 16 MiB compressed. */
export const MAX_SNAPSHOT_BYTES = 256 * 1024 * 1024;

/**
 * Looks at every file of a folder that the walk along the leaves did not: partial files of earlier sizes are beginnings
 * of what stands now, snapshots are what their names say, and nothing else lies there. Returns how many files lie beyond
 * the checkpoint, about which it says nothing.
 */
export async function checkFolder(source: LogSource, size: number, findings: Findings): Promise<number> {
  let beyond = 0;
  for await (const path of source.list?.() ?? []) {
    const kind = kindOf(path);
    if (kind === 'foreign') findings.add('file-foreign', path);
    if (kind === 'snapshot' && !(await isNamedByDigest(source, path))) findings.add('file-content', path);
    const tile = parseFileName(path);
    if (tile === undefined) continue;
    if (tile.index * TILE_WIDTH + tile.width > entriesAt(size, tile.kind)) beyond += 1;
    else if (tile.width < widthAt(size, tile.kind, tile.index) && !(await isBeginning(source, size, path, tile)))
      findings.add('file-content', path);
  }
  return beyond;
}

/** Digest lists are read by the manifests that name them; one that none names yet lies beyond the checkpoint. */
function kindOf(path: string): 'ours' | 'snapshot' | 'foreign' {
  if (/^snapshots\/[0-9a-f]{64}$/u.test(path)) return 'snapshot';
  if (path === 'checkpoint' || path.startsWith('.tmp/') || /^digests\/[1-9][0-9]*$/u.test(path)) return 'ours';
  return parseFileName(path) === undefined ? 'foreign' : 'ours';
}

async function isNamedByDigest(source: LogSource, path: string): Promise<boolean> {
  const bytes = await source.read(path, MAX_SNAPSHOT_BYTES);
  return bytes !== undefined && path.endsWith(toHex(sha256(bytes)));
}

async function isBeginning(source: LogSource, size: number, path: string, name: TileName): Promise<boolean> {
  const whole = await readTile(source, size, name.kind, name.index);
  const part = await source.read(path, MAX_BUNDLE_BYTES);
  // What is missing was found before, by its own name.
  if ('problem' in whole || part === undefined) return true;
  const isWhole =
    name.kind === 'entries' ? splitEntries(part, name.width) !== undefined : part.length === name.width * HASH_BYTES;
  return isWhole && whole.bytes.subarray(0, part.length).equals(part);
}
