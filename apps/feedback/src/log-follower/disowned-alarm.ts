import type { Clock } from '#kernel';
import type { DisownedExchange } from './disowned.store.js';

const EVERY_MS = 3_600_000;

/**
 * Which consumers are to be named now: each once an hour at most, since a gateway states honestly, too, that what came too
 * late has failed, and leaves of one exchange come in several batches.
 */
export class DisownedAlarm {
  /** Consumers that were named within the hour, of which only registered ones sign; written by `due`. */
  private readonly namedMs = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** By consumer, those of these exchanges whose consumer is named now. */
  due(exchanges: readonly DisownedExchange[]): ReadonlyMap<string, readonly DisownedExchange[]> {
    const nowMs = this.clock.now();
    for (const [consumer, atMs] of this.namedMs) if (nowMs - atMs >= EVERY_MS) this.namedMs.delete(consumer);
    const due = Map.groupBy(exchanges, ({ consumer }) => consumer);
    for (const consumer of due.keys()) {
      if (this.namedMs.has(consumer)) due.delete(consumer);
      else this.namedMs.set(consumer, nowMs);
    }
    return due;
  }
}
