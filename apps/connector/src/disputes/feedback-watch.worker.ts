import type { OwedFlags } from '#case-client';
import type { Clock, SubsystemId } from '#kernel';
import { Rounds } from '#platform';

export interface FeedbackWatchParts {
  readonly clients: {
    readonly isServed: boolean;
    of(subsystem: SubsystemId): { owedFlags(): Promise<OwedFlags> };
  };
  readonly subsystems: readonly SubsystemId[];
  readonly clock: Clock;
  readonly failed: (cause: unknown) => void;
}

/** What feedback said last about one subsystem. */
interface Heard {
  readonly atMs: number;
  readonly waiting: number;
  readonly sinceMs: number | undefined;
  /** When it had followed the log to its end. */
  readonly followedMs: number;
}

const ROUND_MS = 3_000;
const SILENT_MS = 15_000;
/** A flag goes out within a second; one that is on its way is no gap. */
const LATE_MS = 2_000;

/**
 * Asks feedback for each subsystem whether flags wait there that it could not deliver: a broker that answers says nothing of
 * flags that were never sent. What it says changes no flag; it shows how far those that are held can be relied on.
 */
export class FeedbackWatch {
  private readonly rounds: Rounds;
  private readonly heard = new Map<SubsystemId, Heard>();
  private startedMs = 0;

  constructor(private readonly parts: FeedbackWatchParts) {
    this.rounds = new Rounds(() => this.round(), parts.failed, ROUND_MS);
  }

  start(): void {
    this.startedMs = this.parts.clock.now();
    if (this.isServed) this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** False: this connector was told of no feedback, and a gap there cannot be seen. */
  get isServed(): boolean {
    return this.parts.clients.isServed;
  }

  /** When the one heard of longest ago was heard of; undefined: never, or nobody is asked. */
  get heardMs(): number | undefined {
    const times = this.parts.subsystems.map((subsystem) => this.heard.get(subsystem)?.atMs);
    const isKnown = times.length > 0 && times.every((atMs) => atMs !== undefined);
    return isKnown ? Math.min(...times) : undefined;
  }

  /** Since when feedback has said nothing about one of the subsystems, if that is long. */
  silentSince(): number | undefined {
    if (!this.isServed || this.parts.subsystems.length === 0) return undefined;
    const heardMs = this.heardMs ?? this.startedMs;
    return this.parts.clock.now() - heardMs > SILENT_MS ? heardMs : undefined;
  }

  /** Flags that feedback has not delivered, and since when the oldest waits, if that is long. */
  owed(): { readonly waiting: number; readonly sinceMs: number | undefined } {
    const all = [...this.heard.values()];
    const waiting = all.reduce((sum, one) => sum + one.waiting, 0);
    const late = all.flatMap(({ sinceMs, atMs }) => (sinceMs !== undefined && atMs - sinceMs > LATE_MS ? sinceMs : []));
    return { waiting, sinceMs: late.length === 0 ? undefined : Math.min(...late) };
  }

  /** Since when feedback may not know what happened in the log, if that is long. */
  behindSince(): number | undefined {
    const late = [...this.heard.values()].filter(({ atMs, followedMs }) => atMs - followedMs > SILENT_MS);
    return late.length === 0 ? undefined : Math.min(...late.map(({ followedMs }) => followedMs));
  }

  /** All at once, so that one round takes no longer than one answer may; a connector has few subsystems. */
  private async round(): Promise<number> {
    await Promise.all(this.parts.subsystems.map((subsystem) => this.ask(subsystem)));
    return ROUND_MS;
  }

  private async ask(subsystem: SubsystemId): Promise<void> {
    const { clients, clock, failed } = this.parts;
    try {
      const { waiting, waitingMs, behindMs } = await clients.of(subsystem).owedFlags();
      const atMs = clock.now();
      // By feedback's clock it has waited so long, by ours since then: the two may differ.
      const sinceMs = waiting === 0 ? undefined : atMs - waitingMs;
      const followedMs = behindMs === undefined ? this.startedMs : atMs - behindMs;
      this.heard.set(subsystem, { atMs, waiting, sinceMs, followedMs });
    } catch (cause) {
      failed(cause);
    }
  }
}
