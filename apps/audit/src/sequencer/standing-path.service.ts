import { LRUCache } from 'lru-cache';
import { inclusionPaths, TILE_WIDTH, type TileReader } from '#tlog';
import type { LogReaderStore } from '../log-reader.store.js';

/** Paths of leaves that were committed before, for receipts of duplicates: two tiles per level, read from the tables. */
export class StandingPath {
  /** Full tiles never change. 512 × 8 KiB at most. */
  private readonly full = new LRUCache<string, Buffer>({ max: 512 });

  constructor(
    private readonly reader: LogReaderStore,
    private readonly logId: number,
  ) {}

  /** Paths in the tree of `size` leaves, by index. */
  pathsOf(indices: readonly number[], size: number): Promise<Map<number, Buffer[]>> {
    const read: TileReader = ({ level, index, width }) =>
      width === TILE_WIDTH ? this.fullTile(level, index) : this.openTile(level, index, width);
    return inclusionPaths(indices, size, read);
  }

  private async fullTile(level: number, index: number): Promise<Buffer | undefined> {
    const key = `${level}/${index}`;
    const known = this.full.get(key) ?? (await this.reader.fullTile(this.logId, level, index));
    if (known !== undefined) this.full.set(key, known);
    return known;
  }

  private openTile(level: number, index: number, width: number): Promise<Buffer | undefined> {
    const first = index * TILE_WIDTH;
    if (level === 0) return this.reader.leafHashes(this.logId, first, width);
    return this.reader.tileRoots(this.logId, level - 1, first, width);
  }
}
