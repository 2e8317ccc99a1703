/** A leaf's place: the origin of its log, and its index there. */
export interface LogPlace {
  readonly log: string;
  readonly index: number;
}

const WINDOW = /^(.+)\/(\d{4})h([12])(?:-(\d{1,4}))?$/u;

/**
 * Whether one leaf stood in the log before another (`audit-log.md` §3.7): at a smaller index of the same window, or in an
 * earlier window of the same shard. Of two shards nobody can tell; then it did not.
 */
export function standsBefore(one: LogPlace, other: LogPlace): boolean {
  if (one.log === other.log) return one.index < other.index;
  const [earlier, later] = [windowOf(one.log), windowOf(other.log)];
  if (earlier === undefined || later === undefined || earlier.shard !== later.shard) return false;
  return earlier.half < later.half || (earlier.half === later.half && earlier.part < later.part);
}

function windowOf(origin: string) {
  const [, shard, year, half, part = '1'] = WINDOW.exec(origin) ?? [];
  if (shard === undefined) return undefined;
  return { shard, half: Number(year) * 2 + Number(half), part: Number(part) };
}
