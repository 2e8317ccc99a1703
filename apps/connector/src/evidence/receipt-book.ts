import { LRUCache } from 'lru-cache';
import type { ExchangeId } from '#kernel';

/** What the log says about a leaf that we wait for. */
export type ReceiptVerdict =
  /** A checked receipt names this very leaf. */
  | 'stands'
  /** None came in time, and somebody said that another leaf stands in its slot. */
  | 'conflict'
  /** None came in time, and somebody said that intake will not log it. */
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
  readonly settle: (verdict: ReceiptVerdict) => void;
  /** The verdict if time runs out; written by hints. */
  otherwise: Exclude<ReceiptVerdict, 'stands'>;
}

/** Receipts that came before anybody asked: a receipt may overtake its request on another partition. */
const MAX_EARLY = 20_000;

/**
 * Matches receipts with those who wait for them. A checked path proves one thing, that a leaf hash is in the log; exchange,
 * slot, signer and refusal beside it are the word of whoever wrote the record. So only a receipt for the very leaf ends a
 * wait. A hint that it will never come is remembered: meanwhile nothing is called and nothing sent, and it is the verdict
 * when time is up, but who forges one stops nobody whose receipt comes.
 */
export class ReceiptBook {
  /** Both written by `wait`, emptied by receipts and deadlines. */
  private readonly byLeaf = new Map<string, Set<Waiter>>();
  private readonly bySlot = new Map<string, Set<Waiter>>();
  private readonly early = new LRUCache<string, true>({ max: MAX_EARLY });
  /** The leaf that was last said to stand in a slot, and the leaves that were said to be refused. */
  private readonly earlyPlaces = new LRUCache<string, string>({ max: MAX_EARLY });
  private readonly earlyRefusals = new LRUCache<string, true>({ max: MAX_EARLY });

  get size(): number {
    return this.byLeaf.size + this.bySlot.size;
  }

  /** The verdict on a leaf: `stands` as soon as it does, another when `forMs` have passed. */
  wait(place: LeafPlace, leafKey: string, forMs: number): Promise<ReceiptVerdict> {
    if (this.early.has(leafKey)) return Promise.resolve('stands');
    const slot = slotKey(place);
    return new Promise((resolve) => {
      const settle = (verdict: ReceiptVerdict) => {
        clearTimeout(timer);
        remove(this.byLeaf, leafKey, waiter);
        remove(this.bySlot, slot, waiter);
        resolve(verdict);
      };
      const waiter: Waiter = { settle, otherwise: this.hinted(slot, leafKey) };
      const timer = setTimeout(() => settle(waiter.otherwise), Math.max(0, forMs));
      add(this.byLeaf, leafKey, waiter);
      add(this.bySlot, slot, waiter);
    });
  }

  /**
   * A checked receipt: this leaf stands, for ever. Where it is said to stand is a hint for those who wait for another leaf
   * there; returns how many do.
   */
  receipt(place: LeafPlace, leafKey: string): number {
    const slot = slotKey(place);
    this.early.set(leafKey, true);
    this.earlyPlaces.set(slot, leafKey);
    for (const waiter of this.byLeaf.get(leafKey) ?? []) waiter.settle('stands');
    const others = this.bySlot.get(slot) ?? new Set();
    for (const waiter of others) waiter.otherwise = 'conflict';
    return others.size;
  }

  /** Somebody's word that intake refuses a leaf. */
  refusal(leafKey: string): void {
    this.earlyRefusals.set(leafKey, true);
    for (const waiter of this.byLeaf.get(leafKey) ?? []) waiter.otherwise = 'refused';
  }

  /** Ends every wait, when the process closes. */
  close(): void {
    for (const waiters of this.byLeaf.values()) for (const waiter of waiters) waiter.settle('none');
  }

  private hinted(slot: string, leafKey: string): Waiter['otherwise'] {
    if (this.earlyRefusals.has(leafKey)) return 'refused';
    return this.earlyPlaces.has(slot) ? 'conflict' : 'none';
  }
}

function add(index: Map<string, Set<Waiter>>, key: string, waiter: Waiter): void {
  const waiters = index.get(key) ?? new Set();
  index.set(key, waiters.add(waiter));
}

function remove(index: Map<string, Set<Waiter>>, key: string, waiter: Waiter): void {
  const waiters = index.get(key);
  waiters?.delete(waiter);
  if (waiters?.size === 0) index.delete(key);
}

function slotKey({ exchangeId, slot, signer }: LeafPlace): string {
  return `${exchangeId} ${slot} ${signer}`;
}
