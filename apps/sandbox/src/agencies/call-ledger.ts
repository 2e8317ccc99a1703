/** One call that reached an agency: the independent ledger that tests hold against what the bus claims. */
export interface ReceivedCall {
  /** Rises by one per call since the agency's start; shows what the ring has dropped. */
  readonly number: number;
  readonly exchangeId: string | null;
  readonly messageId: string | null;
  readonly method: string;
  readonly path: string;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The last calls of an agency, oldest first; never more than `capacity`. */
export class CallLedger {
  /** Written by `record`, a ring: `received` counts all that ever came. */
  private readonly ring: ReceivedCall[] = [];
  private received = 0;

  constructor(private readonly capacity: number) {}

  record(method: string, path: string, headers: Headers): void {
    this.ring[this.received % this.capacity] = {
      number: this.received + 1,
      exchangeId: one(headers['idempotency-key']) ?? one(headers['kerege-exchange-id']),
      messageId: one(headers['x-road-id']),
      method,
      path,
    };
    this.received += 1;
  }

  list(): ReceivedCall[] {
    const start = this.received % this.capacity;
    return this.received <= this.capacity ? [...this.ring] : [...this.ring.slice(start), ...this.ring.slice(0, start)];
  }

  get count(): number {
    return this.received;
  }
}

function one(value: string | readonly string[] | undefined): string | null {
  return typeof value === 'string' ? value : (value?.[0] ?? null);
}
