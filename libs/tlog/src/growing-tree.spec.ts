import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256, toHex } from '#kernel';
import { EMPTY_ROOT, leafHash, nodeHash } from './hashing.js';
import { edgeWidths, GrowingTree, type FullTile } from './growing-tree.js';
import { partialWidth } from './tile-path.js';
import { verifyInclusion } from './verify-inclusion.js';

const hashes = Array.from({ length: 70_000 }, (_, index) => leafHash(Buffer.from(`leaf-${index}`)));

/** The definition of RFC 6962 §2.1, as slow as it is plain. */
function mth(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return EMPTY_ROOT;
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(mth(leaves.slice(0, split)), mth(leaves.slice(split)));
}

function grow(sizes: readonly number[]): { tree: GrowingTree; tiles: FullTile[] } {
  let tree = GrowingTree.empty();
  const tiles: FullTile[] = [];
  for (const size of sizes) {
    const extension = tree.extend(hashes.slice(tree.size, size));
    tiles.push(...extension.fullTiles);
    tree = extension.next;
  }
  return { tree, tiles };
}

function tileTexts(tiles: readonly FullTile[]): string[] {
  return tiles.map((tile) => `${tile.level}/${tile.index} ${toHex(tile.root)} ${toHex(sha256(tile.data))}`).sort();
}

/** Stored edge of the first `size` leaves, made from the definition and not from the tree under test. */
function edgeOf(size: number): Buffer[][] {
  return edgeWidths(size).map((width, level) => {
    const span = 256 ** level;
    const first = Math.floor(size / span) - width;
    return Array.from({ length: width }, (_, at) => mth(hashes.slice((first + at) * span, (first + at + 1) * span)));
  });
}

describe('GrowingTree', () => {
  it('has the root of the definition at every size up to 300, leaf by leaf', () => {
    let tree = GrowingTree.empty();
    expect(tree.root()).toEqual(EMPTY_ROOT);
    for (let size = 1; size <= 300; size += 1) {
      tree = tree.extend([hashes[size - 1] as Buffer]).next;
      expect(tree.root()).toEqual(mth(hashes.slice(0, size)));
    }
  });

  it('gives the same tree, tiles and frontier however the leaves are cut into batches', () => {
    const whole = grow([70_000]);
    const cut = grow([1, 2, 255, 256, 257, 600, 4_000, 65_535, 65_536, 65_537, 69_999, 70_000]);
    expect(whole.tree.root().toString('hex')).toBe('881c2f4c7c3b60c864d574aab91746a167220c520a2f833d86eee6dfefb9accb');
    expect(cut.tree.root()).toEqual(whole.tree.root());
    expect(cut.tree.frontier()).toEqual(whole.tree.frontier());
    expect(tileTexts(cut.tiles)).toEqual(tileTexts(whole.tiles));
    expect(whole.tiles.filter((tile) => tile.level === 0)).toHaveLength(273);
    expect(whole.tiles.filter((tile) => tile.level === 1)).toHaveLength(1);
  });

  it('fills tiles with the entries of their level and roots that are the entries above', () => {
    const { tiles } = grow([300, 70_000]);
    const bottom = tiles.filter((tile) => tile.level === 0).sort((a, b) => a.index - b.index);
    expect(bottom.map((tile) => tile.index)).toEqual(Array.from({ length: 273 }, (_, index) => index));
    for (const tile of bottom) {
      const leaves = hashes.slice(tile.index * 256, tile.index * 256 + 256);
      expect(tile.data.equals(Buffer.concat(leaves))).toBe(true);
      expect(tile.root).toEqual(mth(leaves));
    }
    const top = tiles.find((tile) => tile.level === 1);
    expect(top?.data).toEqual(Buffer.concat(bottom.slice(0, 256).map((tile) => tile.root)));
    expect(top?.root).toEqual(mth(hashes.slice(0, 65_536)));
  });

  it('is restored from its stored edge and goes on as if it had never stopped', () => {
    for (const size of [0, 1, 255, 256, 257, 600, 65_535, 65_792]) {
      const restored = GrowingTree.fromEdge(size, edgeOf(size));
      if (!restored.ok) throw new TypeError(`edge of ${size} refused`);
      const grown = size > 65_535 ? grow([65_535, size]).tree : grow([size]).tree;
      expect(restored.value.root()).toEqual(grown.root());
      expect(restored.value.frontier()).toEqual(grown.frontier());
      const more = hashes.slice(size, size + 700);
      const next = restored.value.extend(more);
      expect(next.root).toEqual(grown.extend(more).root);
      expect(tileTexts(next.fullTiles)).toEqual(tileTexts(grown.extend(more).fullTiles));
    }
  });

  it('refuses an edge of other widths than the size says, or with a hash of another length', () => {
    const edge = edgeOf(600);
    expect(GrowingTree.fromEdge(600, edge).ok).toBe(true);
    expect(GrowingTree.fromEdge(601, edge).ok).toBe(false);
    expect(GrowingTree.fromEdge(600, edge.slice(0, 1)).ok).toBe(false);
    expect(GrowingTree.fromEdge(600, [...edge, []]).ok).toBe(false);
    expect(GrowingTree.fromEdge(600, [edge[0] ?? [], [Buffer.alloc(31), Buffer.alloc(32)]]).ok).toBe(false);
  });

  it('lists the frontier as height and hash, highest first', () => {
    const { tree } = grow([7]);
    const part = (from: number, to: number): Buffer => mth(hashes.slice(from, to));
    const expected = [Buffer.from([2]), part(0, 4), Buffer.from([1]), part(4, 6), Buffer.from([0]), part(6, 7)];
    expect(tree.frontier()).toEqual(Buffer.concat(expected));
    expect(GrowingTree.empty().frontier()).toHaveLength(0);
  });

  it('proves every leaf of a batch and does not change when extended', () => {
    const sizes = fc.tuple(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 1, max: 700 }));
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 699 }), ([size, count], pick) => {
        const { tree } = grow([size]);
        const before = tree.frontier();
        const extension = tree.extend(hashes.slice(size, size + count));
        const index = size + (pick % count);
        const path = extension.path(index);
        expect(verifyInclusion(hashes[index] as Buffer, index, size + count, path, extension.root)).toBe(true);
        expect(tree.frontier()).toEqual(before);
        expect(tree.size).toBe(size);
      }),
      { numRuns: 40 },
    );
  });

  it('stays exact above 2^31 leaves, where 32-bit arithmetic would break', () => {
    const size = 2 ** 33 + 2 ** 31 + 255;
    const some = (level: number, at: number): Buffer => leafHash(Buffer.from(`${level}/${at}`));
    const levels = edgeWidths(size).map((width, level) => Array.from({ length: width }, (_, at) => some(level, at)));
    expect(levels.map((level) => level.length)).toEqual([255, 0, 0, 128, 2]);
    const restored = GrowingTree.fromEdge(size, levels);
    if (!restored.ok) throw new TypeError('edge refused');
    const extension = restored.value.extend([some(9, 0), some(9, 1)]);
    expect(extension.size).toBe(size + 2);
    expect(partialWidth(extension.size, 0)).toBe(1);
    for (const [at, index] of [size, size + 1].entries()) {
      expect(verifyInclusion(some(9, at), index, size + 2, extension.path(index), extension.root)).toBe(true);
    }
    expect(extension.fullTiles.map(({ level, index }) => ({ level, index }))).toEqual([
      { level: 0, index: (size + 1) / 256 - 1 },
    ]);
  });
});
