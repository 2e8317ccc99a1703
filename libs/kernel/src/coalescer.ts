/** How a `Coalescer` bounds its work. */
export interface CoalescerOptions<Item> {
  /** Items in one batch at most. */
  readonly maxItems: number;
  /** Sum of `weigh` in one batch at most; one heavier item alone is let through. */
  readonly maxWeight?: number;
  readonly weigh?: (item: Item) => number;
  /** Items waiting at most; past it `add` rejects with what `overflow` makes. */
  readonly maxQueued: number;
  readonly overflow: () => Error;
}

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * Natural batching: one batch is under way, everything that arrives meanwhile forms the next, and an idle coalescer
 * starts at once (a microtask, no timer). So a lone item waits for nobody and a flood pays one round trip per batch.
 */
export class Coalescer<Item, Outcome> {
  /** Written by `add`, drained by `run`. */
  private waiting: Waiting<Item, Outcome>[] = [];
  /** The loop under way; set by `add`, cleared by `run` when nothing waits. */
  private running: Promise<void> | undefined;

  /** `perform` gets a batch in order of arrival and returns one outcome per item; if it rejects, all of them do. */
  constructor(
    private readonly perform: (items: Item[]) => Promise<readonly Outcome[]>,
    private readonly options: CoalescerOptions<Item>,
  ) {}

  add(item: Item): Promise<Outcome> {
    if (this.waiting.length >= this.options.maxQueued) return Promise.reject(this.options.overflow());
    const outcome = new Promise<Outcome>((resolve, reject) => this.waiting.push({ item, resolve, reject }));
    this.running ??= Promise.resolve().then(() => this.run());
    return outcome;
  }

  get queued(): number {
    return this.waiting.length;
  }

  /** Resolves when all that was added before has ended, well or badly. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.take();
      try {
        const outcomes = await this.perform(batch.map((entry) => entry.item));
        batch.forEach((entry, index) => entry.resolve(outcomes[index] as Outcome));
      } catch (cause) {
        for (const entry of batch) entry.reject(cause);
      }
    }
    this.running = undefined;
  }

  private take(): Waiting<Item, Outcome>[] {
    const { maxItems, maxWeight = Infinity, weigh = () => 0 } = this.options;
    let weight = 0;
    let count = 0;
    while (count < this.waiting.length && count < maxItems) {
      weight += weigh((this.waiting[count] as Waiting<Item, Outcome>).item);
      if (count > 0 && weight > maxWeight) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }
}
