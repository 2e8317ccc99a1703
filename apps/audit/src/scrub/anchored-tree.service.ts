import { edgeWidths, GrowingTree, TILE_WIDTH } from '#tlog';
import type { Anchor, AnchorCheck } from './anchor-check.js';
import type { AnchorReader } from './anchor-reader.service.js';
import type { Finding } from './finding.js';
import type { AnchoredText, LeafTree } from './leaf-tree.js';

const HASH_BYTES = 32;

export interface AnchoredTreeOptions {
  readonly tree: LeafTree;
  readonly anchors: AnchorReader;
  readonly checks: readonly AnchorCheck[];
  readonly found: (finding: Finding) => Promise<void>;
}

/** Compares the tree of the leaves, as a pass reads them, with all that was said of it on the way. */
export class AnchoredTree {
  /** Undefined from where the leaves are not what was signed: no later tree can be had, and that was told. */
  private tree: LeafTree | undefined;

  constructor(private readonly options: AnchoredTreeOptions) {
    this.tree = options.tree;
  }

  /**
   * Grows by these leaves, which end at `size`; undefined: some are missing. Returns the root of the tile that they fill,
   * if it can be had.
   */
  async grow(hashes: Buffer | undefined, size: number): Promise<Buffer | undefined> {
    if (hashes === undefined) this.tree = undefined;
    let left = hashes ?? Buffer.alloc(0);
    for (let root: Buffer | undefined; ;) {
      const anchors = await this.options.anchors.next(size);
      const last = anchors.at(-1)?.size ?? size;
      const bytes = Math.max(0, left.length - (size - last) * HASH_BYTES);
      root = (await this.growPast(left.subarray(0, bytes), anchors)) ?? root;
      left = left.subarray(bytes);
      if (anchors.length === 0) return root;
    }
  }

  private async growPast(hashes: Buffer, anchors: readonly Anchor[]): Promise<Buffer | undefined> {
    const grown = this.tree?.grow(hashes, anchors);
    for (const anchored of grown?.anchored ?? []) await this.judge(anchored);
    return grown?.root;
  }

  private async judge({ anchor, text }: AnchoredText): Promise<void> {
    const check = this.options.checks.find(({ kind }) => kind === anchor.kind);
    const verdict = this.tree === undefined ? undefined : await check?.judge(anchor, text);
    if (verdict === undefined || verdict === 'good') return;
    if (verdict === 'untrusted') return this.options.found({ problem: 'anchor-untrusted', place: anchor.kind });
    await this.options.found({ problem: 'anchor', place: `${anchor.kind} ${anchor.size}` });
    // Nor will what was said later fit these leaves: to be told once.
    if (verdict === 'other-tree') this.tree = undefined;
  }
}

/** The tree of so many leaves from the roots of the tiles left of it; undefined if those do not stand. */
export async function storedTree(
  size: number,
  tileRoots: (level: number, first: number, count: number) => Promise<Buffer>,
): Promise<GrowingTree | undefined> {
  const levels: Buffer[][] = [];
  for (const [level, width] of edgeWidths(size).entries()) {
    const first = Math.floor(size / TILE_WIDTH ** (level + 1)) * TILE_WIDTH;
    const roots = level === 0 ? Buffer.alloc(0) : await tileRoots(level - 1, first, width);
    const count = roots.length / HASH_BYTES;
    levels.push(Array.from({ length: count }, (_, at) => roots.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)));
  }
  const edge = GrowingTree.fromEdge(size, levels);
  return edge.ok ? edge.value : undefined;
}
