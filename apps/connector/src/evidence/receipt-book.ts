import { LRUCache } from 'lru-cache';
import type { ExchangeId } from '#kernel';

/** What the log says about a leaf that we wait for. */
export type ReceiptVerdict =
  /** A checked receipt names this very leaf. */
  | 'stands'
  /** A checked receipt says that another leaf stands in its slot. */
  | 'conflict'
  /** Intake will not log it. */
  | 'refused'
  /** None came in time. */
  | 'none';

/** The slot of a leaf; `(log, id, slot, signer)` is unique (`statements.md` §2). */
export interface LeafPlace {
  readonly exchangeId: ExchangeId;
  readonly slot: string;
  readonly signer: string;
}

interface Waiter {
  readonly leafKey: string;
  readonly resolve: (verdict: ReceiptVerdict) => void;
}

/** Receipts that came before anybody asked: a receipt may overtake its request on another partition. */
const MAX_EARLY = 20_000;

/**
 * Matches receipts with those who wait for them. Everything that gets in here as a receipt was checked (note, path);
 * refusals carry no proof and can only stop an answer, never release one.
 */
export class ReceiptBook {
  /** Written by `wait`, emptied by receipts, refusals and deadlines. */
  private readonly waiting = new Map<string, Set<Waiter>>();
  private readonly early = new LRUCache<string, string>({ max: MAX_EARLY });
  private readonly earlyRefusals = new LRUCache<string, true>({ max: MAX_EARLY });

  get size(): number {
    return this.waiting.size;
  }

  /** The verdict on a leaf; `none` when `forMs` have passed. */
  wait(place: LeafPlace, leafKey: string, forMs: number): Promise<ReceiptVerdict> {
    const slot = slotKey(place);
    const known = this.early.get(slot);
    if (known !== undefined) return Promise.resolve(known === leafKey ? 'stands' : 'conflict');
    if (this.earlyRefusals.has(leafKey)) return Promise.resolve('refused');
    return new Promise((resolve) => {
      const settle = (verdict: ReceiptVerdict) => {
        clearTimeout(timer);
        this.forget(slot, waiter);
        resolve(verdict);
      };
      const waiter: Waiter = { leafKey, resolve: settle };
      const timer = setTimeout(() => settle('none'), Math.max(0, forMs));
      const others = this.waiting.get(slot) ?? new Set();
      this.waiting.set(slot, others.add(waiter));
    });
  }

  /** A checked receipt: this leaf stands in that slot, for ever. */
  receipt(place: LeafPlace, leafKey: string): void {
    const slot = slotKey(place);
    this.early.set(slot, leafKey);
    for (const waiter of this.waiting.get(slot) ?? [])
      waiter.resolve(waiter.leafKey === leafKey ? 'stands' : 'conflict');
  }

  /** Intake's refusal of a leaf. */
  refusal(leafKey: string): void {
    this.earlyRefusals.set(leafKey, true);
    for (const waiters of this.waiting.values())
      for (const waiter of waiters) if (waiter.leafKey === leafKey) waiter.resolve('refused');
  }

  /** Ends every wait, when the process closes. */
  close(): void {
    for (const waiters of this.waiting.values()) for (const waiter of waiters) waiter.resolve('none');
  }

  private forget(slot: string, waiter: Waiter): void {
    const waiters = this.waiting.get(slot);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.waiting.delete(slot);
  }
}

function slotKey({ exchangeId, slot, signer }: LeafPlace): string {
  return `${exchangeId} ${slot} ${signer}`;
}
