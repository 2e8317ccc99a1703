import type { Bus, Subscription } from '#bus';
import type { SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';
import { type ReceiptConsumer } from '../evidence/receipt.consumer.js';
import type { DispatchEvents } from './dispatch-events.js';
import { type DispatchService } from './dispatch.service.js';

export interface RequestConsumerOptions {
  readonly bus: Bus;
  readonly subsystems: readonly SubsystemId[];
  /** Unique per process: each connector of a subsystem hears every receipt. */
  readonly processId: string;
  readonly maxInFlight: number;
  readonly dispatch: DispatchService;
  readonly receipts: ReceiptConsumer;
  readonly events: DispatchEvents;
}

interface Listening {
  readonly receipts: Subscription;
  readonly requests: Subscription;
}

const RETRY_MS = 1_000;

/**
 * Listens for the requests and receipts of each served subsystem, once the registry has made their topics. All connectors
 * of a subsystem share one group; a request is settled, and its offset committed, when its outcome is (`bus.md` §4.5).
 */
export class RequestConsumer {
  /** By subsystem; set when subscribing begins, taken back when it fails. */
  private readonly listening = new Map<SubsystemId, Promise<Listening>>();
  private readonly ready = new Map<SubsystemId, Listening>();
  private isStopped = false;
  private retry: NodeJS.Timeout | undefined;

  constructor(private readonly options: RequestConsumerOptions) {}

  /** Subscribes to what the snapshot names and is not listened to yet. */
  follow(view: RegistryView): void {
    for (const subsystem of this.options.subsystems) {
      if (this.isStopped || this.listening.has(subsystem) || view.topicsOf(subsystem) === undefined) continue;
      const listening = this.listen(view, subsystem);
      this.listening.set(subsystem, listening);
      listening.then(
        (subscriptions) => this.ready.set(subsystem, subscriptions),
        (cause: unknown) => {
          this.options.events.failed('subscription-failed', cause);
          this.listening.delete(subsystem);
          if (!this.isStopped) this.retry = setTimeout(() => this.follow(view), RETRY_MS);
        },
      );
    }
  }

  /** Subsystems whose requests do not reach us. */
  unheard(): SubsystemId[] {
    return this.options.subsystems.filter((subsystem) => {
      const subscriptions = this.ready.get(subsystem);
      return subscriptions?.requests.isAssigned() !== true || !subscriptions.receipts.isAssigned();
    });
  }

  /** Takes nothing new; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.retry);
    const all = await Promise.allSettled(this.listening.values());
    const started = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    // Receipts last: what is under way still waits for them.
    await Promise.all(started.map(({ requests }) => requests.stop()));
    await Promise.all(started.map(({ receipts }) => receipts.stop()));
  }

  private async listen(view: RegistryView, subsystem: SubsystemId): Promise<Listening> {
    const { bus, dispatch, events, maxInFlight, processId } = this.options;
    const topics = view.topicsOf(subsystem);
    const requestTopic = topics?.request.name ?? '';
    const receiptTopic = topics?.receipt ?? '';
    // Receipts first: none of a request that we read may be missed.
    const receipts = await bus.subscribe({
      topics: [receiptTopic],
      group: `connector.${receiptTopic}.${processId}`,
      startAt: { kind: 'latest' },
      maxInFlight: 64,
      onError: (cause) => events.failed('receipt-failed', cause),
      each: (record) => this.options.receipts.take(record),
    });
    try {
      const requests = await bus.subscribe({
        topics: [requestTopic],
        group: `connector.${requestTopic}`,
        startAt: { kind: 'committed' },
        maxInFlight,
        onError: (cause) => events.failed('request-failed', cause),
        each: (record) => dispatch.handle(record, subsystem),
      });
      return { receipts, requests };
    } catch (cause) {
      await receipts.stop();
      throw cause;
    }
  }
}
