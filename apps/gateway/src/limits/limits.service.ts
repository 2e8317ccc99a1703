import { LRUCache } from 'lru-cache';
import {
  agreementKey,
  quotaPeriods,
  quotaReasons,
  type AccessAgreement,
  type AgreedRate,
  type QuotaPeriod,
  type QuotaReason,
} from '#access';
import { ok, refuse, type Result, type ServiceId, type SubsystemId } from '#kernel';
import type { LimitReading } from './limit-headers.js';
import { secondsUntilOlder } from './subject-window.js';
import type { Sweeps, SweepQuestion } from './sweeps.service.js';
import { bucketAt, secondsUntil, type Bucket } from './token-bucket.js';

/** A call with everything that its limits depend on. */
export interface LimitedCall {
  readonly consumer: SubsystemId;
  readonly service: ServiceId;
  /** By which it goes through. */
  readonly agreement: AccessAgreement;
  readonly purpose: string;
  /** Undefined where it is about nobody, or only the answer tells. */
  readonly subject: SweepQuestion['subject'] | undefined;
}

export interface LimitRefusal {
  readonly code: 'rate-exceeded' | 'sweep-braked' | QuotaReason;
  readonly retryAfterS: number;
  readonly limits: readonly LimitReading[];
}

/** An outcome as far as limits are concerned. */
export interface ToldOutcome {
  readonly kind: string;
  readonly code?: string;
  readonly decidedBy?: 'gateway' | 'connector';
  readonly retryAfterS?: number;
}

/** What is over, and in how many seconds it is no more. */
type Over = readonly [code: LimitRefusal['code'], retryAfterS: number];

const MAX_REMEMBERED = 20_000;
/** Clocks are at most half a second apart (`bus.md` §1): so soon after a period's end a refusal may mean the one before. */
const JUST_BEGUN_MS = 2_000;
/** How long "spent" is believed at most. */
const ASK_AGAIN_MS = 60_000;

/**
 * The limits that agreements set, as far as a gateway keeps them: the rate, persons per hour, and quotas of which the
 * provider has said that they are spent. It counts no quota itself. What it forgets lets a call through to the provider,
 * never past it.
 */
export class Limits {
  /** By agreement. A forgotten bucket is a full one. */
  private readonly buckets = new LRUCache<string, Bucket>({ max: MAX_REMEMBERED });
  /** Until when periods are known to be spent, by agreement, period and quota: a larger quota is another. */
  private readonly spent = new LRUCache<string, number>({ max: MAX_REMEMBERED });

  constructor(private readonly sweeps: Sweeps) {}

  /** Takes a call of the rate and counts its subject, or says why it may not pass now. */
  admit(call: LimitedCall, nowMs: number): Result<undefined, LimitRefusal> {
    const { quota, rate, sweep } = call.agreement;
    if (quota === undefined && rate === undefined && sweep === undefined) return ok(undefined);
    const [code, retryAfterS] = this.over(call, nowMs) ?? this.taking(call, nowMs) ?? [];
    if (code === undefined || retryAfterS === undefined) return ok(undefined);
    return refuse({ code, retryAfterS: Math.max(1, retryAfterS), limits: this.readings(call, nowMs) });
  }

  /** What is known to be over, whoever the call is about; asking changes nothing. */
  private over(call: LimitedCall, nowMs: number): Over | undefined {
    const { agreement, consumer, purpose } = call;
    const { quota, sweep } = agreement;
    const spent = quotaPeriods(quota, nowMs).find((period) => this.isSpent(call, period, nowMs));
    if (spent !== undefined) return [quotaReasons[spent.kind], Math.ceil((spent.endsAtMs - nowMs) / 1_000)];
    const isBraked = sweep?.brake === true && this.sweeps.isOver(consumer, purpose, sweep, nowMs);
    return isBraked ? ['sweep-braked', secondsUntilOlder(nowMs)] : undefined;
  }

  /** Takes the call of its rate, and counts whom it is about. */
  private taking(call: LimitedCall, nowMs: number): Over | undefined {
    const { agreement, consumer, purpose, subject } = call;
    const { rate, sweep } = agreement;
    const waitS = rate === undefined ? 0 : this.take(call, rate, nowMs);
    if (waitS > 0) return ['rate-exceeded', waitS];
    if (sweep === undefined || subject === undefined) return undefined;
    const isSweeping = this.sweeps.see({ consumer, purpose, subject, agreed: sweep }, nowMs);
    return isSweeping && sweep.brake === true ? ['sweep-braked', secondsUntilOlder(nowMs)] : undefined;
  }

  /** How the limits of a call stand, for its caller. */
  readings(call: LimitedCall, nowMs: number): LimitReading[] {
    const { quota, rate } = call.agreement;
    const periods = quotaPeriods(quota, nowMs).map((period): LimitReading => {
      const windowS = period.kind === 'day' ? 86_400 : 30 * 86_400;
      const reading = { name: period.kind, calls: period.limit, windowS };
      if (!this.isSpent(call, period, nowMs)) return reading;
      return { ...reading, left: { calls: 0, resetS: Math.ceil((period.endsAtMs - nowMs) / 1_000) } };
    });
    if (rate === undefined) return periods;
    const bucket = bucketAt(this.buckets.get(keyOf(call)), rate, nowMs);
    const left = { calls: Math.floor(bucket.tokens), resetS: secondsUntil(rate.burst, bucket, rate) };
    return [{ name: 'rate', calls: rate.burst, windowS: Math.ceil(rate.burst / rate.perSecond), left }, ...periods];
  }

  /**
   * Hears how a call ended. A provider that says that a quota is spent is believed for a minute, and not beyond the period's end: further calls
   * would cost everybody an exchange and be refused. In how many seconds the caller may come again, if it was so.
   */
  heard(call: LimitedCall, outcome: ToldOutcome, nowMs: number): number | undefined {
    const { kind, code, decidedBy } = outcome;
    if (kind !== 'refused' || decidedBy !== 'connector') return undefined;
    const { quota } = call.agreement;
    const period = quotaPeriods(quota, nowMs).find((one) => quotaReasons[one.kind] === code);
    if (period === undefined) return undefined;
    const before = quotaPeriods(quota, nowMs - JUST_BEGUN_MS).find((one) => one.kind === period.kind);
    if (before?.name !== period.name) return 1;
    // Connectors that stop give back what they hold, so it is asked again now and then.
    this.spent.set(spentKey(call, period), Math.min(period.endsAtMs, nowMs + ASK_AGAIN_MS));
    return Math.ceil((period.endsAtMs - nowMs) / 1_000);
  }

  private isSpent(call: LimitedCall, period: QuotaPeriod, nowMs: number): boolean {
    // Most of the time nothing is spent, and then no key is made.
    return this.spent.size > 0 && nowMs < (this.spent.get(spentKey(call, period)) ?? 0);
  }

  /** Seconds to wait; 0: a call was taken. */
  private take(call: LimitedCall, rate: AgreedRate, nowMs: number): number {
    const key = keyOf(call);
    const bucket = bucketAt(this.buckets.get(key), rate, nowMs);
    const isThere = bucket.tokens >= 1;
    this.buckets.set(key, isThere ? { ...bucket, tokens: bucket.tokens - 1 } : bucket);
    return isThere ? 0 : Math.max(1, secondsUntil(1, bucket, rate));
  }
}

function keyOf({ consumer, service, agreement }: LimitedCall): string {
  return agreementKey(consumer, service, agreement);
}

function spentKey(call: LimitedCall, { name, limit }: QuotaPeriod): string {
  return `${name} ${limit} ${keyOf(call)}`;
}
