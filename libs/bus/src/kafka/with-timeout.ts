const LATE = Symbol('late');

/** What `work` gives, or what `late` makes once `timeoutMs` have passed; the work itself cannot be stopped. */
export async function withTimeout<Value>(work: Promise<Value>, timeoutMs: number, late: () => Value): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), timeoutMs);
  });
  // A failure after the time limit has no reader any more.
  work.catch(() => undefined);
  try {
    const outcome = await Promise.race([work, limit]);
    return outcome === LATE ? late() : outcome;
  } finally {
    clearTimeout(timer);
  }
}
