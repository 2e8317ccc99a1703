import type { StatementType } from '#signing';

/** What a person is told of (`corrections.md` §8). */
export const NOTICE_CODES = [
  ...(['submitted', 'received', 'info-requested', 'transferred', 'extended', 'decided', 'corrected'] as const),
  ...(['closed', 'near', 'missed', 'escalated', 'reopened'] as const),
] as const;
export type NoticeCode = (typeof NOTICE_CODES)[number];

/** What a person decides about together. Nothing of today's cases is `security`. */
export const CATEGORIES = ['action', 'progress', 'decision', 'information', 'security'] as const;
export type Category = (typeof CATEGORIES)[number];

/** Ways beside the inbox, which always has it; the cheapest first (E22). */
export const CHANNELS = ['push', 'email', 'sms'] as const;
export type Channel = (typeof CHANNELS)[number];

export const DELIVERY_STATES = ['WAITING', 'SENDING', 'SENT', 'FAILED', 'SUPPRESSED', 'UNCERTAIN'] as const;
/**
 * `SENDING`: an attempt has begun, and its outcome is not written yet. `UNCERTAIN`: it may or may not have arrived, and
 * is not sent again. `FAILED`: too old, or refused for good. `SUPPRESSED`: not wanted, or no way.
 */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

const CODE_OF: Readonly<Partial<Record<StatementType, NoticeCode>>> = {
  'correction.submitted': 'submitted',
  'correction.received': 'received',
  'correction.info-requested': 'info-requested',
  'correction.transferred': 'transferred',
  'correction.extended': 'extended',
  'correction.decided': 'decided',
  'correction.corrected': 'corrected',
  'correction.closed': 'closed',
  'correction.deadline-near': 'near',
  'correction.deadline-missed': 'missed',
  'correction.escalated': 'escalated',
  'correction.reopened': 'reopened',
};

const CATEGORY_OF: Readonly<Record<NoticeCode, Category>> = {
  'info-requested': 'action',
  submitted: 'progress',
  received: 'progress',
  transferred: 'progress',
  extended: 'progress',
  decided: 'decision',
  reopened: 'decision',
  corrected: 'information',
  closed: 'information',
  near: 'information',
  missed: 'information',
  escalated: 'information',
};

/** Undefined: a step of which the person is told nothing. */
export function noticeCodeOf(type: StatementType): NoticeCode | undefined {
  return CODE_OF[type];
}

export function categoryOf(code: NoticeCode): Category {
  return CATEGORY_OF[code];
}
