import { setTimeout as delay } from 'node:timers/promises';
import { askState, type Order } from '../ledger/gateway-client.js';
import { claimOf, type AskedState, type Told } from '../ledger/told.js';
import { Gateways } from './gateways.js';
import type { Orders } from './orders.js';

export interface LoadOptions {
  readonly gatewayUrls: readonly [string, ...string[]];
  readonly orders: Orders;
  readonly durationMs: number;
  readonly perSecond: number;
}

const REPEAT_AFTER_MS = 1_000;
const REPEATS = 2;

/**
 * Clients that come at a constant rate, whatever they are told: when the bus is slow they do not wait for each other.
 * Who gave a key and was told no end asks again under the same key, as a key is meant; nobody else does.
 */
export class Load {
  readonly told: Told[] = [];
  /** Orders under a key of which no end is known. */
  private readonly unended = new Map<string, Order>();

  private readonly gateways: Gateways;

  constructor(private readonly options: LoadOptions) {
    this.gateways = new Gateways(options.gatewayUrls);
  }

  async run(): Promise<void> {
    const { orders, durationMs, perSecond } = this.options;
    const startedMs = Date.now();
    const clients: Promise<void>[] = [];
    for (let number = 0; ; number += 1) {
      const atMs = (number * 1_000) / perSecond;
      if (atMs >= durationMs) break;
      await delay(Math.max(0, startedMs + atMs - Date.now()));
      clients.push(this.client(orders.next()));
    }
    await Promise.all(clients);
  }

  /** After the storm: asks for everything whose end nobody was told, until it has one or the time is up. */
  async askAgain(untilMs: number): Promise<AskedState[]> {
    const keyed = [...this.unended.values()].map(async (order) => {
      while (this.unended.has(order.order) && Date.now() < untilMs) {
        await this.place(order);
        await delay(REPEAT_AFTER_MS);
      }
    });
    const states = await inTurns([...this.openIds()], 8, ([id, consumer]) => this.stateOf(consumer, id, untilMs));
    await Promise.all(keyed);
    return states;
  }

  /** Exchanges whose id a client was told without an end. */
  private openIds(): Map<string, string> {
    const ended = new Set(this.told.flatMap(({ answer }) => claimOf(answer)?.exchangeId ?? []));
    const open = this.told.flatMap(({ answer, consumer }): [string, string][] => {
      const id = answer.kind === 'unanswered' ? answer.exchangeId : undefined;
      return id === undefined || ended.has(id) ? [] : [[id, consumer]];
    });
    return new Map(open);
  }

  private async stateOf(consumer: string, exchangeId: string, untilMs: number): Promise<AskedState> {
    for (;;) {
      const asked = await askState(this.options.gatewayUrls[0], consumer, exchangeId);
      if (asked !== undefined && asked.state !== 'open') return asked;
      if (Date.now() >= untilMs) return { exchangeId, state: 'open', code: undefined };
      await delay(REPEAT_AFTER_MS);
    }
  }

  private async client(order: Order): Promise<void> {
    for (let attempt = 0; attempt <= REPEATS; attempt += 1) {
      await this.place(order);
      if (!this.unended.has(order.order)) return;
      await delay(REPEAT_AFTER_MS);
    }
  }

  private async place(order: Order): Promise<void> {
    const told = await this.gateways.place(order);
    this.told.push(told);
    if (order.key === undefined || claimOf(told.answer) !== undefined) this.unended.delete(order.order);
    else this.unended.set(order.order, order);
  }
}

/** At most `width` at once. */
export async function inTurns<Item, Outcome>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) outcomes[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return outcomes;
}
