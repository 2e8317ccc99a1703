import type { Bus, Subscription } from '#bus';
import type { Logger } from '#platform';
import type { NoteKey } from '#tlog';
import { outcomeFor, readReceipts, type ReceiptAlarm, type ReceiptOutcome } from './receipt.js';

interface Awaited {
  readonly leafHash: Uint8Array;
  readonly resolve: (outcome: ReceiptOutcome | undefined) => void;
  /** What to believe if no proof comes in time. */
  refusal: ReceiptOutcome | undefined;
}

/** Listens on the registry's own reply topic for the receipts of what is being stamped. */
export class ReplyConsumer {
  /** One for each manifest and each change under way, hence two at most; added by `expect`, taken out when it ends. */
  private readonly awaited = new Set<Awaited>();
  private subscription: Subscription | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly topic: string,
    private readonly logKeys: readonly NoteKey[],
    private readonly logger: Logger,
    private readonly alarm: (reason: ReceiptAlarm) => void,
  ) {}

  async start(): Promise<void> {
    this.subscription = await this.bus.subscribe({
      topics: [this.topic],
      // What came before this start is of no use: a manifest whose receipt was missed is stamped again.
      group: `registry.${crypto.randomUUID()}`,
      startAt: { kind: 'latest' },
      maxInFlight: 100,
      onError: (err) => this.logger.error({ err }, 'a receipt could not be handled'),
      each: (record) => this.take(record.value),
    });
  }

  /**
   * The checked answer of the log about this leaf, or undefined after `timeoutMs`. A refusal proves
   * nothing, so it is passed on only if no receipt has come by then: a forged one hides none.
   */
  async expect(leafHash: Uint8Array, timeoutMs: number): Promise<ReceiptOutcome | undefined> {
    const { promise, resolve } = Promise.withResolvers<ReceiptOutcome | undefined>();
    const awaited: Awaited = { leafHash, resolve, refusal: undefined };
    const timer = setTimeout(() => resolve(awaited.refusal), timeoutMs);
    this.awaited.add(awaited);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.awaited.delete(awaited);
    }
  }

  /** Whoever waits is told that nothing came. */
  giveUp(): void {
    for (const { resolve } of this.awaited) resolve(undefined);
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  private take(value: Uint8Array): void {
    const outcomes = readReceipts(value, this.logKeys);
    if (outcomes === undefined) {
      this.alarm('malformed');
      this.logger.error('bytes on the reply topic are no receipts');
      return;
    }
    for (const awaited of this.awaited) this.tell(awaited, outcomes);
  }

  private tell(awaited: Awaited, outcomes: readonly ReceiptOutcome[]): void {
    const outcome = outcomeFor(awaited.leafHash, outcomes);
    if (outcome === undefined) return;
    if (outcome.kind === 'unproven') {
      this.alarm('unproven');
      this.logger.error('alarm: a receipt does not prove what it claims');
    } else if (outcome.kind === 'refused') awaited.refusal = outcome;
    else awaited.resolve(outcome);
  }
}
