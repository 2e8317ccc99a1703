import { outcomeReasons } from '#access';
import {
  CASE_STATES,
  DECISION_REASONS,
  EXTENSION_REASONS,
  QUESTION_CODES,
  RECIPIENT_ACTIONS,
  RECIPIENT_REASONS,
  REOPENING_REASONS,
  TERM_NAMES,
  TRANSFER_REASONS,
} from './correction-words.js';

export const MAX_COMMITMENTS = 16;
export const UUID_V8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const STATES: ReadonlySet<unknown> = new Set(CASE_STATES);
export const ACTIONS: ReadonlySet<unknown> = new Set(RECIPIENT_ACTIONS);
/** Which reasons each transition may give; one that is not here gives none. */
const CASE_REASONS: Readonly<Record<string, readonly string[]>> = {
  'correction.transferred': TRANSFER_REASONS,
  'correction.info-requested': QUESTION_CODES,
  'correction.extended': EXTENSION_REASONS,
  'correction.decided': DECISION_REASONS,
  'correction.joined': DECISION_REASONS,
  'correction.recipient-acked': RECIPIENT_REASONS,
  'correction.reopened': REOPENING_REASONS,
  'correction.deadline-near': TERM_NAMES,
  'correction.deadline-missed': TERM_NAMES,
  'correction.escalated': TERM_NAMES,
};
export const ALL_CASE_REASONS: ReadonlySet<unknown> = new Set(Object.values(CASE_REASONS).flat());

/** Whether the fields of a type, each in its form, go together. */
export function agree(type: string, fields: Readonly<Record<string, unknown>>): boolean {
  if (!isDated(type, fields['until'])) return false;
  if (type === 'registry.changed' || type === 'registry.suspended') return changeAgrees(type, fields);
  return type.startsWith('correction.') ? caseAgrees(type, fields) : fieldsAgree(type, fields);
}

/** Only a corrected value may hold since before 1970, and since a day that there is. */
function isDated(type: string, until: unknown): boolean {
  if (typeof until !== 'number') return true;
  return type === 'correction.corrected' ? !Number.isNaN(new Date(until).getTime()) : until >= 0;
}

/** Two persons make a change, one alone may stop something; a snapshot follows the one that it was decided by. */
function changeAgrees(type: string, { id, user, snap, n, doc }: Readonly<Record<string, unknown>>): boolean {
  const persons = type === 'registry.changed' ? 2 : 1;
  const isNext = Number(n) === Number(snap) || Number(n) === Number(snap) + 1;
  const isSalted = typeof doc === 'string' && doc.startsWith('h1:');
  return (
    typeof id === 'string' && !UUID_V8.test(id) && Array.isArray(user) && user.length === persons && isNext && isSalted
  );
}

/**
 * What ties fields to each other: a service belongs to `to`, commitments are at most 16 together, only a conflict is
 * v8, and a token is public.
 */
function fieldsAgree(type: string, fields: Readonly<Record<string, unknown>>): boolean {
  const { id, svc, to, subj, user, doc, why } = fields;
  if ((type === 'exchange.conflict') !== (typeof id === 'string' && UUID_V8.test(id))) return false;
  if (type === 'anchor.tsr' && !(typeof doc === 'string' && doc.startsWith('h0:'))) return false;
  if (typeof svc === 'string' && typeof to === 'string' && !svc.startsWith(`${to}/`)) return false;
  if (type !== 'refusals' && typeof why === 'string' && !Object.hasOwn(outcomeReasons, why)) return false;
  const length = (value: unknown) => (Array.isArray(value) ? value.length : 0);
  return length(subj) + length(user) <= MAX_COMMITMENTS;
}

/**
 * A case's first transition is number 1 and alone in that; a reason is one of its transition's, and a recipient's word is
 * no state. What is private stays salted.
 */
function caseAgrees(type: string, { id, seq, now, why, doc }: Readonly<Record<string, unknown>>): boolean {
  if (typeof id !== 'string' || UUID_V8.test(id)) return false;
  if (typeof doc === 'string' && !doc.startsWith('h1:')) return false;
  if (typeof why === 'string' && CASE_REASONS[type]?.includes(why) !== true) return false;
  if (type === 'correction.recipient-acked') return ACTIONS.has(now) && (now === 'REFUSED') === (why !== undefined);
  return STATES.has(now) && (type === 'correction.submitted') === (seq === 1);
}
