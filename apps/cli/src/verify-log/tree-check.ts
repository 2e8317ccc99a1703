import type { Findings } from './findings.js';
import { entriesAt, fileName, levelsOf, TILE_WIDTH } from './file-names.js';
import { Frontier } from './frontier.js';
import { HASH_BYTES } from './hashing.js';
import { readTile, type LogSource } from './log-source.js';

/** A tree that somebody signed, which the log must contain. */
export interface SeenTree {
  readonly size: number;
  readonly root: Buffer;
  readonly name: string;
}

const LEAF_LEVEL_HEIGHT = 8;

/**
 * Grows the tree from the roots of full level-0 tiles, left to right, and compares every tile above with it. It holds at
 * most 255 hashes per level, whatever the size of the log.
 */
export class TreeCheck {
  /** Entries of the open tile of each level from 1 on. */
  private readonly rows: Buffer[][];
  private readonly frontier: Frontier;

  private constructor(
    private readonly source: LogSource,
    private readonly size: number,
    private readonly findings: Findings,
    rows: Buffer[][],
    private leaves: number,
  ) {
    this.rows = rows;
    this.frontier = new Frontier();
    for (const [level, row] of [...rows.entries()].reverse())
      for (const hash of row) this.frontier.push(level * LEAF_LEVEL_HEIGHT, hash);
  }

  static empty(source: LogSource, size: number, findings: Findings): TreeCheck {
    return new TreeCheck(source, size, findings, [], 0);
  }

  /**
   * From a tile boundary on, with what the log now says lies left of it. That is believed only once a tree that was
   * verified before comes out of it (`meets`).
   */
  static async resume(
    source: LogSource,
    size: number,
    findings: Findings,
    leaves: number,
  ): Promise<TreeCheck | undefined> {
    const rows: Buffer[][] = [[]];
    for (let level = 1; level < levelsOf(leaves); level += 1) {
      const entries = entriesAt(leaves, level);
      const width = entries % TILE_WIDTH;
      const tile =
        width === 0
          ? { bytes: Buffer.alloc(0) }
          : await readTile(source, size, level, Math.floor(entries / TILE_WIDTH));
      if ('problem' in tile) {
        findings.add(tile.problem, tile.file);
        return undefined;
      }
      rows.push(hashesOf(tile.bytes.subarray(0, width * HASH_BYTES)));
    }
    return new TreeCheck(source, size, findings, rows, leaves);
  }

  /** Whether the tree so far, with these leaf hashes behind it, is the one that was seen. */
  meets(seen: SeenTree, tile: Buffer): boolean {
    const tree = this.frontier.copy();
    for (const hash of hashesOf(tile.subarray(0, (seen.size - this.leaves) * HASH_BYTES))) tree.push(0, hash);
    return tree.root().equals(seen.root);
  }

  get leafCount(): number {
    return this.leaves;
  }

  /** The next full tile of level 0, by its root; compares the tiles that become full above it. False: one is wrong. */
  async addFull(root: Buffer): Promise<boolean> {
    this.frontier.push(LEAF_LEVEL_HEIGHT, root);
    this.leaves += TILE_WIDTH;
    this.row(1).push(root);
    for (let level = 1; this.row(level).length === TILE_WIDTH; level += 1) {
      if (!(await this.compare(level))) return false;
      this.row(level + 1).push(rootOf(this.row(level)));
      this.rows[level] = [];
    }
    return true;
  }

  /** The partial tiles above, and the root with the hashes of the partial tile of level 0. */
  async end(lastTile: Buffer): Promise<Buffer | undefined> {
    for (let level = 1; level < levelsOf(this.size); level += 1)
      if (this.row(level).length > 0 && !(await this.compare(level))) return undefined;
    for (const hash of hashesOf(lastTile)) this.frontier.push(0, hash);
    return this.frontier.root();
  }

  private async compare(level: number): Promise<boolean> {
    const row = this.row(level);
    const index = Math.floor((entriesAt(this.leaves, level) - 1) / TILE_WIDTH);
    const tile = await readTile(this.source, this.size, level, index);
    const file = fileName({ kind: level, index, width: row.length });
    if ('problem' in tile) this.findings.add(tile.problem, tile.file);
    else if (tile.bytes.length !== row.length * HASH_BYTES) this.findings.add('tile-length', file);
    else if (!tile.bytes.equals(Buffer.concat(row))) this.findings.add('tile-content', file);
    else return true;
    return false;
  }

  private row(level: number): Buffer[] {
    return (this.rows[level] ??= []);
  }
}

/** Of a full tile. The frontier does not tell: it has merged every second one with its neighbour. */
function rootOf(row: readonly Buffer[]): Buffer {
  const tile = new Frontier();
  for (const hash of row) tile.push(0, hash);
  return tile.root();
}

function hashesOf(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, at) =>
    bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}
