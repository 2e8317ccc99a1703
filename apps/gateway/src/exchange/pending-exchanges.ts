import type { ExchangeId } from '#kernel';
import type { Awaited, Verdict } from './awaited.js';

/** An exchange that waits in this process, and how its waiting ends. */
export interface Pending {
  readonly awaited: Awaited;
  readonly deadlineAtMs: number;
  /** Called with every verdict that is not `waiting`; only the first one counts. */
  readonly decide: (verdict: Verdict) => void;
  /** The process is ending: the exchange is failed rather than left open. */
  readonly close: () => void;
}

/**
 * Exchanges sent and not ended, by id. Bounded by admission: nothing is added without a slot of the in-flight limit.
 * What arrives for an id that is not here came late, or was never ours: it changes nothing.
 */
export class PendingExchanges {
  private readonly entries = new Map<ExchangeId, Pending>();

  add(id: ExchangeId, pending: Pending): void {
    this.entries.set(id, pending);
  }

  get(id: ExchangeId): Pending | undefined {
    return this.entries.get(id);
  }

  remove(id: ExchangeId): void {
    this.entries.delete(id);
  }

  /** Ends all that wait. */
  closeAll(): void {
    for (const pending of this.entries.values()) pending.close();
  }

  get size(): number {
    return this.entries.size;
  }
}
