import { createHash } from 'node:crypto';

/** RFC 6962 §2.1, written a second time: what judges a log must not be what made it. */
export function leafHash(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(bytes).digest();
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}

/** The roots of a log's first `size` leaves for each of the sizes, base64; a size beyond its end has none. */
export function rootsAt(hashes: readonly Buffer[], sizes: readonly number[]): ReadonlyMap<number, string> {
  const wanted = new Set(sizes);
  const roots = new Map<number, string>();
  /** Perfect subtrees from left to right, each half or less as high as the one before. */
  const frontier: { height: number; hash: Buffer }[] = [];
  const note = (size: number) => {
    if (wanted.has(size)) roots.set(size, rootOf(frontier.map(({ hash }) => hash)));
  };
  note(0);
  for (const [index, leaf] of hashes.entries()) {
    let top = { height: 0, hash: leaf };
    for (let last = frontier.at(-1); last?.height === top.height; last = frontier.at(-1)) {
      top = { height: top.height + 1, hash: nodeHash(last.hash, top.hash) };
      frontier.pop();
    }
    frontier.push(top);
    note(index + 1);
  }
  return roots;
}

function rootOf(frontier: readonly Buffer[]): string {
  if (frontier.length === 0) return createHash('sha256').digest('base64');
  return frontier.reduceRight((right, left) => nodeHash(left, right)).toString('base64');
}
