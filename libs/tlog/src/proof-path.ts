import { ok, refuse, type Result } from '#kernel';
import { HASH_BYTES, nodeHash } from './hashing.js';
import { blocksOf, consistencyRanges, foldBlocks, inclusionRanges, type Block, type TreeRange } from './tree-range.js';
import { TILE_WIDTH, tileWidth } from './tile-path.js';

/** A hash tile as a proof needs it: the first `width` hashes of the tile. */
export interface TileRequest {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/**
 * Reads a hash tile, `width` × 32 bytes; more is cut, less counts as missing. Called once per tile and proof; may read
 * from tables, files or another server.
 */
export type TileReader = (tile: TileRequest) => Promise<Uint8Array | undefined>;

export type PathReason = 'out-of-range' | 'tile-missing';

const HEIGHTS_PER_LEVEL = 8;

/** Inclusion path of leaf `index` in the tree of `size` leaves, leaf's sibling first. */
export async function inclusionPath(
  index: number,
  size: number,
  readTile: TileReader,
): Promise<Result<Buffer[], PathReason>> {
  if (!isCount(index) || !isCount(size) || index >= size) return refuse('out-of-range');
  return hashRanges(inclusionRanges(index, size), size, readTile);
}

/** Proof that the tree of `from` leaves is the beginning of the tree of `to` leaves; empty from 0 and for equal sizes. */
export async function consistencyPath(
  from: number,
  to: number,
  readTile: TileReader,
): Promise<Result<Buffer[], PathReason>> {
  if (!isCount(from) || !isCount(to) || from > to) return refuse('out-of-range');
  return hashRanges(consistencyRanges(from, to), to, readTile);
}

async function hashRanges(
  ranges: readonly TreeRange[],
  size: number,
  readTile: TileReader,
): Promise<Result<Buffer[], PathReason>> {
  const tiles = new TilesOfOneProof(size, readTile);
  const hashes = await Promise.all(
    ranges.map(async (range) => {
      const blocks = await Promise.all(blocksOf(range).map((block) => tiles.hashOf(block)));
      return blocks.every((hash) => hash !== undefined) ? foldBlocks(blocks) : undefined;
    }),
  );
  return hashes.every((hash) => hash !== undefined) ? ok(hashes) : refuse('tile-missing');
}

/** A proof touches at most two tiles per level; several of its blocks share one. */
class TilesOfOneProof {
  private readonly tiles = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(
    private readonly size: number,
    private readonly readTile: TileReader,
  ) {}

  /** A block at height k is the root of 2^(k mod 8) hashes of a tile of level ⌊k/8⌋ (`audit-log.md` §2.2). */
  async hashOf({ height, index }: Block): Promise<Buffer | undefined> {
    const level = Math.floor(height / HEIGHTS_PER_LEVEL);
    const hashes = 2 ** (height % HEIGHTS_PER_LEVEL);
    const blocksPerTile = TILE_WIDTH / hashes;
    const tile = await this.tile(level, Math.floor(index / blocksPerTile));
    const from = (index % blocksPerTile) * hashes * HASH_BYTES;
    const to = from + hashes * HASH_BYTES;
    return tile === undefined || tile.length < to ? undefined : perfectRoot(tile.subarray(from, to));
  }

  private tile(level: number, index: number): Promise<Uint8Array | undefined> {
    const key = `${level}/${index}`;
    const known = this.tiles.get(key);
    if (known !== undefined) return known;
    const tile = this.readTile({ level, index, width: tileWidth(this.size, level, index) });
    this.tiles.set(key, tile);
    return tile;
  }
}

function perfectRoot(hashes: Uint8Array): Buffer {
  if (hashes.length === HASH_BYTES) return Buffer.from(hashes);
  const half = hashes.length / 2;
  return nodeHash(perfectRoot(hashes.subarray(0, half)), perfectRoot(hashes.subarray(half)));
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
