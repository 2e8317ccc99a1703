const HOUR_MS = 60 * 60_000;

/** Asked again after an hour, then ever more seldom: at most twelve times within the 30 days that gateways keep rows. */
export function askAgainAt(seenMs: number, nowMs: number): number {
  return nowMs + Math.max(HOUR_MS, nowMs - seenMs);
}
