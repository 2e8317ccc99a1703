/** Longest pause after one piece of work, so that a share of one percent still ends. */
const MAX_PAUSE_MS = 5_000;

/** How long to rest after work of that length, so that it takes no more than its share of one core. */
export function restMs(spentMs: number, percent: number): number {
  const share = Math.min(100, Math.max(1, percent));
  return Math.min(MAX_PAUSE_MS, (spentMs * (100 - share)) / share);
}
