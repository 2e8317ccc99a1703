const HOUR_MS = 60 * 60_000;
/** Intake takes what is not a request for 24 h (`statements.md` §2); an hour is left for clocks and queues. */
const SENT_FOR_MS = 23 * HOUR_MS;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;

/** When a statement that was sent `attempts` times goes out again, if the log does not hold it by then. */
export function dueAgainAt(nowMs: number, attempts: number): number {
  return nowMs + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts, 10));
}

/** What was made before this will never be taken any more: it is told, and not sent again. */
export function givenUpBefore(nowMs: number): number {
  return nowMs - SENT_FOR_MS;
}
