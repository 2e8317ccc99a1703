import { decodeBundle, GrowingTree, leafHash, openNote, tileWidth, TILE_WIDTH, type NoteKey } from '#tlog';
import type { WindowFiles } from './window-files.store.js';
import { windowsErrors } from './windows.errors.js';

/** The window as the database has it at its end. */
export interface FinalLog {
  /** `<shard>/<window>`. */
  readonly place: string;
  readonly size: number;
  readonly note: string;
  readonly key: NoteKey;
}

/**
 * Whether a folder holds a whole window, so that its leaves may leave the database: every leaf, every tile of the final
 * tree, and the checkpoint, all following from each other. Rejects with `window-files-missing`.
 */
export async function checkArchive(files: WindowFiles, log: FinalLog): Promise<void> {
  const root = await finalRoot(files, log);
  const check = new TreeOfFiles(files, log);
  for (let index = 0; index * TILE_WIDTH < log.size; index += 1) await check.takeBundle(index);
  await check.end(root);
}

/** Of the checkpoint in the folder, which must be the one that the database has; its witnesses' lines may differ. */
async function finalRoot(files: WindowFiles, { place, size, note, key }: FinalLog): Promise<Buffer> {
  const final = openNote(note, [key]);
  const filed = openNote((await files.checkpoint(place)) ?? '', [key]);
  if (!final.ok || !filed.ok || filed.value.text !== final.value.text || final.value.size !== size)
    throw missing(place, 'checkpoint');
  return final.value.root;
}

/** Grows the tree from the bundles, and compares each tile that is filled on the way. */
class TreeOfFiles {
  private tree = GrowingTree.empty();
  /** Hashes of each level's open tile. */
  private readonly open: Buffer[][] = [[]];

  constructor(
    private readonly files: WindowFiles,
    private readonly log: FinalLog,
  ) {}

  async takeBundle(index: number): Promise<void> {
    const { place, size } = this.log;
    const width = tileWidth(size, 'entries', index);
    const bundle = await this.files.tile(place, size, { level: 'entries', index, width });
    const entries = bundle === undefined ? undefined : decodeBundle(bundle, width);
    if (entries === undefined) throw missing(place, `tile/entries ${index}`);
    const hashes = entries.map(leafHash);
    const extension = this.tree.extend(hashes);
    this.open[0] = width === TILE_WIDTH ? [] : hashes;
    for (const tile of extension.fullTiles) {
      await this.compare(tile.level, tile.index, tile.data);
      const above = [...(this.open[tile.level + 1] ?? []), tile.root];
      this.open[tile.level + 1] = above.length === TILE_WIDTH ? [] : above;
    }
    this.tree = extension.next;
  }

  async end(root: Buffer): Promise<void> {
    const { place, size } = this.log;
    for (const [level, hashes] of this.open.entries())
      if (hashes.length > 0)
        await this.compare(level, Math.floor(size / TILE_WIDTH ** (level + 1)), Buffer.concat(hashes));
    if (!this.tree.root().equals(root)) throw missing(place, 'root');
  }

  private async compare(level: number, index: number, bytes: Buffer): Promise<void> {
    const { place, size } = this.log;
    const tile = await this.files.tile(place, size, { level, index, width: bytes.length / 32 });
    if (tile?.equals(bytes) !== true) throw missing(place, `tile/${level} ${index}`);
  }
}

function missing(place: string, file: string) {
  return windowsErrors.error('window-files-missing', { details: { place, file } });
}
