import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { lastValueFrom, toArray } from 'rxjs';
import type { BatchSubscription, Bus, EachSubscription, OutgoingRecord, ReceivedRecord, Subscription } from '../bus.js';
import { busErrors } from '../bus.errors.js';
import { BusContext } from './bus-context.js';

/** Topics whose records go to the handler of one pattern. The pattern is a name of ours, not a topic. */
export type BusRoute = { readonly pattern: string } & (
  Omit<EachSubscription, 'each'> | Omit<BatchSubscription, 'batch'>
);

export interface BusServerOptions {
  readonly bus: Bus;
  readonly routes: readonly BusRoute[];
}

/**
 * Nest's `@EventPattern` and `@MessagePattern` over the bus (`kafka.md` §3–4), in place of the stock Kafka transport,
 * which takes one record at a time and redelivers a throwing event handler's record for ever.
 *
 * A handler gets the record as payload (`@Payload()`), or an array of records for a route with `maxBatch`. A record is
 * settled when its handler's promise is; a rejection goes, as Nest's exception filters leave it, to the route's
 * `onError`, and a batch is then handed over again. What a `@MessagePattern` handler returns, one outgoing record or several, is acknowledged by the broker before
 * the request is settled: a crash in between repeats the request and never loses its reply.
 */
export class BusServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('kerege-bus');
  /** A failure belongs to the route's `onError`; Nest would only log it. */
  override readonly propagatesEventHandlerErrors = true;
  private subscriptions: readonly Subscription[] = [];

  constructor(private readonly options: BusServerOptions) {
    super();
  }

  /** Ready when every route has joined its group and fetched once: nothing sent from then on is missed. */
  listen(callback: (cause?: unknown) => void): void {
    void this.subscribeAll().then(
      () => callback(),
      (cause: unknown) => callback(cause),
    );
  }

  /** Handlers end, offsets are committed, groups are left. The bus itself stays open: it is not ours. */
  async close(): Promise<void> {
    const subscriptions = this.subscriptions;
    this.subscriptions = [];
    await Promise.all(subscriptions.map((subscription) => subscription.stop()));
  }

  override on(): void {
    // Connection events belong to the bus, which reconnects by itself; there is nothing to listen to.
  }

  /** The bus. Nest's signature lets the caller name the type. */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- Nest's signature
  override unwrap<T>(): T {
    return this.options.bus as T;
  }

  private async subscribeAll(): Promise<void> {
    const routes = this.options.routes.map((route) => ({ route, handler: this.handlerOf(route.pattern) }));
    const outcomes = await Promise.allSettled(routes.map(({ route, handler }) => this.subscribe(route, handler)));
    this.subscriptions = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return;
    await this.close();
    throw failed.reason;
  }

  private handlerOf(pattern: string): MessageHandler {
    const handler = this.getHandlerByPattern(pattern);
    if (handler === null) throw busErrors.error('bus-pattern-unknown', { details: { pattern } });
    return handler;
  }

  private subscribe(route: BusRoute, handler: MessageHandler): Promise<Subscription> {
    if ('maxBatch' in route) {
      return this.options.bus.subscribe({
        ...route,
        batch: (records) => this.handle(handler, records, new BusContext([records, route.pattern])),
      });
    }
    return this.options.bus.subscribe({
      ...route,
      each: (record) => this.handle(handler, record, new BusContext([[record], route.pattern])),
    });
  }

  private async handle(
    handler: MessageHandler,
    payload: ReceivedRecord | readonly ReceivedRecord[],
    context: BusContext,
  ): Promise<void> {
    const outcome$ = this.transformToObservable<unknown>(handler(payload, context));
    const values = await lastValueFrom(outcome$.pipe(toArray()));
    if (handler.isEventHandler === true) return;
    const replies = values.flat().filter(isOutgoingRecord);
    if (replies.length > 0) await this.options.bus.publish(replies);
  }
}

function isOutgoingRecord(value: unknown): value is OutgoingRecord {
  return typeof value === 'object' && value !== null && 'topic' in value && 'partition' in value && 'value' in value;
}
