import { EMPTY_ROOT, decodeBundle, GrowingTree, leafHash, openNote, tileWidth, TILE_WIDTH, type NoteKey } from '#tlog';
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
export async function checkArchive(files: WindowFiles, { place, size, note, key }: FinalLog): Promise<void> {
  const missing = (file: string) => windowsErrors.error('window-files-missing', { details: { place, file } });
  const [filed, final] = [await files.checkpoint(place), openNote(note, [key])];
  const checkpoint = filed === undefined ? undefined : openNote(filed, [key]);
  if (checkpoint?.ok !== true || !final.ok || checkpoint.value.text !== final.value.text || final.value.size !== size)
    throw missing('checkpoint');
  let tree = GrowingTree.empty();
  /** Hashes of each level's open tile. */
  const open: Buffer[][] = [[]];
  const same = async (level: number, index: number, bytes: Buffer) => {
    const width = bytes.length / 32;
    const tile = await files.tile(place, size, { level, index, width });
    if (tile?.equals(bytes) !== true) throw missing(`tile/${level} ${index}`);
  };
  for (let index = 0; index * TILE_WIDTH < size; index += 1) {
    const width = tileWidth(size, 'entries', index);
    const bundle = await files.tile(place, size, { level: 'entries', index, width });
    const entries = bundle === undefined ? undefined : decodeBundle(bundle, width);
    if (entries === undefined) throw missing(`tile/entries ${index}`);
    const hashes = entries.map(leafHash);
    const extension = tree.extend(hashes);
    open[0] = width === TILE_WIDTH ? [] : hashes;
    for (const { level, index: at, root, data } of extension.fullTiles) {
      await same(level, at, data);
      const above = [...(open[level + 1] ?? []), root];
      open[level + 1] = above.length === TILE_WIDTH ? [] : above;
    }
    tree = extension.next;
  }
  for (const [level, hashes] of open.entries())
    if (hashes.length > 0) await same(level, Math.floor(size / TILE_WIDTH ** (level + 1)), Buffer.concat(hashes));
  const root = size === 0 ? EMPTY_ROOT : tree.root();
  if (!root.equals(final.value.root)) throw missing('root');
}
