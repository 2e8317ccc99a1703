import type { SendOutcome } from '#deliveries';

/** The head of an agency's answer to a notice. */
export interface NoticeAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

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
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const atMs = HTTP_DATE.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
