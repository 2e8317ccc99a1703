import {
  consistencyPath,
  cosigner,
  ed25519Seed,
  GrowingTree,
  inclusionPath,
  leafHash,
  noteSigner,
  parseVkey,
  type NoteKey,
  type NoteSigner,
  type PathReason,
  type TileReader,
} from '#tlog';
import { sha256, type Result } from '#kernel';

/** The log of `audit-log.md` §2.9 (leaves `leaf-0`, `leaf-1`, …) and what the conformance specs need of it. */
export function leafHashes(from: number, to: number): Buffer[] {
  return Array.from({ length: to - from }, (_, at) => leafHash(Buffer.from(`leaf-${from + at}`)));
}

/** The tree of the first `size` leaves, in one batch. */
export function growingTo(size: number): GrowingTree {
  return GrowingTree.empty().extend(leafHashes(0, size)).next;
}

interface Paths {
  inclusion(index: number, size: number): Promise<Buffer[]>;
  consistency(from: number, to: number): Promise<Buffer[]>;
}

/** Proofs read from the tiles of the first `leaves` leaves, as an outside client would read them. */
export function pathsOf(leaves: number): Paths {
  const hashes = leafHashes(0, leaves);
  const tiles = GrowingTree.empty().extend(hashes).fullTiles;
  const readTile: TileReader = ({ level, index, width }) => {
    const entries = level === 0 ? hashes : tiles.filter((tile) => tile.level === level - 1).map((tile) => tile.root);
    return Promise.resolve(Buffer.concat(entries.slice(index * 256, index * 256 + width)));
  };
  return {
    inclusion: async (index, size) => expectOk(await inclusionPath(index, size, readTile)),
    consistency: async (from, to) => expectOk(await consistencyPath(from, to, readTile)),
  };
}

/** SHA-256 over every hash of every proof for n = 1 … 64, in the loop order of §2.9. */
export async function allPairsDigests(paths: Paths = pathsOf(64)): Promise<{ inclusion: string; consistency: string }> {
  const inclusion: Buffer[] = [];
  const consistency: Buffer[] = [];
  for (let size = 1; size <= 64; size += 1) {
    for (let index = 0; index < size; index += 1) inclusion.push(...(await paths.inclusion(index, size)));
    for (let from = 1; from <= size; from += 1) consistency.push(...(await paths.consistency(from, size)));
  }
  const digest = (hashes: readonly Buffer[]): string => sha256(Buffer.concat(hashes)).toString('hex');
  return { inclusion: digest(inclusion), consistency: digest(consistency) };
}

export function logSigner(name: string, seedHex: string): NoteSigner {
  const { publicKey, sign } = ed25519Seed(Buffer.from(seedHex, 'hex'));
  return noteSigner(name, publicKey, sign);
}

export function witnessSigner(name: string, seedHex: string, seconds: number): NoteSigner {
  const { publicKey, sign } = ed25519Seed(Buffer.from(seedHex, 'hex'));
  return cosigner(name, publicKey, sign, () => seconds);
}

export function noteKey(vkey: string): NoteKey {
  const parsed = parseVkey(vkey);
  if (!parsed.ok) throw new TypeError(`vkey refused: ${parsed.reason}`);
  return parsed.value;
}

function expectOk(result: Result<Buffer[], PathReason>): Buffer[] {
  if (!result.ok) throw new TypeError(`no proof: ${result.reason}`);
  return result.value;
}
