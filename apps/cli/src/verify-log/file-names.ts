/** Names of a log's files (C2SP tlog-tiles, `audit-log.md` §2.3), spelled here independently of what serves them. */

export const TILE_WIDTH = 256;

/** Hashes of a level, or `entries` for the leaves themselves. */
export type TileKind = number | 'entries';

export interface TileName {
  readonly kind: TileKind;
  readonly index: number;
  /** 256 for a full one. */
  readonly width: number;
}

export function fileName({ kind, index, width }: TileName): string {
  let digits = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    digits = `x${String(rest % 1000).padStart(3, '0')}/${digits}`;
  return `tile/${kind}/${digits}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** What a path names; undefined for any that `fileName` would not have written. */
export function parseFileName(path: string): TileName | undefined {
  const [, kind, digits, width] =
    /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/u.exec(path) ?? [];
  if (kind === undefined || digits === undefined) return undefined;
  const name: TileName = {
    kind: kind === 'entries' ? kind : Number(kind),
    index: Number(digits.replaceAll(/[x/]/gu, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  return Number.isSafeInteger(name.index) && fileName(name) === path ? name : undefined;
}

/** Entries of a level in a tree of that size: only full tiles are hashed upward. */
export function entriesAt(size: number, kind: TileKind): number {
  return kind === 'entries' ? size : Math.floor(size / TILE_WIDTH ** kind);
}

/** Entries of one tile in a tree of that size: 0 … 256. */
export function widthAt(size: number, kind: TileKind, index: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, entriesAt(size, kind) - index * TILE_WIDTH));
}

/** Levels of hash tiles that a tree of that size has. */
export function levelsOf(size: number): number {
  let levels = 0;
  while (entriesAt(size, levels) > 0) levels += 1;
  return levels;
}
