import type { Channel, DeliveryState } from './notification.js';

/** What is known of one attempt. */
export type Transmission =
  | { readonly kind: 'taken' }
  /** It was certainly not taken; again may help. */
  | { readonly kind: 'again'; readonly why: string }
  /** It was certainly not taken and never will be. */
  | { readonly kind: 'refused'; readonly why: string }
  /** It may have been taken. */
  | { readonly kind: 'unknown'; readonly why: string }
  /** There is no way to this person on that channel. */
  | { readonly kind: 'nowhere'; readonly why: string };

export interface AttemptRule {
  /** How old a delivery may get: what comes later helps nobody. */
  readonly giveUpMs: number;
  /** After so many failed attempts. */
  readonly pauseMs: (attempts: number) => number;
}

export interface Verdict {
  readonly state: Exclude<DeliveryState, 'SENDING'>;
  readonly why: string | undefined;
  /** Until the next attempt. */
  readonly pauseMs: number;
}

/** How far a delivery was with the attempt. */
export interface AttemptPlace {
  /** This one included. */
  readonly attempts: number;
  /** Since it was made. */
  readonly ageMs: number;
}

/**
 * What becomes of a delivery after an attempt. Its age alone ends what may still help: a portal, a server or a password
 * that is at fault for a day is at fault for everybody, and says nothing of this delivery. What may have arrived is not sent twice: an SMS costs
 * money, a second mail only confuses, and the inbox has it. A push is repeated, under the same key, by which its gateway
 * knows it again.
 */
export function afterTransmission(
  channel: Channel,
  transmission: Transmission,
  { attempts, ageMs }: AttemptPlace,
  rule: AttemptRule,
): Verdict {
  const { kind } = transmission;
  if (kind === 'taken') return { state: 'SENT', why: undefined, pauseMs: 0 };
  const { why } = transmission;
  if (kind === 'nowhere') return { state: 'SUPPRESSED', why, pauseMs: 0 };
  if (kind === 'unknown' && channel !== 'push') return { state: 'UNCERTAIN', why, pauseMs: 0 };
  const leftMs = rule.giveUpMs - ageMs;
  if (kind === 'refused' || leftMs <= 0) return { state: 'FAILED', why, pauseMs: 0 };
  // The last attempt comes when it is as old as it may get.
  return { state: 'WAITING', why, pauseMs: Math.min(rule.pauseMs(attempts), leftMs) };
}

/** 501, 503, 505: it says that it does nothing of the kind, or nothing now. */
const NOT_ACTED: ReadonlySet<number> = new Set([501, 503, 505]);

/** What an answer of a web hook means; whoever forwards (3xx) has not taken it, and is not followed. */
export function hookTransmission(status: number): Transmission {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const why = `hook-${status}`;
  // Whoever failed, or what is behind them (RFC 9110 §15.6), may have acted before.
  if (status >= 500 && !NOT_ACTED.has(status)) return { kind: 'unknown', why };
  const isForLater = status >= 500 || status < 400 || [408, 425, 429].includes(status);
  return isForLater ? { kind: 'again', why } : { kind: 'refused', why };
}

/**
 * What a failed attempt at a mail means. `code` is the server's own reply, which decides; without one everything hangs on
 * whether a byte of the message was read from us, which happens only after the server asked for it (RFC 5321 §4.1.1.4).
 */
export function mailTransmission(code: number | undefined, isBegun: boolean): Transmission {
  if (code !== undefined && code >= 400)
    return code < 500 ? { kind: 'again', why: `smtp-${code}` } : { kind: 'refused', why: `smtp-${code}` };
  return isBegun ? { kind: 'unknown', why: 'smtp-cut' } : { kind: 'again', why: 'smtp-unreachable' };
}
