import { ok, refuse, type Result } from '#kernel';
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hashing.js';
import { blocksOf, foldBlocks, type Block } from './tree-range.js';
import { fullEntries, partialWidth, TILE_WIDTH } from './tile-path.js';

/** Perfect subtrees of one height that we hold, without a gap, from index `start` on. */
interface Row {
  readonly start: number;
  readonly hashes: readonly Buffer[];
}

/** A full hash tile, as `log_tile` stores it. */
export interface FullTile {
  readonly level: number;
  readonly index: number;
  /** Its hash: the entry of the tile one level up. */
  readonly root: Buffer;
  readonly data: Buffer;
}

export type EdgeReason = 'wrong-edge';

const HEIGHTS_PER_LEVEL = 8;

/**
 * The right edge of the log's tree: of each tile level the one tile that is not full yet (≤ 255 hashes), with the nodes
 * inside it. That is all an append needs, so its cost does not grow with the log. Immutable: a batch that fails to
 * commit leaves the tree as it was, and the sequencer moves to `next` only after the commit.
 */
export class GrowingTree {
  /** Computed on first use. */
  private cachedRoot: Buffer | undefined;

  private constructor(
    readonly size: number,
    private readonly rows: readonly Row[],
  ) {}

  static empty(): GrowingTree {
    return new GrowingTree(0, []);
  }

  /**
   * The tree of `size` leaves from its stored edge: `levels[L]` = the `edgeWidths(size)[L]` hashes of the open tile of
   * level L. Says nothing about their truth: whoever loads an edge compares `root()` with the signed head.
   */
  static fromEdge(size: number, levels: readonly (readonly Uint8Array[])[]): Result<GrowingTree, EdgeReason> {
    const widths = edgeWidths(size);
    const fits = widths.every((width, level) => levels[level]?.length === width) && levels.length === widths.length;
    if (!fits || !levels.flat().every((hash) => hash.length === HASH_BYTES)) return refuse('wrong-edge');
    return ok(
      new GrowingTree(
        size,
        levels.flatMap((hashes, level) => rowsOfTile(size, level, hashes)),
      ),
    );
  }

  root(): Buffer {
    this.cachedRoot ??=
      this.size === 0
        ? EMPTY_ROOT
        : foldBlocks(blocksOf({ lo: 0, hi: this.size }).map((block) => take(this.rows, block)));
    return this.cachedRoot;
  }

  /** The stack of perfect subtrees, highest first, as `height(1) ‖ hash(32)` each. */
  frontier(): Buffer {
    const pairs = blocksOf({ lo: 0, hi: this.size }).map((block) =>
      Buffer.concat([Buffer.from([block.height]), take(this.rows, block)]),
    );
    return Buffer.concat(pairs);
  }

  /** The tree with these leaf hashes appended; this one stays as it is. */
  extend(leafHashes: readonly Uint8Array[]): Extension {
    const size = this.size + leafHashes.length;
    const rows = [...this.rows];
    let arriving: Buffer[] = leafHashes.map((hash) => Buffer.from(hash));
    for (let height = 0; arriving.length > 0; height += 1) {
      const row = rows[height] ?? { start: 0, hashes: [] };
      const known = row.start + row.hashes.length;
      const grown = { start: row.start, hashes: [...row.hashes, ...arriving] };
      rows[height] = grown;
      arriving = pairUp(grown, known);
    }
    return new Extension(this.size, new GrowingTree(size, trim(rows, size)), rows);
  }
}

/** What one append brought: the next tree, the tiles it filled, and the paths of its leaves without any reading. */
export class Extension {
  /** Incomplete ranges at the right edge, by where they begin; every leaf of the batch needs the same few. */
  private readonly edge = new Map<number, Buffer>();

  constructor(
    private readonly from: number,
    readonly next: GrowingTree,
    private readonly rows: readonly Row[],
  ) {}

  get root(): Buffer {
    return this.next.root();
  }

  get size(): number {
    return this.next.size;
  }

  /** Tiles that became full with this append, lowest level first. */
  get fullTiles(): FullTile[] {
    const tiles: FullTile[] = [];
    for (let level = 0; fullEntries(this.size, level + 1) > fullEntries(this.from, level + 1); level += 1) {
      const row = this.rows[level * HEIGHTS_PER_LEVEL];
      const last = fullEntries(this.size, level + 1);
      for (let index = fullEntries(this.from, level + 1); index < last; index += 1) {
        const at = index * TILE_WIDTH - (row?.start ?? 0);
        const data = Buffer.concat(row?.hashes.slice(at, at + TILE_WIDTH) ?? []);
        tiles.push({ level, index, root: take(this.rows, { height: (level + 1) * HEIGHTS_PER_LEVEL, index }), data });
      }
    }
    return tiles;
  }

  /**
   * Inclusion path of a leaf of this append in the tree after it: at each height the sibling, which is whole and in our
   * rows, or the ragged right edge, or not there. The caller keeps `index` within the append.
   */
  path(index: number): Buffer[] {
    const path: Buffer[] = [];
    let node = index;
    for (let height = 0, width = 1; width < this.size; height += 1, width *= 2) {
      const sibling = node % 2 === 0 ? node + 1 : node - 1;
      const lo = sibling * width;
      if (lo + width <= this.size) path.push(take(this.rows, { height, index: sibling }));
      else if (lo < this.size) path.push(this.edgeFrom(lo));
      node = Math.floor(node / 2);
    }
    return path;
  }

  private edgeFrom(lo: number): Buffer {
    const known = this.edge.get(lo);
    if (known !== undefined) return known;
    const hash = foldBlocks(blocksOf({ lo, hi: this.size }).map((block) => take(this.rows, block)));
    this.edge.set(lo, hash);
    return hash;
  }
}

/** Hashes in the open tile of each level of a tree of that size, lowest level first, up to the highest that exists. */
export function edgeWidths(size: number): number[] {
  const widths: number[] = [];
  for (let level = 0; fullEntries(size, level) > 0; level += 1) widths.push(partialWidth(size, level));
  return widths;
}

/** Parents that have both children in `row` and are not known yet: those from half of the old count on. */
function pairUp(row: Row, known: number): Buffer[] {
  const parents: Buffer[] = [];
  const end = Math.floor((row.start + row.hashes.length) / 2);
  for (let parent = Math.floor(known / 2); parent < end; parent += 1) {
    const at = parent * 2 - row.start;
    parents.push(nodeHash(row.hashes[at] as Buffer, row.hashes[at + 1] as Buffer));
  }
  return parents;
}

/** Drops what lies in tiles that are full by now. Untouched rows are shared between trees. */
function trim(rows: readonly Row[], size: number): Row[] {
  return rows.map((row, height) => {
    const start = rowStart(size, height);
    return start === row.start ? row : { start, hashes: row.hashes.slice(start - row.start) };
  });
}

/** The eight heights of a tile: its own hashes and the perfect subtrees among them. */
function rowsOfTile(size: number, level: number, hashes: readonly Uint8Array[]): Row[] {
  const rows: Row[] = [];
  let row: Buffer[] = hashes.map((hash) => Buffer.from(hash));
  for (let step = 0; step < HEIGHTS_PER_LEVEL; step += 1) {
    const height = level * HEIGHTS_PER_LEVEL + step;
    const start = rowStart(size, height);
    rows.push({ start, hashes: row });
    row = pairUp({ start: 0, hashes: row }, 0);
  }
  return rows;
}

/** Index at that height of the first node of the tile that is open in a tree of that size. */
function rowStart(size: number, height: number): number {
  const level = Math.floor(height / HEIGHTS_PER_LEVEL);
  return fullEntries(size, level + 1) * 2 ** (HEIGHTS_PER_LEVEL - (height % HEIGHTS_PER_LEVEL));
}

/** The rows hold every perfect subtree that an edge or an append can ask for (see `GrowingTree`). */
function take(rows: readonly Row[], { height, index }: Block): Buffer {
  const row = rows[height];
  return row?.hashes[index - row.start] as Buffer;
}
