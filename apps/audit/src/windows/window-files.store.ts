import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeBundle, encodeBundle, tilePath, tileWidth, type TileAddress } from '#tlog';

const HASH_BYTES = 32;

/** Exported logs in a folder, in the layout of C2SP tlog-tiles below `log/<shard>/<window>/` (`audit-log.md` §2.3). */
export class WindowFiles {
  constructor(private readonly folder: string) {}

  /**
   * The bytes of that tile of a log that ended with `size` leaves. Only the widths of the final tree need files: what is
   * narrower is a prefix. Undefined where there is no such file.
   */
  async tile(place: string, size: number, address: TileAddress): Promise<Buffer | undefined> {
    const { level, index, width } = address;
    const whole = tileWidth(size, level, index);
    if (width > whole) return undefined;
    const bytes = await this.read(place, tilePath({ level, index, width: whole }));
    if (bytes === undefined) return undefined;
    if (level !== 'entries')
      return bytes.length === whole * HASH_BYTES ? bytes.subarray(0, width * HASH_BYTES) : undefined;
    const entries = decodeBundle(bytes, whole);
    if (entries === undefined) return undefined;
    return width === whole ? bytes : encodeBundle(entries.slice(0, width));
  }

  async checkpoint(place: string): Promise<string | undefined> {
    return (await this.read(place, 'checkpoint'))?.toString('utf8');
  }

  private async read(place: string, path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.folder, 'log', place, path));
    } catch {
      // Not there or not readable: whoever asked looks elsewhere, or says that there is none.
      return undefined;
    }
  }
}
