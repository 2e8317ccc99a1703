import { EMPTY_ROOT, nodeHash } from './hashing.js';

/** A perfect subtree: 2^height leaves. */
export interface Subtree {
  readonly height: number;
  readonly hash: Buffer;
}

/**
 * The perfect subtrees of a tree from left to right, each higher than the next: all that its root depends on
 * (RFC 6962 §2.1). Subtrees are pushed in the order of their leaves.
 */
export class Frontier {
  private readonly stack: Subtree[];

  constructor(subtrees: readonly Subtree[] = []) {
    this.stack = [...subtrees];
  }

  push(height: number, hash: Buffer): void {
    let subtree: Subtree = { height, hash };
    for (let left = this.stack.at(-1); left?.height === subtree.height; left = this.stack.at(-1)) {
      this.stack.pop();
      subtree = { height: left.height + 1, hash: nodeHash(left.hash, subtree.hash) };
    }
    this.stack.push(subtree);
  }

  copy(): Frontier {
    return new Frontier(this.stack);
  }

  root(): Buffer {
    if (this.stack.length === 0) return EMPTY_ROOT;
    return this.stack.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right));
  }
}
