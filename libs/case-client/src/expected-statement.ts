import { actDoc, valueHash, type OwnerAct } from '#corrections';
import { fromBase64Url, refuse, ok, type Result, type SubsystemId } from '#kernel';
import type { RecipientAction, RecipientReason, StatementPayload } from '#signing';

/** What a statement has to say if it is that of an act: these fields so, and the other ones that it may have unsaid. */
export type ExpectedStatement = Readonly<Record<string, unknown>> & { readonly t: StatementPayload['t'] };

/** Between the proposal and us: no clock that works is further away. */
const MAX_CLOCK_DISTANCE_MS = 5 * 60_000;
/** Fields by which an act says more than that it happened; one that is not expected must not stand there. */
const SAYING = ['why', 'doc', 'ref', 'until', 'n', 'subj', 'from', 'to', 'id', 't', 'now', 'v'] as const;

const STATES = {
  receive: ['received', 'RECEIVED'],
  start: ['review-started', 'IN_REVIEW'],
  transfer: ['transferred', 'TRANSFERRED'],
  'request-info': ['info-requested', 'NEEDS_INFO'],
  extend: ['extended', 'IN_REVIEW'],
  decide: ['decided', undefined],
  correct: ['corrected', 'CORRECTED'],
  join: ['joined', 'ACCEPTED'],
} as const;

/** Of an owner's act in a case: what its statement says of it, so that nobody has an owner sign another one. */
export function statementOfAct(id: string, owner: SubsystemId, act: OwnerAct): ExpectedStatement {
  const [transition, state] = STATES[act.act];
  return {
    ...{ v: 1, t: `correction.${transition}`, id, to: owner },
    now: act.act === 'decide' ? act.outcome : state,
    ...saidBy(act),
  };
}

function saidBy(act: OwnerAct): Readonly<Record<string, unknown>> {
  const doc = actDoc(act);
  switch (act.act) {
    case 'receive':
      return { doc: act.receiptOver };
    case 'start':
      return {};
    case 'transfer':
    case 'extend':
      return { why: act.reason };
    case 'request-info':
      return { why: act.question, doc };
    case 'decide':
      return { why: act.reasonCode, doc };
    case 'correct':
      return { until: Date.parse(act.effectiveFrom), doc };
    case 'join':
      return { why: 'mass-correction', ref: act.massId, doc };
  }
}

/** What a recipient says that it did with the news that a value is corrected. */
export interface Acknowledgement {
  readonly action: RecipientAction;
  readonly reason?: RecipientReason | undefined;
}

/** Its id is one of its own, so that the log does not tell of which case it is; its digest binds what it says. */
export function statementOfAcknowledgement(
  recipient: SubsystemId,
  { action, reason }: Acknowledgement,
  salt: string,
): ExpectedStatement {
  const said = { action, ...(reason === undefined ? {} : { reason }) };
  return {
    ...{ v: 1, t: 'correction.recipient-acked', from: recipient, now: action },
    ...(reason === undefined ? {} : { why: reason }),
    doc: valueHash(fromBase64Url(salt) ?? Buffer.alloc(0), said),
  };
}

/** The payload if it says that and nothing else; refused by the name of the first field that does not. */
export function checkProposal(
  payload: Readonly<Record<string, unknown>>,
  expected: ExpectedStatement,
  nowMs: number,
): Result<StatementPayload, string> {
  // Who the other side is, is the case's unless it is expected: the portal of an owner's act, the owner of a recipient's.
  const open: ReadonlySet<string> = new Set('to' in expected ? ['from'] : ['to', 'id']);
  const wrong = SAYING.find((name) => (name in expected || !open.has(name)) && payload[name] !== expected[name]);
  if (wrong !== undefined) return refuse(wrong);
  const { ts } = payload;
  if (typeof ts !== 'number' || Math.abs(ts - nowMs) > MAX_CLOCK_DISTANCE_MS) return refuse('ts');
  // The rest of its form is judged where it is signed.
  return ok(payload as unknown as StatementPayload);
}
