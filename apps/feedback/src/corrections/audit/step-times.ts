/** How long cases have stood in each state that they have left, in ms; for a query over steps between $1 and $2. */
export const STATE_TIMES = `
  SELECT case_id, owner, service, was AS state, at_ms,
         at_ms - lag(at_ms) OVER (PARTITION BY case_id ORDER BY seq) AS ms
    FROM correction_step WHERE was <> now`;

/** States in which the owner has a term; that of another is nobody's delay. */
export const OWNERS_STATES = [
  'ROUTED',
  'RECEIVED',
  'REOPENED',
  'IN_REVIEW',
  'TRANSFERRED',
  'ACCEPTED',
  'PARTIALLY_ACCEPTED',
] as const;

/** What a period is, ms: from the first, until before the second. */
export interface Period {
  readonly fromMs: number;
  readonly untilMs: number;
}
