import { backOffMs, type BackOff } from './back-off.js';
import type { SendOutcome } from './delivery.js';

export interface RetryRule extends BackOff {
  /** Attempts until a delivery is parked; absent: it is tried for ever. */
  readonly maxAttempts?: number | undefined;
}

export interface Attempted {
  readonly outcome: SendOutcome;
  /** Attempts at this delivery, this one included. */
  readonly attempts: number;
  /** Attempts at its recipient that failed one after the other before this one. */
  readonly failures: number;
}

/** What becomes of a delivery, and when its recipient is tried again. */
export type NextStep =
  | { readonly state: 'delivered' }
  | { readonly state: 'waiting'; readonly why: string; readonly pauseMs: number }
  /** The recipient is no worse for a refusal; one that was silent to the end rests, as after any silence. */
  | { readonly state: 'parked'; readonly why: string; readonly pauseMs: number; readonly isSilence: boolean };

export function afterAttempt({ outcome, attempts, failures }: Attempted, rule: RetryRule, random: number): NextStep {
  if (outcome.kind === 'delivered') return { state: 'delivered' };
  if (outcome.kind === 'refused') return { state: 'parked', why: outcome.why, pauseMs: 0, isSilence: false };
  const askedMs = Math.min(outcome.afterMs ?? 0, rule.longestMs);
  const pauseMs = Math.max(askedMs, backOffMs(failures + 1, rule, random));
  if (isLast(attempts, rule)) return { state: 'parked', why: outcome.why, pauseMs, isSilence: true };
  return { state: 'waiting', why: outcome.why, pauseMs };
}

/** Whether so many attempts were made that there is no other. */
export function isLast(attempts: number, { maxAttempts }: RetryRule): boolean {
  return maxAttempts !== undefined && attempts >= maxAttempts;
}
