import { entriesAt, TILE_WIDTH } from './file-names.js';
import { Frontier } from './frontier.js';
import { HASH_BYTES, nodeHash } from './hashing.js';
import { readTile, type LogSource } from './log-source.js';

const HEIGHTS_PER_LEVEL = 8;

interface Head {
  readonly size: number;
  readonly root: Buffer;
}

/**
 * Whether the tree `now` has the tree `then` as its beginning. Both roots are folded from one list of perfect subtrees,
 * those of `then` and those that fill up to `now`: if both come out, the leaves of the first are leaves of the second.
 * A few tiles are read, whose content needs no trust: a wrong hash gives no right root. Undefined: a tile is not there.
 */
export async function continues(source: LogSource, then: Head, now: Head): Promise<boolean | undefined> {
  if (then.size > now.size) return false;
  const tree = new Frontier();
  let at = 0;
  for (const end of [then.size, now.size]) {
    while (at < end) {
      const height = heightAt(at, end);
      const hash = await subtree(source, now.size, height, at / 2 ** height);
      if (hash === undefined) return undefined;
      tree.push(height, hash);
      at += 2 ** height;
    }
    const head = end === then.size ? then : now;
    if (!tree.root().equals(head.root)) return false;
  }
  return tree.root().equals(now.root);
}

/** Of the largest perfect subtree that begins at a leaf and ends before another. */
function heightAt(at: number, end: number): number {
  let height = 0;
  while (at % 2 ** (height + 1) === 0 && at + 2 ** (height + 1) <= end) height += 1;
  return height;
}

async function subtree(source: LogSource, size: number, height: number, index: number): Promise<Buffer | undefined> {
  const level = Math.floor(height / HEIGHTS_PER_LEVEL);
  const width = 2 ** (height % HEIGHTS_PER_LEVEL);
  const first = index * width;
  if (first + width > entriesAt(size, level)) return undefined;
  const tile = await readTile(source, size, level, Math.floor(first / TILE_WIDTH));
  if ('problem' in tile) return undefined;
  const from = (first % TILE_WIDTH) * HASH_BYTES;
  let row = Array.from({ length: width }, (_, n) =>
    tile.bytes.subarray(from + n * HASH_BYTES, from + (n + 1) * HASH_BYTES),
  );
  if (row.some((hash) => hash.length !== HASH_BYTES)) return undefined;
  while (row.length > 1)
    row = Array.from({ length: row.length / 2 }, (_, n) => nodeHash(row[2 * n] as Buffer, row[2 * n + 1] as Buffer));
  return row[0];
}
