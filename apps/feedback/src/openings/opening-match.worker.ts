import type { Clock } from '#kernel';
import { Rounds } from '#platform';
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

/**
 * Runs the match whenever something new is there, and once in a while if nobody says so. Each lane goes on by itself, and
 * so does what puts old openings away: none waits for the backlog of another.
 */
export class MatchWorker {
  private readonly lanes: readonly Rounds[];
  private readonly expiry: Rounds;
  /** Of which the last round did not end; written by every round. */
  private readonly failing = new Set<Lane | 'expiry'>();

  constructor(private readonly parts: MatchWorkerParts) {
    this.lanes = LANES.map((lane) => this.rounds(lane, () => this.pass(lane)));
    this.expiry = this.rounds('expiry', () => this.expire());
  }

  start(): void {
    for (const rounds of [...this.lanes, this.expiry]) rounds.start();
  }

  /** New leaves or openings are committed. */
  wake(): void {
    for (const lane of this.lanes) lane.soon();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.lanes, this.expiry].map((rounds) => rounds.stop()));
  }

  /** The last round of something did not end. */
  get failure(): string | undefined {
    return this.failing.size > 0 ? 'openings are not indexed now; they wait' : undefined;
  }

  private rounds(of: Lane | 'expiry', round: () => Promise<number>): Rounds {
    const ended = async () => {
      const pauseMs = await round();
      this.failing.delete(of);
      return pauseMs;
    };
    const failed = (cause: unknown) => {
      this.failing.add(of);
      this.parts.failed(cause);
    };
    return new Rounds(ended, failed, FAILED_MS);
  }

  private async pass(lane: Lane): Promise<number> {
    const matched = await this.parts.match.match(OPENINGS_PER_PASS, lane);
    this.parts.matched(matched);
    for (const alike of Map.groupBy(matched.flawed, ({ flaw, consumer }) => `${flaw} ${consumer}`).values())
      this.parts.flawed(alike[0] as Flawed, alike.length);
    return matched.isFull ? 0 : IDLE_MS;
  }

  /** Puts away openings whose leaf has not come by `beforeMs`, the oldest first; how many they were. */
  async letGo(beforeMs: number, limit: number): Promise<number> {
    const expired = beforeMs === -Infinity ? 0 : await this.parts.match.expire(beforeMs, limit);
    if (expired > 0) this.parts.flawed({ flaw: 'leaf-unknown', consumer: undefined, exchangeId: undefined }, expired);
    return expired;
  }

  private async expire(): Promise<number> {
    const { clock, keepMs } = this.parts;
    const expired = await this.letGo(clock.now() - keepMs, OPENINGS_PER_PASS);
    return expired < OPENINGS_PER_PASS ? EXPIRE_EVERY_MS : 0;
  }
}
