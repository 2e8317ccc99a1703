import { LRUCache } from 'lru-cache';
import { consistencyPath, inclusionPaths, rootAt, TILE_WIDTH, type TileReader } from '#tlog';
import type { LogReaderStore } from '../log-reader.store.js';
import { sequencerErrors } from './sequencer.errors.js';

/**
 * Proofs of what was committed before, read from the tables, two tiles per level: paths for receipts of duplicates,
 * consistency proofs for witnesses, roots to compare with what others remember.
 */
export class StandingPath {
  /** Full tiles never change. 512 × 8 KiB at most. */
  private readonly full = new LRUCache<string, Buffer>({ max: 512 });

  constructor(
    private readonly reader: LogReaderStore,
    private readonly logId: number,
  ) {}

  /** Paths in the tree of `size` leaves, by index. */
  pathsOf(indices: readonly number[], size: number): Promise<Map<number, Buffer[]>> {
    return inclusionPaths(indices, size, this.readTile);
  }

  async consistency(from: number, to: number): Promise<Buffer[]> {
    const proof = await consistencyPath(from, to, this.readTile);
    if (!proof.ok) throw sequencerErrors.error('log-damaged', { details: { problem: proof.reason, from, to } });
    return proof.value;
  }

  /** Undefined if the tables cannot give it. */
  async rootAt(size: number): Promise<Buffer | undefined> {
    const root = await rootAt(size, this.readTile);
    return root.ok ? root.value : undefined;
  }

  private readonly readTile: TileReader = ({ level, index, width }) =>
    width === TILE_WIDTH ? this.fullTile(level, index) : this.openTile(level, index, width);

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
