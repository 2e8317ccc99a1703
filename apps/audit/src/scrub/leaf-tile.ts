import { leafHash, TILE_WIDTH } from '#tlog';
import type { Finding, ScrubProblem } from './finding.js';
import type { KeyOwners } from './key-owners.js';
import { agrees, readStatement, type HeaderCache, type LeafColumns } from './leaf-columns.js';

const HASH_BYTES = 32;
const XID_BYTES = 16;
const NO_RECORD = -1;

export interface LeafRow extends LeafColumns {
  readonly index: number;
  readonly hash: Buffer;
  readonly body: Buffer;
  readonly offset: number;
}

/** The stored leaves that one tile of level 0 covers, in order of index. */
export interface LeafTile {
  readonly tile: number;
  readonly rows: readonly LeafRow[];
  /** Those of the rows, one after another. */
  readonly hashes: Buffer;
  /** As `log_tile` holds it; undefined: it holds none. */
  readonly stored: StoredTile | undefined;
}

export interface StoredTile {
  readonly root: Buffer;
  readonly data: Buffer;
}

/** What the check of one tile hands to that of the next. */
export interface LeafTrail {
  readonly owners: KeyOwners;
  readonly headers: HeaderCache;
  /** Offset of the last leaf before; -1 at the beginning. Moved by `checkLeafTile`. */
  lastOffset: number;
}

export interface CheckedTile {
  readonly findings: readonly Finding[];
  /** Leaves that are manifests, with the statement. */
  readonly manifests: ReadonlyMap<number, string>;
}

/**
 * Compares the rows with each other, with their own bytes and with the tile above them. `width` is what the head promises,
 * `root` what the leaf hashes give if the tile is full.
 */
export function checkLeafTile(leaves: LeafTile, width: number, root: Buffer, trail: LeafTrail): CheckedTile {
  const findings: Finding[] = [];
  const manifests = new Map<number, string>();
  const found = (problem: ScrubProblem, place: string | number) => findings.push({ problem, place: String(place) });
  if (!isWhole(leaves, width)) found('leaf-missing', `${leaves.tile * TILE_WIDTH}+${width}`);
  for (const row of leaves.rows) {
    const { index, body } = row;
    if (!leafHash(body).equals(row.hash)) found('leaf-hash', index);
    const statement = readStatement(body, trail.headers);
    if (statement === undefined) found('leaf-statement', index);
    else if (!agrees(row, statement, trail.owners)) found('leaf-columns', index);
    if (statement?.payload.t === 'registry.manifest') manifests.set(index, body.toString('latin1'));
    if (!follows(row.offset, trail, index, statement?.payload.t)) found('offset-order', index);
  }
  if (width === TILE_WIDTH) findings.push(...checkTile(`0/${leaves.tile}`, leaves.hashes, root, leaves.stored));
  return { findings, manifests };
}

/** Moves the trail on. Leaves at the border of a window come from no record (`audit-log.md` §3.7). */
function follows(offset: number, trail: LeafTrail, index: number, type: string | undefined): boolean {
  if (offset === NO_RECORD && isOfBorder(index, type)) return true;
  const before = trail.lastOffset;
  trail.lastOffset = offset;
  return offset > before;
}

/** The last leaf of a window, the first of the next, and the manifest behind that, which goes on. */
function isOfBorder(index: number, type: string | undefined): boolean {
  return type === 'log.closed' || type === 'log.opened' || (index === 1 && type === 'registry.manifest');
}

/**
 * A full tile against the hashes that it covers: `below` are leaf hashes, or roots of the tiles one level down, and `root`
 * is theirs.
 */
export function checkTile(place: string, below: Buffer, root: Buffer, stored: StoredTile | undefined): Finding[] {
  if (stored === undefined) return [{ problem: 'tile-missing', place }];
  const findings: Finding[] = [];
  if (!stored.data.equals(below)) findings.push({ problem: 'tile-data', place });
  if (!root.equals(stored.root)) findings.push({ problem: 'tile-root', place });
  return findings;
}

/** Every index once, in order, each with values of the length that they have. */
export function isWhole({ tile, rows }: LeafTile, width: number): boolean {
  const first = tile * TILE_WIDTH;
  return (
    rows.length === width &&
    rows.every(
      ({ index, hash, xid }, at) => index === first + at && hash.length === HASH_BYTES && xid.length === XID_BYTES,
    )
  );
}
