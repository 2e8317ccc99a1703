import { decodeLeaf, type Leaf } from './leaf.js';

/** A head that the log showed: everything that it ever says later must agree with it. */
export interface Head {
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

export interface LogCopy {
  readonly head: Head;
  readonly leaves: readonly Leaf[];
  /** Hash tiles of level 0, one hash per leaf, base64url: what the log itself says that its leaves hash to. */
  readonly tileHashes: readonly string[];
}

const TILE = 256;
const HASH_BYTES = 32;

/** An outsider with HTTP and the log's public address: reads what C2SP tlog-tiles has there, and nothing else. */
export class LogReader {
  /** Full bundles and tiles never change; by path. */
  private readonly full = new Map<string, Buffer>();

  constructor(private readonly prefix: string) {}

  static async find(auditUrl: string): Promise<LogReader> {
    const response = await fetch(`${auditUrl}/.well-known/audit-logs.json`, { signal: AbortSignal.timeout(5_000) });
    const { logs } = (await response.json()) as { logs: { url: string }[] };
    return new LogReader(logs[0]?.url ?? '');
  }

  /** The newest head that is shown now; undefined if the log cannot be reached. */
  async head(): Promise<Head | undefined> {
    const note = await this.fetch('checkpoint');
    const [, size, root] = note?.toString('utf8').split('\n') ?? [];
    return size === undefined || root === undefined ? undefined : { size: Number(size), root };
  }

  /** The whole log up to its newest head; undefined if any of it cannot be had now. */
  async copy(): Promise<LogCopy | undefined> {
    const head = await this.head();
    if (head === undefined) return undefined;
    const leaves: Leaf[] = [];
    const tileHashes: string[] = [];
    for (let first = 0; first < head.size; first += TILE) {
      const width = Math.min(TILE, head.size - first);
      const [bundle, tile] = await Promise.all([this.part('entries', first, width), this.part('0', first, width)]);
      if (bundle === undefined || tile === undefined) return undefined;
      for (const [offset, body] of entriesOf(bundle).entries()) leaves.push(decodeLeaf(first + offset, body));
      for (let at = 0; at < tile.length; at += HASH_BYTES)
        tileHashes.push(tile.subarray(at, at + HASH_BYTES).toString('base64url'));
    }
    return { head, leaves, tileHashes };
  }

  private async part(kind: string, first: number, width: number): Promise<Buffer | undefined> {
    const path = `tile/${kind}/${tileName(first / TILE)}${width === TILE ? '' : `.p/${width}`}`;
    const known = this.full.get(path);
    if (known !== undefined) return known;
    const bytes = await this.fetch(path);
    if (bytes !== undefined && width === TILE) this.full.set(path, bytes);
    return bytes;
  }

  private async fetch(path: string): Promise<Buffer | undefined> {
    try {
      const response = await fetch(`${this.prefix}${path}`, { signal: AbortSignal.timeout(5_000) });
      const bytes = Buffer.from(await response.arrayBuffer());
      return response.status === 200 ? bytes : undefined;
    } catch {
      // Killed, or starting: the caller asks again.
      return undefined;
    }
  }
}

/** Groups of three digits, all but the last marked with an x. */
function tileName(number: number): string {
  const digits = String(number);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  return groups.map((group, index) => (index < groups.length - 1 ? `x${group}` : group)).join('/');
}

/** A bundle is its entries, each behind its length as two bytes. */
function entriesOf(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length;) {
    const end = at + 2 + bundle.readUInt16BE(at);
    entries.push(bundle.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
