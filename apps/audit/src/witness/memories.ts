import { ok, refuse, type Result } from '#kernel';

/** A size and root of this log that somebody else holds, signed by the log's key. */
export interface Remembered {
  /** `checkpoint-topic`, `export`, or the key name of a witness. */
  readonly source: string;
  readonly size: number;
  readonly root: Buffer;
}

export interface Contradiction {
  readonly problem: 'behind' | 'forked';
  readonly source: string;
  readonly size: number;
}

/** Root of our tree at that size; undefined where the tables cannot give it. */
export type RootAt = (size: number) => Promise<Buffer | undefined>;

/**
 * Whether the log contains everything that others remember of it (`audit-log.md` §3.4): it is not behind any of them, and
 * was the same tree at every remembered size. The first contradiction is told; being behind before being another one,
 * because a rolled-back log is usually both.
 */
export async function checkMemories(
  size: number,
  memories: readonly Remembered[],
  rootAt: RootAt,
): Promise<Result<undefined, Contradiction>> {
  const ahead = memories.find((memory) => memory.size > size);
  if (ahead !== undefined) return refuse({ problem: 'behind', source: ahead.source, size: ahead.size });
  for (const memory of memories) {
    const root = await rootAt(memory.size);
    if (root?.equals(memory.root) !== true)
      return refuse({ problem: 'forked', source: memory.source, size: memory.size });
  }
  return ok(undefined);
}
