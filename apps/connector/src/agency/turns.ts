/**
 * Who may call an agency's system now: so many at once; the others wait, one consumer after the other, so that nobody
 * stands behind a neighbour's whole queue. How many may wait is decided before (`#kernel`'s `Capacity`).
 */
export class Turns {
  /** Calls that have their turn; written by `take` and `pass`. */
  private open = 0;
  /** What begins a call, by consumer, the one whose turn is next first; entries exist while somebody waits. */
  private readonly queues = new Map<string, Set<() => void>>();

  constructor(private readonly limit: number) {}

  get waiting(): number {
    return [...this.queues.values()].reduce((sum, queue) => sum + queue.size, 0);
  }

  /** True when it is this call's turn, which ends with `pass`; false when `forMs` have passed before. */
  take(consumer: string, forMs: number): Promise<boolean> {
    if (this.open < this.limit) {
      this.open += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const begin = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.leave(consumer, begin);
        resolve(false);
      }, forMs);
      this.queues.set(consumer, (this.queues.get(consumer) ?? new Set()).add(begin));
    });
  }

  /** Ends a turn; the oldest call of the next consumer has it now. */
  pass(): void {
    const next = this.queues.entries().next();
    if (next.done === true) {
      this.open -= 1;
      return;
    }
    const [consumer, queue] = next.value;
    const [begin = () => undefined] = queue;
    this.leave(consumer, begin);
    // Behind the others, if more of its calls wait.
    if (this.queues.delete(consumer)) this.queues.set(consumer, queue);
    begin();
  }

  private leave(consumer: string, begin: () => void): void {
    const queue = this.queues.get(consumer);
    queue?.delete(begin);
    if (queue?.size === 0) this.queues.delete(consumer);
  }
}
