import { ok, refuse, type Result } from '#kernel';
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hashing.js';
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
  return hashRanges(inclusionRanges(index, size), new TilesOfProofs(size, readTile));
}

/** Inclusion paths of many leaves of one tree: each tile is read once and each subtree hashed once. Left out: what cannot be had. */
export async function inclusionPaths(
  indices: Iterable<number>,
  size: number,
  readTile: TileReader,
): Promise<Map<number, Buffer[]>> {
  const tiles = new TilesOfProofs(size, readTile);
  const paths = new Map<number, Buffer[]>();
  for (const index of new Set(indices)) {
    if (!isCount(index) || index >= size) continue;
    const path = await hashRanges(inclusionRanges(index, size), tiles);
    if (path.ok) paths.set(index, path.value);
  }
  return paths;
}

/** Proof that the tree of `from` leaves is the beginning of the tree of `to` leaves; empty from 0 and for equal sizes. */
export async function consistencyPath(
  from: number,
  to: number,
  readTile: TileReader,
): Promise<Result<Buffer[], PathReason>> {
  if (!isCount(from) || !isCount(to) || from > to) return refuse('out-of-range');
  return hashRanges(consistencyRanges(from, to), new TilesOfProofs(to, readTile));
}

/** Root of the tree of the first `size` leaves, as the tiles have it. */
export async function rootAt(size: number, readTile: TileReader): Promise<Result<Buffer, PathReason>> {
  if (!isCount(size)) return refuse('out-of-range');
  if (size === 0) return ok(EMPTY_ROOT);
  const root = await hashRanges([{ lo: 0, hi: size }], new TilesOfProofs(size, readTile));
  return root.ok ? ok(root.value[0] as Buffer) : root;
}

async function hashRanges(ranges: readonly TreeRange[], tiles: TilesOfProofs): Promise<Result<Buffer[], PathReason>> {
  const hashes = await Promise.all(
    ranges.map(async (range) => {
      const blocks = await Promise.all(blocksOf(range).map((block) => tiles.hashOf(block)));
      return blocks.every((hash) => hash !== undefined) ? foldBlocks(blocks) : undefined;
    }),
  );
  return hashes.every((hash) => hash !== undefined) ? ok(hashes) : refuse('tile-missing');
}

/** A proof touches at most two tiles per level; several of its blocks share one, and the proofs of one tree share most. */
class TilesOfProofs {
  private readonly tiles = new Map<string, Promise<Uint8Array | undefined>>();
  /** Roots of subtrees within a tile, by height and index in the whole tree. */
  private readonly roots = new Map<string, Buffer>();

  constructor(
    private readonly size: number,
    private readonly readTile: TileReader,
  ) {}

  /** A block at height k is the root of 2^(k mod 8) hashes of a tile of level ⌊k/8⌋ (`audit-log.md` §2.2). */
  async hashOf(block: Block): Promise<Buffer | undefined> {
    const level = Math.floor(block.height / HEIGHTS_PER_LEVEL);
    const hashes = 2 ** (block.height % HEIGHTS_PER_LEVEL);
    const blocksPerTile = TILE_WIDTH / hashes;
    const tile = await this.tile(level, Math.floor(block.index / blocksPerTile));
    const to = ((block.index % blocksPerTile) + 1) * hashes * HASH_BYTES;
    return tile === undefined || tile.length < to ? undefined : this.rootIn(tile, block);
  }

  /** `tile` holds the block whole. */
  private rootIn(tile: Uint8Array, { height, index }: Block): Buffer {
    if (height % HEIGHTS_PER_LEVEL === 0) {
      const at = (index % TILE_WIDTH) * HASH_BYTES;
      return Buffer.from(tile.subarray(at, at + HASH_BYTES));
    }
    const key = `${height}/${index}`;
    const known = this.roots.get(key);
    if (known !== undefined) return known;
    const below = (half: number) => this.rootIn(tile, { height: height - 1, index: index * 2 + half });
    const root = nodeHash(below(0), below(1));
    this.roots.set(key, root);
    return root;
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

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
