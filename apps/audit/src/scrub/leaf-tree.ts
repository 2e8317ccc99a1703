import { checkpointText, type GrowingTree } from '#tlog';
import type { Anchor } from './anchor-check.js';

const HASH_BYTES = 32;

/** An anchor with the text of the checkpoint that the leaves give at its size. */
export interface AnchoredText {
  readonly anchor: Anchor;
  readonly text: string;
}

export interface GrownTile {
  /** Of the tile, if it is full. */
  readonly root: Buffer | undefined;
  readonly anchored: readonly AnchoredText[];
}

/**
 * The tree of the leaves as a pass reads them, in order: the root at each size that somebody has anchored falls out of its
 * right edge on the way, so that what a pass costs does not grow with the product of leaves and anchors.
 */
export class LeafTree {
  constructor(
    private readonly origin: string,
    /** Moved by `grow`. */
    private tree: GrowingTree,
  ) {}

  /**
   * The next leaves, at most to the end of the tile in which the tree ends now. `anchors` are those of the sizes on the way,
   * in order of size; of size 0 with the first leaves.
   */
  grow(hashes: Buffer, anchors: readonly Anchor[]): GrownTile {
    const from = this.tree.size;
    let root: Buffer | undefined;
    const growTo = (size: number) => {
      const row = leavesOf(hashes, this.tree.size - from, size - from);
      const extension = this.tree.extend(row);
      root ??= extension.fullTiles[0]?.root;
      this.tree = extension.next;
    };
    let text = this.text();
    const anchored = anchors.map((anchor) => {
      if (anchor.size !== this.tree.size) {
        growTo(anchor.size);
        text = this.text();
      }
      return { anchor, text };
    });
    growTo(from + hashes.length / HASH_BYTES);
    return { root, anchored };
  }

  private text(): string {
    return checkpointText(this.origin, this.tree.size, this.tree.root());
  }
}

function leavesOf(hashes: Buffer, from: number, to: number): Buffer[] {
  return Array.from({ length: to - from }, (_, at) =>
    hashes.subarray((from + at) * HASH_BYTES, (from + at + 1) * HASH_BYTES),
  );
}
