import type { Clock } from '#kernel';

/** Between whose clocks a distance was seen: ours and the broker's, or the consumer's and the broker's. */
export const clockPairs = ['own', 'consumer'] as const;
export type ClockPair = (typeof clockPairs)[number];

export interface ClockWatchEvents {
  /** Positive: the clock is ahead of the broker's. */
  readonly clockDistance: (pair: ClockPair, distanceMs: number) => void;
  readonly alarm: (reason: 'clock-distance', details: Readonly<Record<string, unknown>>) => void;
}

/** `bus.md` §1: clocks are kept within it, alarm beyond. */
const MAX_DISTANCE_MS = 500;
const ALARM_EVERY_MS = 60_000;
/** A record that waited looks like a clock that is ahead; so many in a row did not all wait. */
const ROW = 32;

/**
 * Compares clocks with the broker's time of each request, which its topic has from the broker (`LogAppendTime`). It only
 * watches: what is far apart is refused elsewhere.
 */
export class ClockWatch {
  /** Least distances ahead in the present row, and how many there were; written by `see`. */
  private readonly rows: Record<ClockPair, { leastMs: number; count: number }> = {
    own: { leastMs: Infinity, count: 0 },
    consumer: { leastMs: Infinity, count: 0 },
  };
  private readonly alarmedMs: Record<ClockPair, number> = { own: -Infinity, consumer: -Infinity };
  private readonly startedMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly events: ClockWatchEvents,
  ) {
    this.startedMs = clock.now();
  }

  /** A request whose signature was checked: when the broker took it, and when its consumer says that it was made. */
  see(brokerMs: number, statedMs: number): void {
    // A consumer is behind by the time its request took to the broker, and ahead only by its clock.
    this.compare('consumer', brokerMs - statedMs, -1);
    // What lay on the topic before we came says nothing about our clock.
    if (brokerMs >= this.startedMs) this.compare('own', this.clock.now() - brokerMs, 1);
  }

  /** `delayMs` is a distance of clocks plus a delay that is never negative: the least of many is the distance. */
  private compare(pair: ClockPair, delayMs: number, sign: 1 | -1): void {
    const row = this.rows[pair];
    row.leastMs = Math.min(row.leastMs, delayMs);
    row.count += 1;
    if (delayMs < -MAX_DISTANCE_MS) this.alarm(pair, sign * delayMs);
    if (row.count < ROW) return;
    this.events.clockDistance(pair, sign * row.leastMs);
    if (row.leastMs > MAX_DISTANCE_MS) this.alarm(pair, sign * row.leastMs);
    this.rows[pair] = { leastMs: Infinity, count: 0 };
  }

  private alarm(pair: ClockPair, distanceMs: number): void {
    this.events.clockDistance(pair, distanceMs);
    const nowMs = this.clock.now();
    if (nowMs - this.alarmedMs[pair] < ALARM_EVERY_MS) return;
    this.alarmedMs[pair] = nowMs;
    this.events.alarm('clock-distance', { pair, distanceMs });
  }
}
