/** Paths of C2SP tlog-tiles below a log's URL prefix (`audit-log.md` §2.3). */

/** Entries in a full tile or bundle. */
export const TILE_WIDTH = 256;
const HIGHEST_LEVEL = 63;

export interface TileAddress {
  /** `entries` for a bundle of leaves, else the level of a hash tile. */
  readonly level: number | 'entries';
  readonly index: number;
  /** 256 for a full tile. */
  readonly width: number;
}

/** `tile/<L>/<N>` or `tile/entries/<N>`, with `.p/<W>` where the tile is partial. */
export function tilePath({ level, index, width }: TileAddress): string {
  return `tile/${level}/${encodeIndex(index)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** The address that a path names, or undefined for anything that `tilePath` would not have written. */
export function parseTilePath(path: string): TileAddress | undefined {
  const match = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/u.exec(path);
  if (match === null) return undefined;
  const [, name = '', number = '', digits] = match;
  const level = name === 'entries' ? 'entries' : Number(name);
  const address: TileAddress = { level, index: Number(number.replaceAll(/[x/]/gu, '')), width: widthOf(digits) };
  if (!Number.isSafeInteger(address.index) || address.width < 1) return undefined;
  if (level !== 'entries' && level > HIGHEST_LEVEL) return undefined;
  // One spelling per tile: leading zeros, superfluous groups and a width of 256 name nothing.
  return tilePath(address) === path ? address : undefined;
}

function widthOf(digits: string | undefined): number {
  if (digits === undefined) return TILE_WIDTH;
  return Number(digits) < TILE_WIDTH ? Number(digits) : 0;
}

/** Width of the partial tile at the right edge of that level: `floor(size / 256^level) mod 256`; 0 = none. */
export function partialWidth(size: number, level: number): number {
  return fullEntries(size, level) % TILE_WIDTH;
}

/** Entries that a level holds in a tree of that size; only full tiles are hashed upward. */
export function fullEntries(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** Entries of one tile that exist in a tree of that size: 0 … 256. */
export function tileWidth(size: number, level: number | 'entries', index: number): number {
  const entries = fullEntries(size, level === 'entries' ? 0 : level);
  return Math.max(0, Math.min(TILE_WIDTH, entries - index * TILE_WIDTH));
}

function encodeIndex(index: number): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return groups.join('/');
}
