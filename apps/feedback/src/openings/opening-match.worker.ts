import type { Clock } from '#kernel';
import { LANES, type Lane } from './inbox.store.js';
import type { Flawed, Matched, OpeningMatch } from './opening-match.service.js';

export interface MatchWorkerParts {
  readonly match: Pick<OpeningMatch, 'match' | 'expire'>;
  readonly clock: Clock;
  /** How long an opening waits for its leaf. */
  readonly keepMs: number;
  readonly matched: (matched: Matched) => void;
  /** Once for each kind of flaw and consumer of a pass; `flawed` is one of them. */
  readonly flawed: (flawed: Flawed, openings: number) => void;
  readonly failed: (cause: unknown) => void;
}

/** Of a lane; a record has 8 KiB at most. */
const OPENINGS_PER_PASS = 500;
const IDLE_MS = 500;
const FAILED_MS = 1_000;
const EXPIRE_EVERY_MS = 60_000;

/** Runs the match whenever something new is there, and once in a while if nobody says so. */
export class MatchWorker {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopped = false;
  /** Something came while a pass was under way. */
  private isWoken = false;
  private expiredAtMs = -Infinity;
  /** The last pass did not end. */
  failure: string | undefined;

  constructor(private readonly parts: MatchWorkerParts) {}

  start(): void {
    this.wake();
  }

  /** New leaves or openings are committed. */
  wake(): void {
    this.isWoken = true;
    if (this.isStopped || this.running !== undefined) return;
    clearTimeout(this.timer);
    this.running = this.run().finally(() => (this.running = undefined));
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    let pauseMs = IDLE_MS;
    try {
      while (this.isWoken && !this.isStopped) {
        this.isWoken = false;
        await this.passes();
      }
      await this.expire();
      this.failure = undefined;
    } catch (cause) {
      this.failure = 'openings are not indexed now; they wait';
      this.parts.failed(cause);
      pauseMs = FAILED_MS;
    }
    if (!this.isStopped) this.timer = setTimeout(() => this.wake(), pauseMs);
  }

  /** Ends when no lane had more than a pass takes; rejects when each has ended, if one has failed. */
  private async passes(): Promise<void> {
    const ended = await Promise.allSettled(LANES.map((lane) => this.passesOf(lane)));
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  private async passesOf(lane: Lane): Promise<void> {
    while ((await this.pass(lane)) === OPENINGS_PER_PASS && !this.isStopped);
  }

  private async pass(lane: Lane): Promise<number> {
    const matched = await this.parts.match.match(OPENINGS_PER_PASS, lane);
    this.parts.matched(matched);
    for (const alike of Map.groupBy(matched.flawed, ({ flaw, consumer }) => `${flaw} ${consumer}`).values())
      this.parts.flawed(alike[0] as Flawed, alike.length);
    return matched.openings;
  }

  /** Puts away openings whose leaf has not come by `beforeMs`, the oldest first; how many they were. */
  async letGo(beforeMs: number, limit: number): Promise<number> {
    const expired = beforeMs === -Infinity ? 0 : await this.parts.match.expire(beforeMs, limit);
    if (expired > 0) this.parts.flawed({ flaw: 'leaf-unknown', consumer: undefined, exchangeId: undefined }, expired);
    return expired;
  }

  private async expire(): Promise<void> {
    const { clock, keepMs } = this.parts;
    if (clock.now() - this.expiredAtMs < EXPIRE_EVERY_MS) return;
    const expired = await this.letGo(clock.now() - keepMs, OPENINGS_PER_PASS);
    if (expired < OPENINGS_PER_PASS) this.expiredAtMs = clock.now();
  }
}
