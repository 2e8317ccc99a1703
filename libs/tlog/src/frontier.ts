import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hashing.js';

interface Peak {
  readonly height: number;
  readonly hash: Buffer;
}

const PEAK_BYTES = 1 + HASH_BYTES;

/**
 * The perfect subtrees of a tree, highest first (`audit-log.md` §2.2): all that whoever reads a log leaf by leaf has to
 * remember to know its root. Immutable, so that a batch which does not end leaves it as it was.
 */
export class Frontier {
  private constructor(
    readonly size: number,
    private readonly peaks: readonly Peak[],
  ) {}

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /** As `bytes` wrote it, or undefined: their heights must be those of a tree of that size. */
  static parse(size: number, bytes: Uint8Array): Frontier | undefined {
    if (!Number.isSafeInteger(size) || size < 0 || bytes.length % PEAK_BYTES !== 0) return undefined;
    const peaks: Peak[] = [];
    let covered = 0;
    for (let at = 0; at < bytes.length; at += PEAK_BYTES) {
      const height = bytes[at] ?? 0;
      const isLower = peaks.length === 0 || height < (peaks.at(-1)?.height ?? 0);
      if (!isLower || height > 52) return undefined;
      peaks.push({ height, hash: Buffer.from(bytes.subarray(at + 1, at + PEAK_BYTES)) });
      covered += 2 ** height;
    }
    return covered === size ? new Frontier(size, peaks) : undefined;
  }

  /** `height(1) ‖ hash(32)` of each, highest first. */
  bytes(): Buffer {
    return Buffer.concat(this.peaks.flatMap(({ height, hash }) => [Buffer.from([height]), hash]));
  }

  /** The tree with these leaf hashes appended. */
  extend(leafHashes: readonly Uint8Array[]): Frontier {
    const peaks = [...this.peaks];
    for (const leafHash of leafHashes) {
      let arriving: Peak = { height: 0, hash: Buffer.from(leafHash) };
      for (let top = peaks.at(-1); top?.height === arriving.height; top = peaks.at(-1)) {
        peaks.pop();
        arriving = { height: arriving.height + 1, hash: nodeHash(top.hash, arriving.hash) };
      }
      peaks.push(arriving);
    }
    return new Frontier(this.size + leafHashes.length, peaks);
  }

  root(): Buffer {
    const [last, ...higher] = this.peaks.toReversed();
    if (last === undefined) return EMPTY_ROOT;
    return higher.reduce((right, left) => nodeHash(left.hash, right), last.hash);
  }
}
