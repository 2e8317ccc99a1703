import {
  decide,
  decideEndUser,
  decideTerms,
  isBodyAsDeclared,
  isUnsafeMethod,
  matchEndpoint,
  resolveSubject,
  subjectKindOf,
  type AccessAgreement,
  type AccessReason,
  type EndpointMatch,
  type EndUserReason,
  type Permit,
  type SubjectReason,
  type TermsReason,
} from '#access';
import type { ContractProblem, ContractRefusal } from '#contract-check';
import type { EndUser, PresentationReason } from '#end-user';
import { ok, refuse, type Result, type SubsystemId } from '#kernel';
import { typedSubject, type TypedSubject } from '#signing';
import type { OwnedKey, RegistryView, ServiceEntry, SubsystemTopics } from '#snapshot';
import type { LimitReading } from '../limits/limit-headers.js';
import type { LimitRefusal, LimitedCall } from '../limits/limits.service.js';
import type { LinkRefusal } from '../links/link-refusal.js';
import type { ExchangeRequest } from './exchange.js';

/** What admission looks at beside the request; all of it is in memory. */
export interface Gate {
  /** Undefined when there is none or its manifest has expired. */
  readonly view: RegistryView | undefined;
  /** False while the broker is silent (`design.md` §7: 503 at once). */
  readonly busAnswers: boolean;
  /** Whether answers would be heard: the reply topic is assigned and has been fetched from. */
  readonly hearsReplies: boolean;
  /** False while statements wait and no receipt comes: no answer could leave (`design.md` §7: 503). */
  readonly logAnswers: boolean;
  /** False while the log contradicts what this gateway remembers of it: its receipts prove nothing to anybody else. */
  readonly logIsOne: boolean;
  /** Whether places are left for this exchange and its bytes, without taking those of others (`#kernel`'s `Capacity`). */
  readonly hasRoom: (request: ExchangeRequest) => boolean;
  /** In how many seconds who finds no room should come again; counts him as expected then. */
  readonly comeAgainInS: (consumer: SubsystemId) => number;
  /** False after a write that failed, until the database answers again (`design.md` §7: 503 at once). */
  readonly databaseAnswers: boolean;
  /** Whether the published keys of the consumer are those that we hold (`design.md` §6). */
  readonly keysAgree: (consumer: SubsystemId) => boolean;
  /** False while the token that holds the consumer's key does not sign: nothing could be stated. */
  readonly signerAnswers: (view: RegistryView, consumer: SubsystemId) => boolean;
  /** Added to the service's time-out: the way there and back, and the log. */
  readonly marginMs: number;
  readonly nowMs: number;
}

/** An exchange that may be sent, with everything that was decided. */
export interface Admitted {
  readonly view: RegistryView;
  readonly service: ServiceEntry;
  readonly permit: Permit;
  /** By which the call goes through. */
  readonly agreement: AccessAgreement;
  /** `in-answer`: only the answer tells, so the provider commits to it. */
  readonly subject: TypedSubject | 'in-answer' | undefined;
  /** Who acts, where somebody was named; checked already. */
  readonly endUser: EndUser | undefined;
  readonly deadlineAtMs: number;
  readonly sealingKey: OwnedKey;
  readonly topics: SubsystemTopics;
  /** That the subject allows it, as feedback says; absent where no agreement asks for a link. */
  readonly linkTicket?: string;
}

export type AdmissionCode =
  | 'registry-expired'
  | 'bus-unavailable'
  | 'gateway-starting'
  | 'no-receipt'
  | 'log-distrusted'
  | 'gateway-busy'
  | 'database-unavailable'
  | 'consumer-stopped'
  | 'signer-unavailable'
  | AccessReason
  | SubjectReason
  | TermsReason
  | EndUserReason
  | LinkRefusal
  | ContractRefusal['code']
  | LimitRefusal['code']
  | 'deadline-passed'
  | 'provider-unreachable';

export interface Refusal {
  readonly code: AdmissionCode;
  /** There when the refusal is to be stated (`statements.md` §2): the endpoint that the statement must name. */
  readonly stated?: { readonly view: RegistryView; readonly endpoint: string };
  readonly retryAfterS?: number;
  /** How the limits stand that the call has met. */
  readonly limits?: readonly LimitReading[];
  /** Places and rules of the service's document, never values. */
  readonly problems?: readonly ContractProblem[];
}

const STARTING_RETRY_S = 1;
const OUTAGE_RETRY_S = 5;
const EXPIRED: Refusal = { code: 'registry-expired', retryAfterS: OUTAGE_RETRY_S };

/**
 * The gateway's checks in the order of `bus.md` §5, from the registry copy up to the schema; the first that fails is the
 * answer. Stated are refusals for right, purpose, context and schema. Not stated: what happens before the consumer's
 * right is looked at, and a path that matches no registered endpoint, because a statement names an endpoint by its
 * pattern and never a raw path; nobody may fill the log by inventing paths.
 *
 * `endUser` is what became of `Kerege-End-User`; undefined where there was none.
 */
export function admit(
  gate: Gate,
  request: ExchangeRequest,
  endUser?: Result<EndUser, PresentationReason>,
): Result<Admitted, Refusal> {
  const { view } = gate;
  const outage = notNow(gate, request);
  if (outage !== undefined) return refuse(outage);
  // The compiler cannot know that this was looked at.
  if (view === undefined) return refuse(EXPIRED);
  const right = decideRight(view, request, gate.nowMs);
  if (!right.ok) return right;
  const { service, match, permit } = right.value;
  const subject = decideContent(view, request, service, match);
  if (!subject.ok) return subject;
  const subjectKind = subjectKindOf(subject.value, match.subject);
  const terms = decideTerms(permit, { subjectKind, headers: request.headers });
  if (!terms.ok) return refuse({ code: terms.reason, stated: { view, endpoint: match.endpoint } });
  const acting = decideActing(endUser, permit, subject.value, request.method);
  if (!acting.ok) return refuse({ code: acting.reason, stated: { view, endpoint: match.endpoint } });
  const deadlineAtMs = request.receivedAtMs + waitMs(request, service, gate.marginMs);
  if (deadlineAtMs <= gate.nowMs) return refuse({ code: 'deadline-passed' });
  const sealingKey = view.sealingKey(request.target.provider, gate.nowMs);
  const topics = view.topicsOf(request.target.provider);
  if (sealingKey === undefined || topics === undefined)
    return refuse({ code: 'provider-unreachable', retryAfterS: OUTAGE_RETRY_S });
  const decided = { view, service, permit, agreement: terms.value, subject: subject.value, endUser: acting.value };
  return ok({ ...decided, deadlineAtMs, sealingKey, topics });
}

/** The call as its limits look at it. */
export function limitedCall({ consumer, target }: ExchangeRequest, admitted: Admitted): LimitedCall {
  const { agreement, permit, subject } = admitted;
  const known = typeof subject === 'object' ? subject : undefined;
  return { consumer, service: target.service, agreement, purpose: permit.purpose, subject: known };
}

interface Right {
  readonly service: ServiceEntry;
  readonly match: EndpointMatch;
  readonly permit: Permit;
}

/** Agreement, endpoint, purpose, legal basis. */
function decideRight(view: RegistryView, request: ExchangeRequest, atMs: number): Result<Right, Refusal> {
  const { consumer, target, context } = request;
  const service = view.service(target.service);
  const match = service === undefined ? undefined : matchEndpoint(service, request.method, target.path);
  const { purpose, legalBasis } = context;
  const question = { consumer, service: target.service, endpoint: match?.endpoint, purpose, legalBasis, atMs };
  const permit = decide(view, question);
  if (!permit.ok) return refuse(accessRefusal(permit.reason, view, match?.endpoint));
  // A permit exists only for a registered service and endpoint; the compiler cannot know.
  if (service === undefined || match === undefined) return refuse({ code: 'endpoint-unknown' });
  return ok({ service, match, permit: permit.value });
}

/** Whom it is about, and whether the body is what it says. */
function decideContent(
  view: RegistryView,
  request: ExchangeRequest,
  service: ServiceEntry,
  match: EndpointMatch,
): Result<Admitted['subject'], Refusal> {
  const { target, headers, body, context } = request;
  const stated = { view, endpoint: match.endpoint };
  const sources = { params: match.params, query: target.query, headers, body };
  const subject = resolveSubject(service, match.subject, sources, context.subject);
  if (!subject.ok) return refuse({ code: subject.reason, stated });
  // What cannot be committed to in one spelling would open to nobody.
  if (!isCommittable(subject.value)) return refuse({ code: 'subject-malformed', stated });
  return isBodyAsDeclared(request) ? subject : refuse({ code: 'body-malformed', stated });
}

/** Whether who acts may: an assertion that nobody believes is worse than none, also where none is asked for. */
function decideActing(
  endUser: Result<EndUser, PresentationReason> | undefined,
  permit: Permit,
  subject: Admitted['subject'],
  method: string,
): Result<EndUser | undefined, EndUserReason> {
  if (endUser?.ok === false) return endUser;
  const person = endUser?.value;
  const decided = decideEndUser(permit.endUser, person, subject, isUnsafeMethod(method));
  return decided.ok ? ok(person) : decided;
}

/**
 * Everything that says "not now" rather than "no": answered at once, so that nothing grows (`design.md` §7). It is looked
 * at before any signature of the call is: a crowd that cannot be served costs no more than its refusals.
 */
export function notNow(gate: Gate, request: ExchangeRequest): Refusal | undefined {
  const { view } = gate;
  if (view === undefined) return EXPIRED;
  if (!gate.busAnswers) return { code: 'bus-unavailable', retryAfterS: OUTAGE_RETRY_S };
  if (!gate.hearsReplies) return { code: 'gateway-starting', retryAfterS: STARTING_RETRY_S };
  if (!gate.logAnswers) return { code: 'no-receipt', retryAfterS: OUTAGE_RETRY_S };
  if (!gate.logIsOne) return { code: 'log-distrusted', retryAfterS: OUTAGE_RETRY_S };
  if (!gate.hasRoom(request)) return { code: 'gateway-busy', retryAfterS: gate.comeAgainInS(request.consumer) };
  if (!gate.databaseAnswers) return { code: 'database-unavailable', retryAfterS: OUTAGE_RETRY_S };
  if (!gate.keysAgree(request.consumer)) return { code: 'consumer-stopped' };
  if (!gate.signerAnswers(view, request.consumer)) return { code: 'signer-unavailable', retryAfterS: OUTAGE_RETRY_S };
  return undefined;
}

/** Reasons of `decide` that come before the question of right: nothing was asked of a registered endpoint yet. */
const NOT_STATED: ReadonlySet<AccessReason> = new Set([
  'unknown-consumer',
  'consumer-suspended',
  'unknown-provider',
  'provider-suspended',
  'unknown-service',
  'service-disabled',
  'service-suspended',
  'endpoint-unknown',
]);

function accessRefusal(code: AccessReason, view: RegistryView, endpoint: string | undefined): Refusal {
  return NOT_STATED.has(code) || endpoint === undefined ? { code } : { code, stated: { view, endpoint } };
}

function isCommittable(subject: Admitted['subject']): boolean {
  if (subject === undefined || subject === 'in-answer') return true;
  return typedSubject(subject.country, subject.type, subject.code) !== undefined;
}

/** The caller's patience, capped by what the service may take at all (`exchange.md` §1, `Kerege-Deadline`). */
function waitMs(request: ExchangeRequest, service: ServiceEntry, marginMs: number): number {
  return Math.min(request.context.deadlineMs ?? Infinity, service.timeoutMs + marginMs);
}
