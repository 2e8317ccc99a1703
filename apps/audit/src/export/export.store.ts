import type { Database } from '#postgres';
import { edgeWidths } from '#tlog';
import { LogReaderStore, type StoredHead } from '../log-reader.store.js';

/** A registry snapshot that manifests of the log name, with the digest list that they sign. */
export interface NamedSnapshot {
  readonly number: number;
  readonly digests: string;
  /** Hex of the SHA-256 of its uncompressed bytes. */
  readonly digest: string;
  /** Compressed, as it was published. */
  readonly body: Buffer;
}

const HASH_BYTES = 32;

/** What the exporter reads of one log. All of it lies below a head that was read before, so it does not change. */
export class ExportStore {
  private readonly reader: LogReaderStore;

  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {
    this.reader = new LogReaderStore(database);
  }

  head(): Promise<StoredHead | undefined> {
    return this.reader.head(this.logId);
  }

  /** Bytes of the leaves `[from, to)`; fewer where rows are missing. */
  bodies(from: number, to: number): Promise<Buffer[]> {
    return from === to ? Promise.resolve([]) : this.reader.bodies(this.logId, from, to - from);
  }

  /** Hashes in the open tile of each level of the tree of that size. */
  async edge(size: number): Promise<Buffer[][]> {
    const levels: Buffer[][] = [];
    for (const [level, width] of edgeWidths(size).entries()) {
      const end = Math.floor(size / 256 ** level);
      const hashes =
        level === 0
          ? await this.reader.leafHashes(this.logId, end - width, width)
          : await this.reader.tileRoots(this.logId, level - 1, end - width, width);
      levels.push(
        Array.from({ length: hashes.length / HASH_BYTES }, (_, at) =>
          hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES),
        ),
      );
    }
    return levels;
  }

  /** Numbers of the snapshots that the manifests among the leaves `[from, to)` name. */
  async snapshotNumbers(from: number, to: number): Promise<number[]> {
    const rows = await this.database.query<{ number: string }>(
      'SELECT DISTINCT number FROM manifest WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY number',
      [this.logId, from, to],
    );
    return rows.map((row) => Number(row.number));
  }

  /** One number has one content in a log (`statements.md` §2). */
  async namedSnapshot(number: number): Promise<NamedSnapshot | undefined> {
    const [row] = await this.database.query<{ digests: string; digest: Buffer; body: Buffer }>(
      `SELECT m.digests, m.digest, s.body FROM manifest m JOIN snapshot s USING (digest)
        WHERE m.log_id = $1 AND m.number = $2 LIMIT 1`,
      [this.logId, number],
    );
    if (row === undefined) return undefined;
    return { number, digests: row.digests, digest: row.digest.toString('hex'), body: row.body };
  }
}
