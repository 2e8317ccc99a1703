import type { Clock } from '#kernel';
import type { Database } from '#postgres';
import type { CasePeriodStore } from '../audit/case-period.store.js';
import type { Period } from '../audit/step-times.js';
import { shownGroups, type CountedGroup, type ShownGroup } from './case-statistics.js';

const COUNTS = `
  SELECT owner, service, count(*) FILTER (WHERE type = 'correction.submitted') AS filed,
         count(DISTINCT case_id) FILTER (WHERE type = 'correction.deadline-missed') AS overdue,
         count(*) FILTER (WHERE type = 'correction.transferred') AS transfers,
         count(*) FILTER (WHERE type = 'correction.reopened' AND why = 'old-value-seen') AS reopened
    FROM correction_step WHERE at_ms >= $1 AND at_ms < $2 GROUP BY owner, service ORDER BY owner, service`;
const DECIDED = `
  SELECT owner, service, now AS outcome, why AS reason, count(*) AS count FROM correction_step
   WHERE type IN ('correction.decided', 'correction.joined') AND at_ms >= $1 AND at_ms < $2
   GROUP BY owner, service, now, why ORDER BY owner, service, now, why`;
const DAY_MS = 24 * 60 * 60_000;
const KEPT_MS = 5 * 60_000;
const MOST_KEPT = 100;

interface CountRow {
  readonly owner: string;
  readonly service: string;
  readonly filed: string;
  readonly overdue: string;
  readonly transfers: string;
  readonly reopened: string;
}

/**
 * What everybody may know, from transitions alone. Whole days only: else the difference of two periods would be one
 * person's case. Each answer is kept for a while, so that asking often costs nothing.
 */
export class CaseStatistics {
  /** By period; the oldest goes first. Written by `of`. */
  private readonly kept = new Map<string, { readonly untilMs: number; readonly groups: Promise<ShownGroup[]> }>();

  constructor(
    private readonly database: Database,
    private readonly period: Pick<CasePeriodStore, 'times'>,
    private readonly clock: Clock,
  ) {}

  of({ fromMs, untilMs }: Period): Promise<ShownGroup[]> {
    const days = { fromMs: wholeDay(fromMs), untilMs: wholeDay(Math.min(untilMs, this.clock.now())) };
    const key = `${days.fromMs} ${days.untilMs}`;
    const nowMs = this.clock.now();
    const known = this.kept.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.groups;
    const groups = this.counted(days);
    this.kept.delete(key);
    this.kept.set(key, { untilMs: nowMs + KEPT_MS, groups });
    groups.catch(() => this.kept.delete(key));
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST_KEPT && oldest !== undefined) this.kept.delete(oldest);
    return groups;
  }

  private async counted({ fromMs, untilMs }: Period): Promise<ShownGroup[]> {
    const [rows, decided, times] = await Promise.all([
      this.database.query<CountRow>(COUNTS, [fromMs, untilMs]),
      this.database.query<{ owner: string; service: string; outcome: string; reason: string; count: string }>(DECIDED, [
        fromMs,
        untilMs,
      ]),
      this.period.times({ fromMs, untilMs }),
    ]);
    const groups = rows.map(({ owner, service, filed, overdue, transfers, reopened }): CountedGroup => ({
      ...{ owner, service, filed: Number(filed), overdue: Number(overdue), transfers: Number(transfers) },
      reopenedByVerification: Number(reopened),
      decided: decided
        .filter((one) => one.owner === owner && one.service === service)
        .map(({ outcome, reason, count }) => ({ outcome, reason, count: Number(count) })),
    }));
    return shownGroups(groups, times);
  }
}

/** The day of UTC in which it is, from its beginning. */
function wholeDay(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}
