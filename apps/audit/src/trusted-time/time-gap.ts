export const ALARM_AFTER_MS = 10 * 60_000;

/** How trusted time stands, as the writer of the log sees it. */
export interface TimeState {
  /** Time of the newest token. */
  readonly newestMs: number | undefined;
  /** Since when leaves wait for a token; undefined while none do. */
  readonly waitingSinceMs: number | undefined;
}

export const UNKNOWN_TIME: TimeState = { newestMs: undefined, waitingSinceMs: undefined };

/**
 * What a look at the log shows. The gap begins when leaves are first seen without a token; a process that has just taken
 * the log over has not seen it begin, and takes the newest token's time: so restarts do not hide it.
 */
export function seen(before: TimeState, newestMs: number | undefined, hasMoved: boolean, nowMs: number): TimeState {
  if (!hasMoved) return { newestMs, waitingSinceMs: undefined };
  const first = before === UNKNOWN_TIME ? (newestMs ?? nowMs) : nowMs;
  return { newestMs, waitingSinceMs: before.waitingSinceMs ?? first };
}

export function isAlarming({ waitingSinceMs }: TimeState, nowMs: number): boolean {
  return waitingSinceMs !== undefined && nowMs - waitingSinceMs >= ALARM_AFTER_MS;
}

const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 5 * 60_000;

/** Until the next pass: the interval, or after failures a pause that doubles. */
export function delayMs(intervalMs: number, failures: number): number {
  if (failures === 0) return intervalMs;
  return Math.min(Math.min(intervalMs, FIRST_RETRY_MS) * 2 ** (failures - 1), MAX_RETRY_MS);
}
