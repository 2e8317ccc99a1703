import type { CountedReason } from '#access';
import type { SubsystemId } from '#kernel';

/** Calls refused for one reason in one minute. */
export interface TalliedRefusals {
  readonly why: CountedReason;
  /** Absent: nobody knows who asked, or too many did to tell them apart. */
  readonly from: SubsystemId | undefined;
  readonly n: number;
  /** End of the minute. */
  readonly untilMs: number;
}

const MINUTE_MS = 60_000;
/** A minute has as many as there are reasons and consumers; then consumers are no longer told apart. */
const MAX_KEPT = 10_000;

/** Counts refusals that are not stated one by one: nobody may fill the log by knocking. Lost with the process. */
export class RefusalTally {
  /** Written by `add` and `take`. */
  private readonly kept = new Map<string, { -readonly [Name in keyof TalliedRefusals]: TalliedRefusals[Name] }>();

  constructor(private readonly maxKept = MAX_KEPT) {}

  add(why: CountedReason, from: SubsystemId | undefined, nowMs: number): void {
    const untilMs = (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS;
    const key = `${untilMs} ${why} ${from ?? ''}`;
    const known = this.kept.get(key);
    if (known !== undefined) known.n += 1;
    else if (from !== undefined && this.kept.size >= this.maxKept) this.add(why, undefined, nowMs);
    else this.kept.set(key, { why, from, n: 1, untilMs });
  }

  /** Takes out the minutes that have ended; `Infinity`: all. */
  take(nowMs: number): TalliedRefusals[] {
    const ended = [...this.kept].filter(([, { untilMs }]) => untilMs <= nowMs);
    for (const [key] of ended) this.kept.delete(key);
    return ended.map(([, tallied]) => tallied);
  }
}
