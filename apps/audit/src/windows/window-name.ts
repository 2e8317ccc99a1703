/** Half of a year in UTC, the time by which logs are cut into windows (`audit-log.md` §3.7). */
interface HalfYear {
  readonly year: number;
  readonly half: number;
}

interface LogName extends HalfYear {
  /** `<host>/<instance>/<shard>`. */
  readonly shard: string;
  /** 1 for `2026h2`; 2 for `2026h2-2`, a second window of the same half-year. */
  readonly part: number;
}

/** A part of 1 is not written. */
const ORIGIN = /^(.+)\/(\d{4})h([12])(?:-([2-9]|[1-9]\d{1,3}))?$/u;
const MAX_PART = 9_999;

/** Undefined for an origin whose last segment is no half-year: such a log cannot be rotated. */
function parseOrigin(origin: string): LogName | undefined {
  const [, shard, year, half, part = '1'] = ORIGIN.exec(origin) ?? [];
  if (shard === undefined) return undefined;
  return { shard, year: Number(year), half: Number(half), part: Number(part) };
}

function originOf({ shard, year, half, part }: LogName): string {
  return `${shard}/${String(year).padStart(4, '0')}h${half}${part === 1 ? '' : `-${part}`}`;
}

function halfYearOf(atMs: number): HalfYear {
  const date = new Date(atMs);
  return { year: date.getUTCFullYear(), half: date.getUTCMonth() < 6 ? 1 : 2 };
}

function isLater(a: HalfYear, b: HalfYear): boolean {
  return a.year > b.year || (a.year === b.year && a.half > b.half);
}

/** `<host>/<instance>/<shard>`: what all windows of a shard have in common; the origin itself if it names no window. */
export function shardOf(origin: string): string {
  return parseOrigin(origin)?.shard ?? origin;
}

/** `<shard>/<window>`: a log's place below `/log/`. */
export function placeOf(origin: string): string {
  return origin.split('/').slice(-2).join('/');
}

/** The last segment of an origin. */
export function windowOf(origin: string): string {
  return origin.slice(origin.lastIndexOf('/') + 1);
}

/**
 * The origin of the window that follows this one if it is closed at that time: the half-year of the time, or the next
 * part of the same half-year. A clock that is behind never makes an older window. Undefined if there can be none.
 */
export function successorOrigin(origin: string, atMs: number): string | undefined {
  const name = parseOrigin(origin);
  if (name === undefined) return undefined;
  const now = halfYearOf(atMs);
  if (isLater(now, name)) return originOf({ ...name, ...now, part: 1 });
  return name.part < MAX_PART ? originOf({ ...name, part: name.part + 1 }) : undefined;
}

export type RotationCause = 'half-year' | 'size' | 'operator';

/** What would end a window now: its half-year is over, it has as many leaves as it may, or the operator asked. */
export function rotationCause(
  log: { readonly origin: string; readonly size: number },
  now: { readonly atMs: number; readonly maxLeaves: number; readonly isAsked: boolean },
): RotationCause | undefined {
  const name = parseOrigin(log.origin);
  if (name === undefined) return undefined;
  if (isLater(halfYearOf(now.atMs), name)) return 'half-year';
  if (log.size >= now.maxLeaves) return 'size';
  return now.isAsked ? 'operator' : undefined;
}
