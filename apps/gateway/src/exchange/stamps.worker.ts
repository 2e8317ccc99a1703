import type { Bus, OutgoingRecord } from '#bus';
import { fixedTopics } from '#contracts';
import type { Clock } from '#kernel';
import type { LogPulse, Sending } from './log-pulse.js';
import { leafKey } from './receipts.js';

/** A statement of ours that nobody waits for and that is to reach the log all the same. */
export interface Stamp {
  readonly jws: string;
  readonly leafHash: Uint8Array;
  readonly replyTopics: readonly string[];
  /** Not sent again after this; intake would refuse it as too old anyway. */
  readonly untilMs: number;
  /** Called once, when the log holds it (`receipt`), intake will not take it, or time is up. */
  readonly ended: (how: 'receipt' | 'refused' | 'expired') => void;
}

interface Kept extends Stamp {
  /** All three are written by `sendAll`; `sending` is absent until the first time. */
  dueMs: number;
  waitMs: number;
  sending: Sending | undefined;
}

const FIRST_WAIT_MS = 250;
/** Of a stamp that went out once: the second time waits for nobody's receipt. */
const SECOND_WAIT_MS = FIRST_WAIT_MS * 2;
const LONGEST_WAIT_MS = 10_000;
const MAX_PER_SEND = 200;

/** One record on `audit.stamp`; receipts go to the topics named in its header (`bus.md` §1). */
export function stampRecord(jws: string, replyTopics: readonly string[]): OutgoingRecord {
  return { topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(jws), headers: { reply: replyTopics } };
}

/**
 * Sends stamps again until their receipt comes: after 250 ms, then doubling up to 10 s (`bus.md` §4.2, §4.8); while the
 * log gives no receipt at all, after the first time one of them in 5 s. Bounded; what does not fit is told to its owner at once. It holds nothing that a row does not hold, except stated refusals,
 * which nobody waits for and a crash may lose.
 */
export class StampsWorker {
  private readonly kept = new Map<string, Kept>();
  /** Runs while anything is kept. */
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStopped = false;
  /** When a stamp last went out into the silence; written by `takeDue`. */
  private silentAtMs = -Infinity;

  constructor(
    private readonly bus: Bus,
    private readonly pulse: LogPulse,
    private readonly clock: Clock,
    private readonly maxKept: number,
    private readonly sendFailed: (cause: unknown) => void,
  ) {}

  /** False if there is no room; then nothing is sent. */
  keep(stamp: Stamp): boolean {
    const key = leafKey(stamp.leafHash);
    if (this.isStopped) return false;
    if (this.kept.has(key)) return true;
    if (this.kept.size >= this.maxKept) return false;
    this.kept.set(key, { ...stamp, dueMs: this.clock.now(), waitMs: FIRST_WAIT_MS, sending: undefined });
    this.wake(0);
    return true;
  }

  holds(leafHash: Uint8Array): boolean {
    return this.kept.has(leafKey(leafHash));
  }

  /** The reply topic told how a stamp has ended. Unknown leaves are somebody else's. */
  end(leafHash: Uint8Array, how: 'receipt' | 'refused' | 'expired'): void {
    const key = leafKey(leafHash);
    const stamp = this.kept.get(key);
    if (stamp === undefined) return;
    this.kept.delete(key);
    stamp.ended(how);
  }

  get size(): number {
    return this.kept.size;
  }

  /** What is still kept is in rows and is found again at the next start. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private wake(inMs: number): void {
    if (this.isStopped || (this.timer !== undefined && inMs > 0)) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.send();
    }, inMs);
  }

  private send(): void {
    for (const { leafHash, untilMs } of this.kept.values())
      if (untilMs <= this.clock.now()) this.end(leafHash, 'expired');
    const due = this.takeDue();
    if (due.length > 0) this.sendAll(due);
    if (this.kept.size > 0) this.wake(FIRST_WAIT_MS / 2);
  }

  /** What may go out now: what is new, what the log has passed over, and in its silence the one that was silent longest. */
  private takeDue(): Kept[] {
    const nowMs = this.clock.now();
    const waiting = [...this.kept.values()].filter(({ dueMs }) => dueMs <= nowMs);
    const due = waiting.filter((stamp) => this.isCalledFor(stamp)).slice(0, MAX_PER_SEND);
    if (due.length > 0 || !this.pulse.isStale(this.silentAtMs)) return due;
    const stale = waiting.filter(({ sending }) => sending !== undefined && this.pulse.isWorthRepeating(sending));
    const oldest = stale
      .sort((one, other) => (one.sending?.sentAtMs ?? 0) - (other.sending?.sentAtMs ?? 0))
      .slice(0, 1);
    if (oldest.length > 0) this.silentAtMs = nowMs;
    return oldest;
  }

  private isCalledFor({ sending, waitMs }: Kept): boolean {
    return sending === undefined || waitMs === SECOND_WAIT_MS || this.pulse.isPassedOver(sending);
  }

  private sendAll(due: readonly Kept[]): void {
    const sending = this.pulse.sent();
    for (const stamp of due) {
      stamp.sending = sending;
      stamp.dueMs = sending.sentAtMs + stamp.waitMs;
      stamp.waitMs = Math.min(stamp.waitMs * 2, LONGEST_WAIT_MS);
    }
    const records = due.map(({ jws, replyTopics }) => stampRecord(jws, replyTopics));
    // A failed send is repeated like one that the log has passed over.
    this.bus.publish(records).then(() => (sending.isAcknowledged = true), this.sendFailed);
  }
}
