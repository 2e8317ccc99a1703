/** For whom places are taken: at a gateway a consumer and the provider that it asks. */
export interface Claim {
  readonly consumer: string;
  /** Absent where it is not known yet: then only consumers are weighed against each other. */
  readonly provider?: string;
  /** Places wanted; one unless said. Zero always fits. */
  readonly amount?: number;
}

/**
 * A bounded number of places, shared so that nobody can take the last ones from the others. The rule, at every level:
 * **nobody may hold more than he leaves free.**
 *
 *     max(held by the consumer, held for the provider) + held by this consumer for this provider + amount ≤ free
 *
 * So the places of one consumer alone end at half of all, those for one provider too (a stopped agency holds no more),
 * and those of one consumer for one provider at a third: when it has them, there is room for its calls to others and
 * for others' calls to that provider. Who holds nothing finds room as long as there is any, and n that want everything
 * get one part in n + 1 each, down from what they had as their places come free: nothing is configured, counted over
 * time or taken away. It is the dynamic threshold of shared-memory switches (Choudhury and Hahne, 1998), nested.
 *
 * Counts exist while they are above zero: memory is bounded by the places.
 */
export class Capacity {
  /** Places taken; all four are written by `take` and by what it returns. */
  private taken = 0;
  private readonly byConsumer = new Map<string, number>();
  private readonly byProvider = new Map<string, number>();
  private readonly byPair = new Map<string, number>();

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.taken;
  }

  hasRoom({ consumer, provider, amount = 1 }: Claim): boolean {
    if (amount === 0) return true;
    const free = this.limit - this.taken;
    const held = this.byConsumer.get(consumer) ?? 0;
    if (provider === undefined) return held + amount <= free;
    const larger = Math.max(held, this.byProvider.get(provider) ?? 0);
    return larger + (this.byPair.get(pairOf(consumer, provider)) ?? 0) + amount <= free;
  }

  /** How to give the places back, once or more often; undefined if there is no room. */
  take(claim: Claim): (() => void) | undefined {
    if (!this.hasRoom(claim)) return undefined;
    const { amount = 1 } = claim;
    this.add(claim, amount);
    let isHeld = true;
    return () => {
      if (isHeld) this.add(claim, -amount);
      isHeld = false;
    };
  }

  private add({ consumer, provider }: Claim, amount: number): void {
    this.taken += amount;
    addTo(this.byConsumer, consumer, amount);
    if (provider === undefined) return;
    addTo(this.byProvider, provider, amount);
    addTo(this.byPair, pairOf(consumer, provider), amount);
  }
}

/** Identifiers hold no blank. */
function pairOf(consumer: string, provider: string): string {
  return `${consumer} ${provider}`;
}

function addTo(counts: Map<string, number>, name: string, amount: number): void {
  const count = (counts.get(name) ?? 0) + amount;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
