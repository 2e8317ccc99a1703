/** Milliseconds of a clock that nobody sets: only the distance of two of them means anything. */
export function steadyMs(): number {
  return performance.now();
}

/** A moment of the steady clock in milliseconds since the epoch, by the system's clock as it is set now. */
export function epochMs(steady: number): number {
  return Math.round(Date.now() - (steadyMs() - steady));
}
