import { LRUCache } from 'lru-cache';
import { agreementKey, quotaPeriods, quotaReasons, type AccessAgreement, type QuotaReason } from '#access';
import { ok, refuse, type Clock, type Result, type ServiceId, type SubsystemId } from '#kernel';
import type { Count, QuotaStore } from './quota.store.js';

/** A call that is about to be let through, and the agreement that allows it. */
export interface CountedCall {
  readonly consumer: SubsystemId;
  readonly service: ServiceId;
  readonly agreement: Pick<AccessAgreement, 'endpoints' | 'purposes' | 'quota'>;
}

export interface QuotasParts {
  readonly store: Pick<QuotaStore, 'take' | 'giveBack' | 'sweep'>;
  readonly clock: Clock;
  readonly failed: (what: string, cause: unknown) => void;
}

export interface QuotasLimits {
  /** Calls that one connector takes from a counter at once. */
  readonly lot: number;
  /** Calls that wait for the database; more are not let through. */
  readonly maxWaiting: number;
  /** How long one of them waits. */
  readonly waitMs?: number;
}

/** What this process has taken of one counter and not spent. */
interface Holding {
  readonly count: Count;
  /** Rises by what `refill` takes, falls with each call. */
  left: number;
  /** There while the database is asked. */
  refill: Promise<void> | undefined;
  /** Until then the last answer of the database stands: all taken, or it did not answer. */
  stands: { readonly untilMs: number; readonly reason: QuotaReason | 'quota-uncounted' } | undefined;
}

const WAIT_MS = 2_000;
/** A connector that stops gives back what it has not spent, so what was spent may not be so for ever. */
const SPENT_FOR_MS = 2_000;
const FAILED_FOR_MS = 1_000;
const MAX_HOLDINGS = 20_000;
const SWEEP_EVERY_MS = 60 * 60_000;
const KEEP_MS = 62 * 24 * 60 * 60_000;

/**
 * Counts calls against the quotas of agreements, together with all connectors of this database. It never lets more through
 * than were agreed: a lot is in the counter before the first of its calls passes, and killed in between the rest of the
 * lot is lost. Where nothing can be counted nothing passes; agreements without a quota are not its matter.
 */
export class Quotas {
  /** By agreement and kind of period. What falls out is given back. */
  private readonly holdings = new LRUCache<string, Holding>({
    max: MAX_HOLDINGS,
    dispose: (holding) => this.giveBack(holding),
  });
  /** Under way: refills and what is given back; `stop` waits for them. */
  private readonly open = new Set<Promise<void>>();
  private waiting = 0;
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: QuotasParts,
    private readonly limits: QuotasLimits,
  ) {}

  start(): this {
    this.timer = setInterval(() => {
      void this.track(this.parts.store.sweep(KEEP_MS), 'quota-not-swept');
    }, SWEEP_EVERY_MS).unref();
    return this;
  }

  /** Lets nothing pass any more, and gives back what was taken and not spent. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await Promise.allSettled(this.open);
    this.holdings.clear();
    await Promise.allSettled(this.open);
  }

  /** Calls that this process may let through without asking anybody. */
  get held(): number {
    return [...this.holdings.values()].reduce((sum, { left }) => sum + left, 0);
  }

  /** Counts one call in the day and the month of its agreement, in both or in none. */
  async spend(call: CountedCall): Promise<Result<undefined, QuotaReason | 'quota-uncounted'>> {
    const { clock } = this.parts;
    const untilMs = performance.now() + (this.limits.waitMs ?? WAIT_MS);
    for (;;) {
      // Anew after each wait: a day may have ended meanwhile.
      const holdings = this.holdingsOf(call, clock.now());
      const empty = holdings.find(({ left }) => left === 0);
      if (empty === undefined) {
        for (const holding of holdings) holding.left -= 1;
        return ok(undefined);
      }
      if (empty.stands !== undefined && clock.now() < empty.stands.untilMs) return refuse(empty.stands.reason);
      const isHeard = !this.isStopped && (await this.hear(this.refillOf(empty), untilMs - performance.now()));
      if (!isHeard) return refuse('quota-uncounted');
    }
  }

  private holdingsOf({ consumer, service, agreement }: CountedCall, nowMs: number): Holding[] {
    const periods = quotaPeriods(agreement.quota, nowMs);
    if (periods.length === 0) return [];
    const key = agreementKey(consumer, service, agreement);
    return periods.map((period) => {
      const place = `${period.kind} ${key}`;
      const known = this.holdings.get(place);
      if (known?.count.period.name === period.name && known.count.period.limit === period.limit) return known;
      const count: Count = { agreement: key, period };
      const holding: Holding = { count, left: 0, refill: undefined, stands: undefined };
      // A lot of yesterday, or of another quota, is of no use any more: `dispose` gives it back.
      this.holdings.set(place, holding);
      return holding;
    });
  }

  private refillOf(holding: Holding): Promise<void> {
    holding.refill ??= this.track(
      this.refill(holding).finally(() => {
        holding.refill = undefined;
      }),
      'quota-not-counted',
    );
    return holding.refill;
  }

  private async refill(holding: Holding): Promise<void> {
    const { store, clock } = this.parts;
    const { period } = holding.count;
    try {
      const lot = await store.take(holding.count, this.limits.lot);
      const reason = quotaReasons[period.kind];
      holding.stands = lot === 0 ? { untilMs: clock.now() + SPENT_FOR_MS, reason } : undefined;
      holding.left += lot;
      if (!this.isCurrent(holding)) this.giveBack(holding);
    } catch (cause) {
      holding.stands = { untilMs: clock.now() + FAILED_FOR_MS, reason: 'quota-uncounted' };
      throw cause;
    }
  }

  private isCurrent(holding: Holding): boolean {
    return this.holdings.peek(`${holding.count.period.kind} ${holding.count.agreement}`) === holding;
  }

  /** False if too many wait already, or nothing was heard in time. A failure is heard, too: it stands for a while. */
  private async hear(refill: Promise<void>, forMs: number): Promise<boolean> {
    if (this.waiting >= this.limits.maxWaiting || forMs <= 0) return false;
    this.waiting += 1;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), forMs);
    });
    try {
      return await Promise.race([refill.then(() => true), late]);
    } finally {
      clearTimeout(timer);
      this.waiting -= 1;
    }
  }

  /** Taken out of memory first: given back and spent as well it would be one call too many. */
  private giveBack(holding: Holding): void {
    const { left } = holding;
    holding.left = 0;
    if (left > 0) void this.track(this.parts.store.giveBack(holding.count, left), 'quota-not-given-back');
  }

  /** Never rejects; `stop` waits for it. */
  private track(work: Promise<void>, what: string): Promise<void> {
    const tracked = work.catch((cause: unknown) => this.parts.failed(what, cause));
    this.open.add(tracked);
    void tracked.finally(() => this.open.delete(tracked));
    return tracked;
  }
}
