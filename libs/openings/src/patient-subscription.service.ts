import type { Bus, Subscription } from '#bus';

type Options = Parameters<Bus['subscribe']>[0];

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/**
 * A subscription to a topic that may not be there yet: the registry makes it when it starts in a release that knows it,
 * which may be after us. Nobody waits for it, and it is tried until it succeeds.
 */
export class PatientSubscription {
  /** Set while the topic is being subscribed to, or is. */
  private subscribing: Promise<Subscription | undefined> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private retryMs = FIRST_RETRY_MS;
  private isStopped = false;

  constructor(
    private readonly bus: Pick<Bus, 'subscribe'>,
    private readonly options: () => Options,
    private readonly failed: (cause: unknown) => void,
  ) {}

  /** May be called again. */
  start(): void {
    if (this.subscribing === undefined && !this.isStopped) this.subscribe();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.retry);
    const subscription = await this.subscribing;
    await subscription?.stop();
  }

  private subscribe(): void {
    this.subscribing = this.bus.subscribe(this.options()).catch((cause: unknown) => {
      this.failed(cause);
      if (!this.isStopped) this.retry = setTimeout(() => this.subscribe(), this.retryMs);
      this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
      return undefined;
    });
  }
}
