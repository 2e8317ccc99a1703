import { place, type Order } from '../ledger/gateway-client.js';
import type { Told } from '../ledger/told.js';

/**
 * The gateways that a consumer's systems know: calls go to each in turn. Sent to another is only what the first did not
 * take: it refused the connection, or said 503 and named no exchange.
 */
export class Gateways {
  private turn = 0;

  constructor(private readonly urls: readonly [string, ...string[]]) {}

  async place(order: Order): Promise<Told> {
    this.turn += 1;
    let told = await place(this.at(this.turn), order);
    for (let other = 1; other < this.urls.length && wasNotTaken(told); other += 1)
      told = await place(this.at(this.turn + other), order);
    return told;
  }

  private at(turn: number): string {
    return this.urls[turn % this.urls.length] ?? this.urls[0];
  }
}

function wasNotTaken({ answer }: Told): boolean {
  if (answer.kind === 'nothing') return answer.why === 'ECONNREFUSED';
  return answer.kind === 'unanswered' && answer.status === 503 && answer.exchangeId === undefined;
}
