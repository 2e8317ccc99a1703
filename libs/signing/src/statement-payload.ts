import { isCountedReason } from '#access';
import { parseExchangeId, parseServiceId, parseSubsystemId } from '#kernel';
import type { CaseState, RecipientAction } from './correction-words.js';
import { ACTIONS, agree, ALL_CASE_REASONS, MAX_COMMITMENTS, STATES, UUID_V8 } from './statement-agreement.js';

export type Side = 'consumer' | 'bus' | 'provider' | 'provider-system' | 'unknown';

/** Every field that a statement may carry (`statements.md` §1). Which type carries which: `PAYLOAD_RULES`. */
export interface StatementFields {
  readonly v: 1;
  /** UUIDv7 of the exchange, or of the statement itself; UUIDv8 for `exchange.conflict`. */
  readonly id: string;
  /** Milliseconds by its maker's clock: a claim, never used to judge validity. */
  readonly ts: number;
  /** Number of a case's transition, from 1 on; its slot is `s<seq>`. */
  readonly seq: number;
  /** Always the consumer and the provider subsystem, whoever signs. */
  readonly from: string;
  readonly to: string;
  readonly svc: string;
  /** Registered endpoint as `METHOD /pattern`, never the raw path. */
  readonly ep: string;
  readonly pur: string;
  readonly law: string;
  readonly req: string;
  readonly res: string;
  readonly st: number;
  readonly subj: readonly string[];
  readonly user: readonly string[];
  /** Leaf hash (base64url) of the statement that this one follows. */
  readonly prev: string;
  readonly why: string;
  readonly side: Side;
  /** Number of the snapshot with which its maker decided. */
  readonly snap: number;
  /** States of a case; `now` of an acknowledgement is what its recipient did. */
  readonly was: CaseState;
  readonly now: CaseState | RecipientAction;
  /** When the next step of a case is due, ms. */
  readonly due: number;
  /** Ms; below zero only where a corrected value holds since before 1970. */
  readonly until: number;
  readonly n: number;
  readonly doc: string;
  readonly ref: string;
}

type Base = 'v' | 'id' | 'ts';
type PayloadOf<
  T extends string,
  Required extends keyof StatementFields,
  Optional extends keyof StatementFields = never,
> = {
  readonly t: T;
} & Pick<StatementFields, Base | Required> &
  Partial<Pick<StatementFields, Optional>> & {
    readonly [Absent in Exclude<keyof StatementFields, Base | Required | Optional>]?: never;
  };

type Parties = 'from' | 'to' | 'svc' | 'ep';
export type RequestedPayload = PayloadOf<
  'exchange.requested',
  Parties | 'pur' | 'law' | 'req' | 'subj' | 'snap',
  'user'
>;
export type AnsweredPayload = PayloadOf<'exchange.answered', Parties | 'st' | 'res' | 'prev' | 'snap', 'subj' | 'n'>;
export type RefusedPayload = PayloadOf<'exchange.refused', Parties | 'why' | 'snap', 'prev'>;
export type FailedPayload = PayloadOf<'exchange.failed', Parties | 'why' | 'side' | 'prev'>;
export type ConflictPayload = PayloadOf<'exchange.conflict', 'ref' | 'doc'>;
export type ManifestPayload = PayloadOf<'registry.manifest', 'n' | 'until' | 'doc', 'prev'>;
/**
 * A change of the registers that its snapshot `n` (`snap`, if the snapshot says the same) puts in force after this leaf.
 * `user` commits to who asked for it and who approved it, `ref` names the kinds of what changes, `doc` is the salted
 * digest of the whole request; `id` is that request's.
 */
export type ChangedPayload = PayloadOf<'registry.changed', 'user' | 'snap' | 'n' | 'doc' | 'ref'>;
/** The same for a stop that one security officer orders alone: `user` commits to that one. */
export type SuspendedPayload = PayloadOf<'registry.suspended', 'user' | 'snap' | 'n' | 'doc' | 'ref'>;
/** A time-stamp token (`audit-log.md` §5): `doc` its SHA-256, `n` the log's size that it stamps, `ref` its authority. */
export type AnchorPayload = PayloadOf<'anchor.tsr', 'n' | 'doc' | 'ref'>;
/** Two operators started the log at size `n` while no witness answered; `doc` is the digest of what they signed. */
export type UnwitnessedPayload = PayloadOf<'log.unwitnessed', 'n' | 'doc'>;
/** What audit states of each query before it answers: `from` asked, `doc` is the salted digest of what was asked. */
export type AccessPayload = PayloadOf<`access.${AccessAct}`, 'from' | 'doc'>;
/**
 * Calls that one gateway (`ref`) refused for one reason in the minute that ended at `until`, and that are not stated one
 * by one; `from` where the consumer is known.
 */
export type RefusalsPayload = PayloadOf<'refusals', 'why' | 'n' | 'until' | 'ref', 'from'>;

/** How the log was read: a page of a search, proofs, an export, a report, an evidence package. */
export type AccessAct = 'searched' | 'proved' | 'exported' | 'reported' | 'packaged';
/** Last leaf of a window: `n` = its leaves, this one included; `ref` = vkey of the successor, which names its origin. */
export type LogClosedPayload = PayloadOf<'log.closed', 'n' | 'ref'>;
/**
 * First leaf of a window with a predecessor: `n` = leaves of that, `doc` = `h0:` of the text of its final checkpoint
 * (the three signed lines), `prev` = leaf hash of its `log.closed`, `ref` = its vkey.
 */
export type LogOpenedPayload = PayloadOf<'log.opened', 'n' | 'doc' | 'prev' | 'ref'>;

/**
 * A citizen asks the consumer of one access, through portal `from`, why: `to` was that access's consumer, `prev` the leaf
 * hash of its `exchange.requested`, `until` the term. `id` names the question in its answer too.
 */
export type QuestionAskedPayload = PayloadOf<'question.asked', 'from' | 'to' | 'prev' | 'until'>;
/** The consumer (`to`) answers the question whose `question.asked` is `prev`; `doc` is the salted digest of the answer. */
export type QuestionAnsweredPayload = PayloadOf<'question.answered', 'from' | 'to' | 'prev' | 'doc'>;
/**
 * Openings became noise: `n` commitments of the log whose origin has the digest `doc` can be opened no more. `ref` holds
 * the random ids of the destroyed keys, or the class and the end of a retention (`audit-log.md` §4.4).
 */
export type ErasurePayload = PayloadOf<'erasure', 'n' | 'doc' | 'ref'>;
/**
 * Authority `from` orders that accesses under the act of digest `doc` stay concealed until `until`; it counts once `to`,
 * which runs the bus, has signed a second one whose `prev` is the first (`audit-log.md` §4.3).
 */
export type ConcealmentPayload = PayloadOf<'access.concealment', 'from' | 'to' | 'until' | 'doc', 'prev'>;
/** From `until` on, what was done in that person's name was perhaps not done by them; portal `from` passed it on. */
export type CompromisedPayload = PayloadOf<'subject.compromised', 'from' | 'subj' | 'until'>;
/** A person allowed member `to` something, through portal `from`: `ref` is direction, scope and version of the notice. */
export type LinkGrantedPayload = PayloadOf<'link.granted', 'from' | 'to' | 'subj' | 'ref', 'until'>;
/** `prev` is the `link.granted` that ends with this. */
export type LinkRevokedPayload = PayloadOf<'link.revoked', 'from' | 'to' | 'prev'>;

/** What each transition of a case states (`corrections.md` §9): `from` is the portal that filed, `to` the owner. */
type Step = 'from' | 'to' | 'seq' | 'was' | 'now' | 'prev';
type CaseStep<
  Name extends string,
  Required extends keyof StatementFields = never,
  Optional extends keyof StatementFields = 'due',
> = PayloadOf<`correction.${Name}`, Step | Required, Optional>;
/** Every transition of a case but the first, which follows nothing, and what recipients say. */
export type CaseStepPayload =
  | CaseStep<'routed' | 'review-started' | 'info-lapsed' | 'withdrawn'>
  | CaseStep<'received' | 'info-provided' | 'propagating' | 'verified' | 'linked', 'doc'>
  | CaseStep<'split', 'n' | 'doc'>
  | CaseStep<'transferred', 'why'>
  | CaseStep<'info-requested' | 'decided', 'why' | 'doc'>
  | CaseStep<'joined', 'why' | 'ref' | 'doc'>
  | CaseStep<'corrected', 'until' | 'doc'>
  | CaseStep<'closed', never, 'due' | 'doc'>
  | CaseStep<'reopened', 'why', 'due' | 'doc'>
  | CaseStep<'extended' | 'deadline-near' | 'deadline-missed' | 'escalated', 'why' | 'due', never>
  | CaseStep<'succeeded', 'ref'>;
/** A correction was filed about the person of `subj`; `doc` is the salted digest of the request. */
export type CaseSubmittedPayload = PayloadOf<'correction.submitted', Exclude<Step, 'prev'> | 'subj' | 'doc', 'due'>;
/** Recipient `from` says what it did; with an id of its own, so that the log does not tell of which case. */
export type RecipientAckedPayload = PayloadOf<'correction.recipient-acked', 'from' | 'to' | 'now' | 'doc', 'why'>;

/** What is signed. Narrow it by `t`. */
export type StatementPayload =
  | RequestedPayload
  | AnsweredPayload
  | RefusedPayload
  | FailedPayload
  | ConflictPayload
  | ManifestPayload
  | ChangedPayload
  | SuspendedPayload
  | AnchorPayload
  | UnwitnessedPayload
  | AccessPayload
  | RefusalsPayload
  | LogClosedPayload
  | LogOpenedPayload
  | QuestionAskedPayload
  | QuestionAnsweredPayload
  | ErasurePayload
  | ConcealmentPayload
  | CompromisedPayload
  | LinkGrantedPayload
  | LinkRevokedPayload
  | CaseSubmittedPayload
  | CaseStepPayload
  | RecipientAckedPayload;
export type StatementType = StatementPayload['t'];

export type PayloadReason =
  'statement-type' | 'statement-unknown-field' | 'statement-missing-field' | 'statement-bad-field';

interface PayloadRule {
  readonly required: readonly (keyof StatementFields)[];
  readonly optional: readonly (keyof StatementFields)[];
}

const parties = ['from', 'to', 'svc', 'ep'] as const;
const step = ['from', 'to', 'seq', 'was', 'now', 'prev'] as const;
const access: PayloadRule = { required: ['from', 'doc'], optional: [] };
const change: PayloadRule = { required: ['user', 'snap', 'n', 'doc', 'ref'], optional: [] };
/** `statements.md` §2: no field stands where this table does not put it. Events bring their own rows. */
const PAYLOAD_RULES: Readonly<Record<StatementType, PayloadRule>> = {
  'exchange.requested': { required: [...parties, 'pur', 'law', 'req', 'subj', 'snap'], optional: ['user'] },
  'exchange.answered': { required: [...parties, 'st', 'res', 'prev', 'snap'], optional: ['subj', 'n'] },
  'exchange.refused': { required: [...parties, 'why', 'snap'], optional: ['prev'] },
  'exchange.failed': { required: [...parties, 'why', 'side', 'prev'], optional: [] },
  'exchange.conflict': { required: ['ref', 'doc'], optional: [] },
  'registry.manifest': { required: ['n', 'until', 'doc'], optional: ['prev'] },
  'registry.changed': change,
  'registry.suspended': change,
  'anchor.tsr': { required: ['n', 'doc', 'ref'], optional: [] },
  'log.unwitnessed': { required: ['n', 'doc'], optional: [] },
  'access.searched': access,
  'access.proved': access,
  'access.exported': access,
  'access.reported': access,
  'access.packaged': access,
  refusals: { required: ['why', 'n', 'until', 'ref'], optional: ['from'] },
  'log.closed': { required: ['n', 'ref'], optional: [] },
  'log.opened': { required: ['n', 'doc', 'prev', 'ref'], optional: [] },
  'question.asked': { required: ['from', 'to', 'prev', 'until'], optional: [] },
  'question.answered': { required: ['from', 'to', 'prev', 'doc'], optional: [] },
  erasure: { required: ['n', 'doc', 'ref'], optional: [] },
  'access.concealment': { required: ['from', 'to', 'until', 'doc'], optional: ['prev'] },
  'subject.compromised': { required: ['from', 'subj', 'until'], optional: [] },
  'link.granted': { required: ['from', 'to', 'subj', 'ref'], optional: ['until'] },
  'link.revoked': { required: ['from', 'to', 'prev'], optional: [] },
  'correction.submitted': { required: ['from', 'to', 'seq', 'was', 'now', 'subj', 'doc'], optional: ['due'] },
  'correction.routed': { required: [...step], optional: ['due'] },
  'correction.split': { required: [...step, 'n', 'doc'], optional: ['due'] },
  'correction.received': { required: [...step, 'doc'], optional: ['due'] },
  'correction.review-started': { required: [...step], optional: ['due'] },
  'correction.transferred': { required: [...step, 'why'], optional: ['due'] },
  'correction.info-requested': { required: [...step, 'why', 'doc'], optional: ['due'] },
  'correction.info-provided': { required: [...step, 'doc'], optional: ['due'] },
  'correction.info-lapsed': { required: [...step], optional: ['due'] },
  'correction.extended': { required: [...step, 'why', 'due'], optional: [] },
  'correction.decided': { required: [...step, 'why', 'doc'], optional: ['due'] },
  'correction.joined': { required: [...step, 'why', 'ref', 'doc'], optional: ['due'] },
  'correction.corrected': { required: [...step, 'until', 'doc'], optional: ['due'] },
  'correction.propagating': { required: [...step, 'doc'], optional: ['due'] },
  'correction.recipient-acked': { required: ['from', 'to', 'now', 'doc'], optional: ['why'] },
  'correction.verified': { required: [...step, 'doc'], optional: ['due'] },
  'correction.closed': { required: [...step], optional: ['due', 'doc'] },
  'correction.withdrawn': { required: [...step], optional: ['due'] },
  'correction.reopened': { required: [...step, 'why'], optional: ['due', 'doc'] },
  'correction.deadline-near': { required: [...step, 'why', 'due'], optional: [] },
  'correction.deadline-missed': { required: [...step, 'why', 'due'], optional: [] },
  'correction.escalated': { required: [...step, 'why', 'due'], optional: [] },
  'correction.succeeded': { required: [...step, 'ref'], optional: ['due'] },
  'correction.linked': { required: [...step, 'doc'], optional: ['due'] },
};

const BASE_FIELDS = ['v', 't', 'id', 'ts'] as const;
/** 32 bytes in canonical unpadded base64url: the last character carries four bits. */
const HASH = '[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]';
const PREV = new RegExp(`^${HASH}$`);
const SALTED = new RegExp(`^h1:${HASH}$`);
const DOCUMENT = new RegExp(`^h[01]:${HASH}$`);
const COMMITMENT = new RegExp(`^c1:${HASH}$`);
const CATALOGUE_CODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** No control character and no half of a pair: what reads a leaf keeps it in a database. */
const ENDPOINT = /^[A-Z]{3,10} \/[^\s?#\u0000-\u001f\u007f\ud800-\udfff]{0,1023}$/u;
const PRINTABLE = /^[\x20-\x7e]{1,255}$/;
const SIDES: ReadonlySet<unknown> = new Set<Side>(['consumer', 'bus', 'provider', 'provider-system', 'unknown']);

type Check = (value: unknown) => boolean;
const count = (least: number, most = Number.MAX_SAFE_INTEGER): Check => {
  return (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
};
const text = (pattern: RegExp): Check => {
  return (value) => typeof value === 'string' && pattern.test(value);
};
const commitments: Check = (value) =>
  Array.isArray(value) && value.length <= MAX_COMMITMENTS && value.every(commitment);
const commitment: Check = text(COMMITMENT);
const subsystem: Check = (value) => typeof value === 'string' && parseSubsystemId(value).ok;

const FIELD_CHECKS: Readonly<Record<keyof StatementFields, Check>> = {
  v: (value) => value === 1,
  id: (value) => typeof value === 'string' && (parseExchangeId(value) !== undefined || UUID_V8.test(value)),
  ts: count(0),
  seq: count(1),
  from: subsystem,
  to: subsystem,
  svc: (value) => typeof value === 'string' && parseServiceId(value).ok,
  ep: text(ENDPOINT),
  pur: text(CATALOGUE_CODE),
  law: text(CATALOGUE_CODE),
  req: text(SALTED),
  res: text(SALTED),
  st: count(100, 599),
  subj: commitments,
  user: commitments,
  prev: text(PREV),
  // Closed lists, so that no free text gets into the log; which one a type takes: `fieldsAgree`.
  why: (value) => isCountedReason(value) || ALL_CASE_REASONS.has(value),
  side: (value) => SIDES.has(value),
  snap: count(1),
  was: (value) => STATES.has(value),
  now: (value) => STATES.has(value) || ACTIONS.has(value),
  due: count(0),
  // From when a corrected value holds may be before 1970; nothing else: `isDated`.
  until: count(Number.MIN_SAFE_INTEGER),
  n: count(0),
  doc: text(DOCUMENT),
  ref: text(PRINTABLE),
};

/** Why these fields are no statement, or undefined if they are one. Used before signing and after parsing alike. */
export function payloadProblem(fields: Readonly<Record<string, unknown>>): PayloadReason | undefined {
  const type = fields['t'];
  if (typeof type !== 'string' || !isType(type)) return 'statement-type';
  const rule = PAYLOAD_RULES[type];
  let expected = BASE_FIELDS.length + rule.required.length;
  for (const name of ['v', 'id', 'ts', ...rule.required] as const) {
    if (!Object.hasOwn(fields, name)) return 'statement-missing-field';
    if (!FIELD_CHECKS[name](fields[name])) return 'statement-bad-field';
  }
  for (const name of rule.optional) {
    if (!Object.hasOwn(fields, name)) continue;
    if (!FIELD_CHECKS[name](fields[name])) return 'statement-bad-field';
    expected += 1;
  }
  if (Object.keys(fields).length !== expected) return 'statement-unknown-field';
  return agree(type, fields) ? undefined : 'statement-bad-field';
}

/** For callers that hold unknown fields: the table and every field's form hold. */
export function isStatementPayload(fields: Readonly<Record<string, unknown>>): fields is StatementPayload {
  return payloadProblem(fields) === undefined;
}

function isType(type: string): type is StatementType {
  return Object.hasOwn(PAYLOAD_RULES, type);
}
