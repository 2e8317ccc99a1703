import { LRUCache } from 'lru-cache';
import type { Clock } from '#kernel';
import { encodeBundle, tileWidth, TILE_WIDTH, type TileAddress, type TileReader } from '#tlog';
import type { ServedLog } from '../discovery/served-log.js';
import type { LogReaderStore, StoredHead } from '../log-reader.store.js';
import type { WindowFiles } from '../windows/window-files.store.js';
import { HeadCache } from './head-cache.js';

/** 8 KiB each. Clients walk the right edge and the same few upper tiles. */
const CACHED_TILES = 512;
const HASH_BYTES = 32;

/**
 * Makes tiles and bundles from the tables (`audit-log.md` §2.3, §3.2): full hash tiles as stored, everything else
 * sliced from rows. Serves nothing beyond the signed head, even if rows should lie there.
 */
export class TilesService {
  private readonly heads: HeadCache;
  /** Full hash tiles by `level/index`; immutable once full. */
  private readonly full = new LRUCache<string, Buffer>({ max: CACHED_TILES });

  constructor(
    private readonly store: LogReaderStore,
    private readonly log: ServedLog,
    clock: Clock,
    /** Where a frozen window lies whose leaves may have left the database. */
    private readonly files?: WindowFiles,
  ) {
    this.heads = new HeadCache(() => store.head(log.logId), clock);
  }

  /** For the checkpoint file: at most a second old. */
  recentHead(): Promise<StoredHead | undefined> {
    return this.heads.recent();
  }

  /** The head as it stands in the database now. */
  newestHead(): Promise<StoredHead | undefined> {
    return this.heads.load();
  }

  /** Whether the log has that many leaves. */
  async holds(size: number): Promise<boolean> {
    return (await this.heads.holding(size)) !== undefined;
  }

  /** The bytes of a tile or bundle of exactly that width, or undefined if the log has none yet. */
  async read({ level, index, width }: TileAddress): Promise<Buffer | undefined> {
    const span = TILE_WIDTH ** (level === 'entries' ? 0 : level);
    const needed = (index * TILE_WIDTH + width) * span;
    const head = Number.isSafeInteger(needed) ? await this.heads.holding(needed) : undefined;
    if (head === undefined) return undefined;
    return (
      (await this.filed({ level, index, width }, head.size)) ??
      (level === 'entries' ? this.bundle(index, width) : this.hashes(level, index, width))
    );
  }

  /** Of a frozen window; also proofs are made from it, so whoever changed a file makes proofs that do not hold. */
  private async filed(address: TileAddress, size: number): Promise<Buffer | undefined> {
    const { state, path } = this.log;
    return state === 'frozen' ? this.files?.tile(path, size, address) : undefined;
  }

  /** For proofs; asks only for tiles of trees that the log has. */
  readonly readTile: TileReader = (tile) => this.read(tile);

  private async bundle(index: number, width: number): Promise<Buffer | undefined> {
    const bodies = await this.store.bodies(this.log.logId, index * TILE_WIDTH, width);
    // Fewer rows than the signed head promises: the table is damaged, and half a bundle would pass for a whole one.
    return bodies.length === width ? encodeBundle(bodies) : undefined;
  }

  private async hashes(level: number, index: number, width: number): Promise<Buffer | undefined> {
    const tile = (await this.fullTile(level, index)) ?? (await this.openTile(level, index, width));
    return tile.length >= width * HASH_BYTES ? tile.subarray(0, width * HASH_BYTES) : undefined;
  }

  private async fullTile(level: number, index: number): Promise<Buffer | undefined> {
    const head = await this.heads.recent();
    if (head === undefined || tileWidth(head.size, level, index) < TILE_WIDTH) return undefined;
    const key = `${level}/${index}`;
    const tile = this.full.get(key) ?? (await this.store.fullTile(this.log.logId, level, index));
    if (tile !== undefined) this.full.set(key, tile);
    return tile;
  }

  /** The tile at the right edge is not stored: its entries are leaf hashes, or roots of the tiles below. */
  private openTile(level: number, index: number, width: number): Promise<Buffer> {
    const first = index * TILE_WIDTH;
    if (level === 0) return this.store.leafHashes(this.log.logId, first, width);
    return this.store.tileRoots(this.log.logId, level - 1, first, width);
  }
}
