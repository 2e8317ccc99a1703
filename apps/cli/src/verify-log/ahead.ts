/**
 * The outcomes of `start(from) … start(to − 1)` in order, with at most `window` of them under way: reading and hashing go
 * on in threads while the main one judges.
 */
export async function* ahead<Outcome>(
  from: number,
  to: number,
  window: number,
  start: (index: number) => Promise<Outcome>,
): AsyncGenerator<Outcome> {
  const underWay: Promise<Outcome>[] = [];
  let next = from;
  const fill = () => {
    for (; next < to && underWay.length < window; next += 1) {
      const outcome = start(next);
      // Whoever takes it sees it fail; one that nobody takes any more must not end the process.
      outcome.catch(() => undefined);
      underWay.push(outcome);
    }
  };
  fill();
  while (underWay.length > 0) {
    yield (await underWay.shift()) as Outcome;
    fill();
  }
}
