import type { SendOutcome } from '#deliveries';

/** The head of an agency's answer to a notice. */
export interface NoticeAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

const MAX_SECONDS = 1_000_000_000;

/**
 * Any 2xx acknowledges, and nothing else does: another status may be a proxy's, or that of a system in the middle of its
 * update, so no status is taken for a refusal, and a redirect leads nowhere.
 */
export function acknowledgement({ status, retryAfter }: NoticeAnswer, nowMs: number): SendOutcome {
  if (status >= 200 && status <= 299) return { kind: 'delivered' };
  return { kind: 'again', why: `agency-status-${status}`, afterMs: retryAfterMs(retryAfter, nowMs) };
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfterMs(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), MAX_SECONDS) * 1_000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
