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
  readonly maxAttempts: number;
  /** After so many failed attempts. */
  readonly pauseMs: (attempts: number) => number;
}

export interface Verdict {
  readonly state: Exclude<DeliveryState, 'SENDING'>;
  readonly why: string | undefined;
  /** Until the next attempt. */
  readonly pauseMs: number;
}

/**
 * What becomes of a delivery after its attempt number `attempts`. What may have arrived is not sent twice: an SMS costs
 * money, a second mail only confuses, and the inbox has it. A push is repeated, under the same key, by which its gateway
 * knows it again.
 */
export function afterTransmission(
  channel: Channel,
  transmission: Transmission,
  attempts: number,
  rule: AttemptRule,
): Verdict {
  const { kind } = transmission;
  if (kind === 'taken') return { state: 'SENT', why: undefined, pauseMs: 0 };
  const { why } = transmission;
  if (kind === 'nowhere') return { state: 'SUPPRESSED', why, pauseMs: 0 };
  if (kind === 'unknown' && channel !== 'push') return { state: 'UNCERTAIN', why, pauseMs: 0 };
  if (kind === 'refused' || attempts >= rule.maxAttempts) return { state: 'FAILED', why, pauseMs: 0 };
  return { state: 'WAITING', why, pauseMs: rule.pauseMs(attempts) };
}

/** What an answer of a web hook means; whoever forwards (3xx) has not taken it, and is not followed. */
export function hookTransmission(status: number): Transmission {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const why = `hook-${status}`;
  // RFC 9110 §15.6.5: what is behind it was asked, and did not answer in time.
  if (status === 504) return { kind: 'unknown', why };
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
