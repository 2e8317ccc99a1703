import { describe, expect, it } from '@jest/globals';
import { checkpointText, GrowingTree, leafHash } from '#tlog';
import { LeafTree } from './leaf-tree.js';

const ORIGIN = 'audit.test.example/TEST/0/2026h2';
const HASHES = Array.from({ length: 700 }, (_, n) => leafHash(Buffer.from(`leaf-${n}`)));
const textAt = (size: number) =>
  checkpointText(ORIGIN, size, GrowingTree.empty().extend(HASHES.slice(0, size)).next.root());
const anchorOf = (size: number) => ({ size, kind: 'note', source: 'x', data: Buffer.alloc(0) });

describe('the tree of the leaves that are read', () => {
  it('gives the checkpoint of every size on the way, however the leaves come', () => {
    const tree = new LeafTree(ORIGIN, GrowingTree.empty());
    const texts: string[] = [];
    const roots: string[] = [];
    // To the end of a tile at most; some in portions that end with an anchor, as they are read.
    for (const [from, to, sizes] of [
      [0, 0, [0]],
      [0, 100, [1, 1, 2, 99, 100]],
      [100, 100, [100]],
      [100, 256, [128, 255, 256]],
      [256, 512, []],
      [512, 700, [513, 699, 700]],
    ] as const) {
      const grown = tree.grow(Buffer.concat(HASHES.slice(from, to)), sizes.map(anchorOf));
      for (const { anchor, text } of grown.anchored) texts.push(`${anchor.size} ${text === textAt(anchor.size)}`);
      if (grown.root !== undefined) roots.push(grown.root.toString('hex'));
    }
    const sizes = [0, 1, 1, 2, 99, 100, 100, 128, 255, 256, 513, 699, 700];
    expect(texts).toEqual(sizes.map((size) => `${size} true`));
    const tiles = GrowingTree.empty()
      .extend(HASHES)
      .fullTiles.filter(({ level }) => level === 0);
    expect(roots).toEqual(tiles.map(({ root }) => root.toString('hex')));
  });
});
