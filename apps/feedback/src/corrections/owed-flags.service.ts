import { CASE_KINDS, type Outbox } from '#deliveries';
import type { Clock, SubsystemId } from '#kernel';
import type { Database } from '#postgres';

export interface OwedFlagsParts {
  readonly database: Pick<Database, 'query'>;
  readonly outbox: Pick<Outbox, 'owed'>;
  readonly clock: Clock;
  /** When the log was last followed to its newest head; undefined: not since the start. */
  readonly caughtUpAtMs: () => number | undefined;
}

export interface OwedFlagsStanding {
  /** Flags, set or taken away, that wait for their topic or are parked. */
  readonly waiting: number;
  /** How long the oldest of them has, milliseconds; 0: none waits. */
  readonly waitingMs: number;
  /** How long ago the log was followed to its end: ends of reviews since then may not be known here. */
  readonly behindMs?: number;
}

/** What a connector cannot see from its topic: flags that are not on it yet. Never whose data they are about. */
export class OwedFlags {
  constructor(private readonly parts: OwedFlagsParts) {}

  async of(subsystem: SubsystemId): Promise<OwedFlagsStanding> {
    const { database, outbox, clock, caughtUpAtMs } = this.parts;
    const { number: waiting, oldestMs: waitingMs } = await outbox.owed(database, subsystem, CASE_KINDS.dispute);
    const atMs = caughtUpAtMs() ?? -Infinity;
    // Never since the start: no number says how long ago that was.
    return { waiting, waitingMs, ...(Number.isFinite(atMs) ? { behindMs: Math.max(0, clock.now() - atMs) } : {}) };
  }
}
