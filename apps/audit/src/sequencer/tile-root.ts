import { nodeHash, TILE_WIDTH } from '#tlog';

const HASH_BYTES = 32;

/** Root of a full tile, or no hash at all if the tile is not 256 hashes. */
export function tileRoot(data: Buffer): Buffer {
  if (data.length !== TILE_WIDTH * HASH_BYTES) return Buffer.alloc(0);
  let row = Array.from({ length: TILE_WIDTH }, (_, at) => data.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  while (row.length > 1)
    row = Array.from({ length: row.length / 2 }, (_, at) => nodeHash(row[at * 2] as Buffer, row[at * 2 + 1] as Buffer));
  return row[0] as Buffer;
}
