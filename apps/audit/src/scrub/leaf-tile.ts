import { leafHash, TILE_WIDTH } from '#tlog';
import type { Finding, ScrubProblem } from './finding.js';
import type { KeyOwners } from './key-owners.js';
import { agrees, readStatement, type HeaderCache } from './leaf-columns.js';

const HASH_BYTES = 32;
const XID_BYTES = 16;
const NO_RECORD = -1;

/** The stored rows of up to 256 leaves that one tile of level 0 covers, each column packed in order of index. */
export interface LeafTile {
  readonly tile: number;
  readonly indices: readonly number[];
  readonly xids: Buffer;
  readonly slots: readonly string[];
  readonly signers: readonly string[];
  readonly hashes: Buffer;
  readonly bodies: Buffer;
  /** Length of each body. */
  readonly lengths: readonly number[];
  readonly offsets: readonly number[];
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
export function checkLeafTile(rows: LeafTile, width: number, root: Buffer, trail: LeafTrail): CheckedTile {
  const findings: Finding[] = [];
  const manifests = new Map<number, string>();
  const found = (problem: ScrubProblem, place: string | number) => findings.push({ problem, place: String(place) });
  const first = rows.tile * TILE_WIDTH;
  if (!isWhole(rows, width)) found('leaf-missing', `${first}+${width}`);
  let start = 0;
  for (const [at, index] of rows.indices.entries()) {
    const end = start + (rows.lengths[at] ?? 0);
    const body = rows.bodies.subarray(start, end);
    start = end;
    const hash = rows.hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
    if (!leafHash(body).equals(hash)) found('leaf-hash', index);
    const statement = readStatement(body, trail.headers);
    if (statement === undefined) found('leaf-statement', index);
    else if (!agrees(columnsAt(rows, at), statement, trail.owners)) found('leaf-columns', index);
    if (statement?.payload.t === 'registry.manifest') manifests.set(index, body.toString('latin1'));
    if (!follows(rows.offsets[at], trail, index, statement?.payload.t)) found('offset-order', index);
  }
  if (width === TILE_WIDTH) findings.push(...checkTile(`0/${rows.tile}`, rows.hashes, root, rows.stored));
  return { findings, manifests };
}

/** Moves the trail on. Leaves at the border of a window come from no record (`audit-log.md` §3.7). */
function follows(offset = NO_RECORD, trail: LeafTrail, index: number, type: string | undefined): boolean {
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

/** Every index once, in order, and of every column as much as there are rows. */
export function isWhole(rows: LeafTile, width: number): boolean {
  const first = rows.tile * TILE_WIDTH;
  const { indices, xids, slots, signers, hashes, bodies, lengths, offsets } = rows;
  return (
    indices.length === width &&
    indices.every((index, at) => index === first + at) &&
    hashes.length === width * HASH_BYTES &&
    xids.length === width * XID_BYTES &&
    [slots, signers, lengths, offsets].every((column) => column.length === width) &&
    bodies.length === lengths.reduce((sum, length) => sum + length, 0)
  );
}

function columnsAt({ xids, slots, signers }: LeafTile, at: number) {
  return {
    xid: xids.subarray(at * XID_BYTES, (at + 1) * XID_BYTES),
    slot: slots[at] ?? '',
    signer: signers[at] ?? '',
  };
}
