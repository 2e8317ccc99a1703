/** What ties the fields of a case's statements to each other, as `docs/audit-events.md` has it. */

const STATES: ReadonlySet<string> = new Set([
  'DRAFT',
  'SUBMITTED',
  'TRANSFERRED',
  'ROUTED',
  'RECEIVED',
  'REOPENED',
  'IN_REVIEW',
  'NEEDS_INFO',
  'ACCEPTED',
  'PARTIALLY_ACCEPTED',
  'REJECTED',
  'CORRECTED',
  'PROPAGATING',
  'CLOSED',
  'WITHDRAWN',
]);
const ACTIONS: ReadonlySet<string> = new Set(['APPLIED', 'NOT_HELD', 'REFUSED']);
const DECISIONS =
  'error-confirmed record-outdated record-missing record-not-theirs mass-correction data-correct evidence-missing ' +
  'evidence-insufficient law-forbids other-procedure repeated-request';
const TERMS = 'acknowledge forward take-up decide reply correct propagate recipient appeal';
/** The reasons of each type that gives one. */
const REASONS: Readonly<Record<string, string>> = {
  transferred: 'not-our-element copy-stale competence-moved operator-assigned',
  'info-requested': 'document-needed value-unclear period-unclear identity-unclear',
  extended: 'data-of-others-needed study-needed expert-needed records-abroad',
  decided: DECISIONS,
  joined: DECISIONS,
  'recipient-acked': 'law-forbids record-frozen subject-unknown own-decision',
  reopened: 'appeal supervisor-order old-value-seen part-reopened',
  'deadline-near': TERMS,
  'deadline-missed': TERMS,
  escalated: TERMS,
};

interface CaseFields {
  readonly t: string;
  readonly seq: number;
  readonly was: string;
  readonly now: string;
  readonly why: string | undefined;
  readonly doc: string | undefined;
}

/** Whether a statement whose fields are each in their form is one that a case can have; of another kind, always. */
export function caseFieldsAgree({ t, seq, was, now, why, doc }: CaseFields): boolean {
  if (!t.startsWith('correction.')) return true;
  const name = t.slice('correction.'.length);
  // What is private stays salted.
  if (doc !== undefined && !doc.startsWith('h1:')) return false;
  if (why !== undefined && REASONS[name]?.split(' ').includes(why) !== true) return false;
  if (name === 'recipient-acked') return ACTIONS.has(now) && (now === 'REFUSED') === (why !== undefined);
  return STATES.has(was) && STATES.has(now) && (name === 'submitted') === (seq === 1);
}
