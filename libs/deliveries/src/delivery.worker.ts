import { randomUUID } from 'node:crypto';
import { Rounds } from '#platform';
import type { Queries } from '#postgres';
import { afterAttempt, isLast, type NextStep, type RetryRule } from './after-attempt.js';
import type { OutgoingDelivery, SendOutcome } from './delivery.js';
import { Inbox } from './inbox.store.js';
import { LaneStore, type Lane, type WaitingDelivery } from './lane.store.js';
import { Outbox, type OutboxSizes } from './outbox.store.js';

export interface DeliveryRule extends RetryRule {
  /** `hold`: nothing goes past a parked one, until it is replayed or discarded; `pass`: the next ones go on. */
  readonly whenParked: 'hold' | 'pass';
  /** Recipients that are served at once, at least 2. Those that fail never have more than half of it. */
  readonly concurrency: number;
  /** Time for one attempt. */
  readonly sendMs: number;
  /** How often is looked for what nobody woke us for. */
  readonly pollMs: number;
  /** How long what has ended is remembered, and what was taken. */
  readonly keepMs: number;
}

/** An attempt as it is told: never personal data. */
export interface ToldAttempt {
  readonly recipient: string;
  readonly kind: string;
  readonly id: string;
  readonly attempt: number;
  readonly state: NextStep['state'];
  readonly why: string | undefined;
}

export interface DeliveryWorkerParts {
  readonly database: Pick<Queries, 'query'>;
  readonly rule: DeliveryRule;
  /** Ends by itself when `signal` does; whatever comes later is not listened to. What it throws counts as `again`. */
  readonly send: (delivery: OutgoingDelivery, signal: AbortSignal) => Promise<SendOutcome>;
  /** Whom this worker serves, asked each time; absent: everybody. */
  readonly recipients?: () => readonly string[];
  readonly attempted: (attempt: ToldAttempt) => void;
  readonly failed: (cause: unknown) => void;
  readonly random?: () => number;
}

const FAILED_MS = 1_000;
const TIDY_MS = 10_000;
const PER_PAGE = 50;
const PAGE_BYTES = 1024 * 1024;
const PER_TIDYING = 1_000;
/** A recipient with much to take makes room for others after so long. */
const TURN_MS = 2_000;
/** Beyond the time of an attempt: what the statements around it may take. */
const LEASE_MARGIN_MS = 30_000;
const STOP_GRACE_MS = 5_000;

/**
 * Delivers what waits in the outbox: to each recipient one after the other in the order of adding, to several of them
 * side by side. One that is silent is tried again ever more rarely and stands in the way of nobody else; to keep that
 * when many are silent at once, they never have more than half of the places.
 *
 * At least once: a crash after the recipient took it and before we wrote that down delivers it again, under the same id.
 * Any number of processes may do this on one database: an attempt begins only under the lease of its recipient, so two
 * are never at one recipient, unless a process sleeps in the middle of an attempt for longer than its lease; then the
 * one attempt is made twice.
 */
export class DeliveryWorker {
  private readonly rounds: Rounds;
  private readonly tidying: Rounds;
  private readonly store: LaneStore;
  /** Recipients that are being served; written by `open`. */
  private readonly lanes = new Set<{ readonly isFailing: boolean; done: Promise<void> }>();
  private readonly stopping = new AbortController();
  /** What there is, as it was counted last. */
  sizes: OutboxSizes = { waiting: 0, parked: 0, oldestMs: 0 };

  constructor(private readonly parts: DeliveryWorkerParts) {
    this.store = new LaneStore(parts.database);
    this.rounds = new Rounds(() => this.round(), parts.failed, FAILED_MS);
    this.tidying = new Rounds(() => this.tidy(), parts.failed, TIDY_MS);
  }

  start(): void {
    this.rounds.start();
    this.tidying.start();
  }

  /** Something was added, and its transaction is committed. */
  wake(): void {
    this.rounds.soon();
  }

  /** Begins nothing new; waits for attempts under way, and gives up those that take longer than five seconds. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.stopping.abort(), STOP_GRACE_MS);
    await Promise.all([this.rounds.stop(), this.tidying.stop()]);
    await Promise.all([...this.lanes].map(({ done }) => done));
    clearTimeout(timer);
  }

  private async round(): Promise<number> {
    const { concurrency, pollMs } = this.parts.rule;
    await this.claim(false, concurrency - this.lanes.size);
    const failing = [...this.lanes].filter(({ isFailing }) => isFailing).length;
    await this.claim(true, Math.min(concurrency - this.lanes.size, Math.floor(concurrency / 2) - failing));
    return pollMs;
  }

  private async claim(isFailing: boolean, limit: number): Promise<void> {
    const { rule, recipients } = this.parts;
    const lanes = await this.store.claim({
      ...{ holder: randomUUID(), limit, isFailing, leaseMs: this.leaseMs },
      isHolding: rule.whenParked === 'hold',
      recipients: recipients?.(),
    });
    for (const lane of lanes) this.open(lane, isFailing);
  }

  private open(lane: Lane, isFailing: boolean): void {
    // The lease ends by itself, and whatever was not written down is done again.
    const served = this.serve(lane).catch((cause: unknown) => this.parts.failed(cause));
    const open = { isFailing, done: served };
    this.lanes.add(open);
    open.done = served.then(() => {
      this.lanes.delete(open);
      this.rounds.soon();
    });
  }

  /** One turn of a recipient: a page at most, and less where that takes long. */
  private async serve(lane: Lane): Promise<void> {
    const untilMs = performance.now() + TURN_MS;
    let { failures } = lane;
    for (const waiting of await this.store.page(lane.recipient, PER_PAGE, PAGE_BYTES)) {
      if (this.rounds.isStopping || performance.now() >= untilMs) break;
      const step = await this.attempt({ ...lane, failures }, waiting);
      if (step === 'lost') return;
      if (step === 'stopped') break;
      if (step === 'ended') continue;
      if (step.state === 'delivered') failures = 0;
      else if (step.state === 'waiting' || step.isSilence) return this.store.release(lane, step.pauseMs, failures + 1);
      else if (this.parts.rule.whenParked === 'hold') break;
    }
    await this.store.release(lane, 0, failures);
  }

  private async attempt(lane: Lane, waiting: WaitingDelivery): Promise<NextStep | 'lost' | 'ended' | 'stopped'> {
    const { rule, random = Math.random, attempted } = this.parts;
    const { recipient, failures } = lane;
    const { seq, id, kind } = waiting;
    // Its attempts were all begun and none ended: whatever it does to this process, it does not do it once more.
    const isSpent = isLast(waiting.attempts, rule);
    const attempt = isSpent ? waiting.attempts : await this.store.begin(lane, seq, this.leaseMs);
    if (typeof attempt !== 'number') return attempt;
    const outcome: SendOutcome = isSpent
      ? { kind: 'refused', why: 'never-ended' }
      : await this.send({ recipient, attempt, ...waiting });
    if (outcome.kind === 'again' && this.stopping.signal.aborted) return 'stopped';
    const step = afterAttempt({ outcome, attempts: attempt, failures }, rule, random());
    const why = step.state === 'delivered' ? undefined : step.why;
    await this.store.settle(seq, step.state, why);
    attempted({ recipient, kind, id, attempt, state: step.state, why });
    return step;
  }

  private async send(delivery: OutgoingDelivery): Promise<SendOutcome> {
    const { rule, send, failed } = this.parts;
    const ending = new AbortController();
    const end = () => ending.abort();
    const timer = setTimeout(end, rule.sendMs);
    this.stopping.signal.addEventListener('abort', end);
    const ended = new Promise<SendOutcome>((resolve) => {
      ending.signal.addEventListener('abort', () => resolve({ kind: 'again', why: 'timed-out' }));
    });
    try {
      return await Promise.race([send(delivery, ending.signal), ended]);
    } catch (cause) {
      failed(cause);
      return { kind: 'again', why: 'send-failed' };
    } finally {
      clearTimeout(timer);
      this.stopping.signal.removeEventListener('abort', end);
    }
  }

  private async tidy(): Promise<number> {
    const { database, rule } = this.parts;
    const outbox = new Outbox();
    this.sizes = await outbox.sizes(database);
    const removed = await outbox.removeEnded(database, rule.keepMs, PER_TIDYING);
    const forgotten = await new Inbox().forget(database, rule.keepMs, PER_TIDYING);
    return Math.max(removed, forgotten) === PER_TIDYING ? 0 : TIDY_MS;
  }

  private get leaseMs(): number {
    return this.parts.rule.sendMs + LEASE_MARGIN_MS;
  }
}
