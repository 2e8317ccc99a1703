const FIRST_MS = 250;
const LONGEST_MS = 15_000;
/** A process that has lived so long is taken for healthy: its next failure starts from the shortest pause. */
const HEALTHY_AFTER_MS = 30_000;

/** How long to wait before a process that died is started again. */
export class BackOff {
  /** Failures in a row; written by `next`. */
  private failures = 0;

  next(livedMs: number): number {
    this.failures = livedMs >= HEALTHY_AFTER_MS ? 1 : this.failures + 1;
    return Math.min(LONGEST_MS, FIRST_MS * 2 ** (this.failures - 1));
  }
}
