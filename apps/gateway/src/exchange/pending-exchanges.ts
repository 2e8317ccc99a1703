import type { Answer } from '#contracts';
import type { ExchangeId } from '#kernel';
import type { Statement } from '#signing';
import type { Awaited, Verdict } from './awaited.js';
import type { ExchangeWatch } from './exchange-events.js';

/** An exchange that waits in this process, and how its waiting ends. */
export interface Pending {
  readonly awaited: Awaited;
  readonly deadlineAtMs: number;
  readonly watch: ExchangeWatch;
  /** Called with every verdict that is not `waiting`; only the first one counts. */
  readonly decide: (verdict: Verdict) => void;
  /** The process is ending: the exchange is failed rather than left open. */
  readonly close: () => void;
}

/** An answer signed with a key that our copy of the registry does not hold: the provider's copy may be newer. */
export interface ParkedAnswer {
  readonly answer: Answer;
  readonly statement: Statement;
}

/** Whoever can write to our reply topic can park; beyond these bounds an answer is dropped. */
const PARKED_PER_EXCHANGE = 2;
const PARKED_IN_ALL = 64;

/**
 * Exchanges sent and not ended, by id. Bounded by admission: nothing is added without a slot of the in-flight limit.
 * What arrives for an id that is not here came late, or was never ours: it changes nothing.
 */
export class PendingExchanges {
  private readonly entries = new Map<ExchangeId, Pending>();
  /** Written by `park`, `takeParked` and `remove`; only for exchanges in `entries`. */
  private readonly parked = new Map<ExchangeId, ParkedAnswer[]>();
  private parkedInAll = 0;

  add(id: ExchangeId, pending: Pending): void {
    this.entries.set(id, pending);
  }

  get(id: ExchangeId): Pending | undefined {
    return this.entries.get(id);
  }

  /** Ends the waiting; what was parked for it is dropped and returned. */
  remove(id: ExchangeId): readonly ParkedAnswer[] {
    this.entries.delete(id);
    return this.unpark(id);
  }

  /** Keeps an answer until a snapshot brings its key or the exchange ends. False if there is no room. */
  park(id: ExchangeId, parked: ParkedAnswer): boolean {
    const others = this.parked.get(id) ?? [];
    if (!this.entries.has(id) || others.length >= PARKED_PER_EXCHANGE || this.parkedInAll >= PARKED_IN_ALL)
      return false;
    this.parked.set(id, [...others, parked]);
    this.parkedInAll += 1;
    return true;
  }

  /** All that is parked, taken out: whoever takes it checks it again, and may park it again. */
  takeParked(): { readonly pending: Pending; readonly parked: ParkedAnswer }[] {
    return [...this.parked.keys()].flatMap((id) => {
      const pending = this.entries.get(id);
      return this.unpark(id).flatMap((parked) => (pending === undefined ? [] : [{ pending, parked }]));
    });
  }

  get parkedCount(): number {
    return this.parkedInAll;
  }

  /** Ends all that wait. */
  closeAll(): void {
    for (const pending of this.entries.values()) pending.close();
  }

  get size(): number {
    return this.entries.size;
  }

  private unpark(id: ExchangeId): readonly ParkedAnswer[] {
    const parked = this.parked.get(id) ?? [];
    this.parked.delete(id);
    this.parkedInAll -= parked.length;
    return parked;
  }
}
