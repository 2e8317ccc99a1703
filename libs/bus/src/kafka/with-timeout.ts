/** What `work` gives, or what `late` makes once `timeoutMs` have passed; the work itself cannot be stopped. */
export async function withTimeout<Value>(work: Promise<Value>, timeoutMs: number, late: () => Value): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Value>((resolve, reject) => {
    timer = setTimeout(() => {
      try {
        resolve(late());
      } catch (cause) {
        reject(cause as Error);
      }
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    // A failure after the time limit has no reader any more.
    work.catch(() => undefined);
  }
}
