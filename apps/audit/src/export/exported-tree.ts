import { ok, refuse, type Result } from '#kernel';
import { edgeWidths, encodeBundle, GrowingTree, leafHash, partialWidth, tilePath, TILE_WIDTH } from '#tlog';

/** One file below the log's URL prefix (`audit-log.md` §2.3). */
export interface LogFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/**
 * The tree over the leaves whose full files are written. It is grown from the leaves themselves, not from stored tiles,
 * so that files and root follow from the same bytes. Immutable: a write that fails leaves it where it was.
 */
export class ExportedTree {
  private constructor(
    private readonly tree: GrowingTree,
    /** Hashes in the open tile of each level. */
    private readonly levels: readonly (readonly Buffer[])[],
  ) {}

  static empty(): ExportedTree {
    return new ExportedTree(GrowingTree.empty(), []);
  }

  /** From the edge that the database holds at that size; whoever takes it compares the root. */
  static fromEdge(size: number, levels: readonly (readonly Buffer[])[]): Result<ExportedTree, 'wrong-edge'> {
    const tree = GrowingTree.fromEdge(size, levels);
    return tree.ok ? ok(new ExportedTree(tree.value, levels)) : refuse(tree.reason);
  }

  get size(): number {
    return this.tree.size;
  }

  root(): Buffer {
    return this.tree.root();
  }

  /** First leaf of the open bundle: from there on bodies are needed to go on. */
  get openFrom(): number {
    return this.size - (this.size % TILE_WIDTH);
  }

  /** The tree with more leaves and the files that became full; `bodies` begin at `openFrom`. */
  grow(bodies: readonly Buffer[]): { readonly next: ExportedTree; readonly files: LogFile[] } {
    const hashes = bodies.slice(this.size - this.openFrom).map(leafHash);
    const { next: tree, fullTiles } = this.tree.extend(hashes);
    const files: LogFile[] = [];
    for (let at = 0; at + TILE_WIDTH <= bodies.length; at += TILE_WIDTH) {
      const index = (this.openFrom + at) / TILE_WIDTH;
      const path = tilePath({ level: 'entries', index, width: TILE_WIDTH });
      files.push({ path, bytes: encodeBundle(bodies.slice(at, at + TILE_WIDTH)) });
    }
    for (const { level, index, data } of fullTiles)
      files.push({ path: tilePath({ level, index, width: TILE_WIDTH }), bytes: data });
    const levels = edgeWidths(tree.size).map((width, level) => {
      const arrived =
        level === 0 ? hashes : fullTiles.filter((tile) => tile.level === level - 1).map(({ root }) => root);
      const known = [...(this.levels[level] ?? []), ...arrived];
      return known.slice(known.length - width);
    });
    return { next: new ExportedTree(tree, levels), files };
  }

  /** The partial tiles and the partial bundle of exactly this size; `bodies` are those of the open bundle. */
  edgeFiles(bodies: readonly Buffer[]): LogFile[] {
    const files: LogFile[] = [];
    for (const [level, hashes] of this.levels.entries()) {
      if (hashes.length === 0) continue;
      const index = Math.floor(this.size / TILE_WIDTH ** (level + 1));
      files.push({ path: tilePath({ level, index, width: hashes.length }), bytes: Buffer.concat(hashes) });
    }
    const width = partialWidth(this.size, 0);
    if (width > 0) {
      const path = tilePath({ level: 'entries', index: Math.floor(this.size / TILE_WIDTH), width });
      files.push({ path, bytes: encodeBundle(bodies) });
    }
    return files;
  }
}

/** Full files of the tiles and the bundle that were open at one size and are full at the other. */
export function filledBetween(from: number, to: number): string[] {
  const paths: string[] = [];
  for (const [level, width] of edgeWidths(from).entries()) {
    const index = Math.floor(from / TILE_WIDTH ** (level + 1));
    if (width === 0 || to < (index + 1) * TILE_WIDTH ** (level + 1)) continue;
    paths.push(tilePath({ level, index, width: TILE_WIDTH }));
    if (level === 0) paths.push(tilePath({ level: 'entries', index, width: TILE_WIDTH }));
  }
  return paths;
}
