import { Temporal } from 'temporal-polyfill';
import { sha256, toHex, type ServiceId, type SubsystemId } from '#kernel';
import type { AccessAgreement, AgreedQuota } from './view.js';

/** Why a call is one too many, by the period whose calls are spent. */
export const quotaReasons = { day: 'quota-day-spent', month: 'quota-month-spent' } as const;
export type QuotaReason = (typeof quotaReasons)[keyof typeof quotaReasons];

/** A day or a month by the agreement's calendar, and how many calls it holds. */
export interface QuotaPeriod {
  readonly kind: 'day' | 'month';
  /** `2026-11-28` or `2026-11`. */
  readonly name: string;
  readonly limit: number;
  /** First instant of the next one. */
  readonly endsAtMs: number;
}

interface Today {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly periods: readonly QuotaPeriod[];
}

/** Calendars are slow: each is asked once a day. Entries live as long as their snapshot. */
const today = new WeakMap<AgreedQuota, Today>();

/** The periods that a call at `atMs` counts in, the shortest first; none where nothing is limited. */
export function quotaPeriods(quota: AgreedQuota | undefined, atMs: number): readonly QuotaPeriod[] {
  if (quota === undefined) return [];
  let known = today.get(quota);
  if (known === undefined || atMs < known.sinceMs || atMs >= known.untilMs) {
    known = todayOf(quota, atMs);
    today.set(quota, known);
  }
  return known.periods;
}

function todayOf({ day, month, timeZone = 'UTC' }: AgreedQuota, atMs: number): Today {
  const date = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate();
  const startOf = (one: Temporal.PlainDate) => one.toZonedDateTime(timeZone).epochMilliseconds;
  const untilMs = startOf(date.add({ days: 1 }));
  const periods: QuotaPeriod[] = [];
  if (day !== undefined) periods.push({ kind: 'day', name: date.toString(), limit: day, endsAtMs: untilMs });
  if (month !== undefined) {
    const endsAtMs = startOf(date.with({ day: 1 }).add({ months: 1 }));
    periods.push({ kind: 'month', name: date.toPlainYearMonth().toString(), limit: month, endsAtMs });
  }
  return { sinceMs: startOf(date), untilMs, periods };
}

/**
 * Under which name the calls of an agreement are counted: by what it is a right to, so that a longer term or a larger quota
 * does not begin anew. Two agreements that are a right to the same are counted together.
 */
export function agreementKey(
  consumer: SubsystemId,
  service: ServiceId,
  { endpoints, purposes }: Pick<AccessAgreement, 'endpoints' | 'purposes'>,
): string {
  return toHex(sha256(JSON.stringify([consumer, service, endpoints.toSorted(), purposes.toSorted()])));
}
