/** Where "now" comes from; injected, so that a test can run a year in seconds. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Whether what was true at `atMs` is younger than `maxAgeMs`; to a clock that was set back nothing is. */
export function isYoung(atMs: number, maxAgeMs: number, nowMs: number): boolean {
  return atMs <= nowMs && nowMs - atMs < maxAgeMs;
}
