import {
  decide,
  decideEndUser,
  decideTerms,
  isBodyAsDeclared,
  matchEndpoint,
  parseTarget,
  resolveSubject,
  sameSubject,
  subjectKindOf,
  type AccessAgreement,
  type EndpointMatch,
  type Permit,
  type Subject,
  type SubjectReason,
  type Target,
  type WhyCode,
} from '#access';
import type { Opening, RequestContent } from '#contracts';
import { checkLinkTicket, verifyEndUser, type AssertionMemory, type EndUser } from '#end-user';
import { ok, refuse, type Result } from '#kernel';
import { spelled, opens, parseTypedSubject, requestDigest, type HeaderField, type RequestedPayload } from '#signing';
import type { RegistryView, ServiceEntry, SubjectRule } from '#snapshot';
import { isUnsafe, type Envelope } from './envelope.js';

/** A request that this provider lets through, and everything that the call needs of it. */
export interface Admitted {
  readonly service: ServiceEntry;
  readonly target: Target;
  readonly content: RequestContent;
  /** Octets of header values as latin1 text. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Set where only the answer tells whose data it holds: the connector commits to them (`statements.md` §2). */
  readonly subjectInAnswer: SubjectRule | undefined;
  /** As `resolveSubject` has found it. */
  readonly subject: Subject | 'in-answer' | undefined;
  /** COUNTRY/TYPE, also where only the answer tells who it is. */
  readonly subjectKind: string | undefined;
}

/** What the right to call rests on. */
export interface Right {
  readonly service: ServiceEntry;
  readonly permit: Permit;
}

/**
 * The provider decides, deny by default, with its own copy of the registry: agreement, purpose, validity now. What the
 * gateway decided counts for nothing here.
 */
export function checkRight(view: RegistryView, envelope: Envelope, nowMs: number): Result<Right, WhyCode> {
  const { ep, pur, law } = envelope.requested.payload;
  const permit = decide(view, {
    consumer: envelope.consumer,
    service: envelope.service,
    endpoint: ep,
    purpose: pur,
    legalBasis: law,
    atMs: nowMs,
  });
  if (!permit.ok) return permit;
  const service = view.service(envelope.service);
  return service === undefined ? refuse('unknown-service') : ok({ service, permit: permit.value });
}

/**
 * The checks of `bus.md` §4.3 that need the opened content, in their order; the first that fails is the answer. Base mode
 * does not say who sealed, so the content is believed only after `req`, recomputed, is the signed one.
 */
export function checkContent(
  service: ServiceEntry,
  envelope: Envelope,
  content: RequestContent,
): Result<Admitted, WhyCode> {
  const { payload } = envelope.requested;
  if (!isWhole(content) || requestDigest(content.salt, content) !== payload.req) return refuse('content-mismatch');
  const headers = content.headers.map(({ name, value }) => ({ name, value: Buffer.from(value).toString('latin1') }));
  if (!headers.every(isCleanHeader) || !speaksAs(headers, payload.from)) return refuse('content-mismatch');

  const target = parseTarget(content.target);
  if (!target.ok || target.value.service !== envelope.service) return refuse('endpoint-mismatch');
  const match = matchEndpoint(service, content.method, target.value.path);
  if (match?.endpoint !== payload.ep) return refuse('endpoint-mismatch');

  const subject = checkSubjects(service, match, payload, { content, headers, target: target.value });
  if (!subject.ok) return subject;
  if (!isBodyAsDeclared({ method: content.method, headers, body: content.body })) return refuse('body-malformed');
  const subjectInAnswer = subject.value === 'in-answer' ? match.subject : undefined;
  const subjectKind = subjectKindOf(subject.value, match.subject);
  return ok({ service, target: target.value, content, headers, subjectInAnswer, subject: subject.value, subjectKind });
}

/** Who acts, and by which agreement. */
export interface Allowed {
  readonly endUser: EndUser | undefined;
  readonly agreement: AccessAgreement;
}

/** Whether an agreement covers the call, who acts may, and the subject has allowed it where that is asked. */
export async function checkPersons(
  right: Right,
  admitted: Admitted,
  envelope: Envelope,
  by: { readonly view: RegistryView; readonly memory: AssertionMemory; readonly nowMs: number },
): Promise<Result<Allowed, WhyCode>> {
  const terms = decideTerms(right.permit, admitted);
  if (!terms.ok) return terms;
  const endUser = await checkEndUser(right, admitted, envelope, by);
  if (!endUser.ok) return endUser;
  const allowed = checkLink(right, admitted, envelope, by);
  return allowed.ok ? ok({ endUser: endUser.value, agreement: terms.value }) : allowed;
}

/**
 * Who acts, by the assertion itself and not by the gateway's word: it names the very person that was committed to, and
 * that person may act on this subject. Judged at the time of the statement, which is at most the service's time-out ago:
 * an assertion that expires on the way was good when it was used.
 */
async function checkEndUser(
  { permit }: Right,
  { content, subject }: Admitted,
  envelope: Envelope,
  { view, memory }: { readonly view: RegistryView; readonly memory: AssertionMemory },
): Promise<Result<EndUser | undefined, WhyCode>> {
  const { requested, consumer } = envelope;
  const { endUser: opening, endUserAssertion: assertion } = content;
  if ((opening === undefined) !== (assertion === '')) return refuse('commitment-mismatch');
  const { svc: service, ts: nowMs } = requested.payload;
  const question = { issuers: view.issuers, consumer, service, nowMs, memory };
  const verified = opening === undefined ? ok(undefined) : await verifyEndUser(assertion, question);
  if (!verified.ok) return verified;
  const person = verified.value;
  if (person !== undefined && opening !== undefined && !sameSubject(person.user, opening))
    return refuse('commitment-mismatch');
  const decided = decideEndUser(permit.endUser, person, subject, isUnsafe(envelope));
  return decided.ok ? ok(person) : decided;
}

/** Whether an order that the call names counts feedback judges; what is no leaf hash no gateway has let through. */
function isWhole({ salt, concealment }: RequestContent): boolean {
  return salt.length === 32 && (concealment.length === 0 || concealment.length === 32);
}

/**
 * That the subject allows it, by feedback's own word and not by the gateway's: a ticket for this consumer, person, service
 * and purpose, seconds old when the call was made, and now: a gateway that dates its statement ahead, or sends it late,
 * gains nothing. Only where an agreement asks for it.
 */
function checkLink(
  { permit }: Right,
  { content, subject }: Admitted,
  { requested, consumer, service }: Envelope,
  { view, nowMs }: { readonly view: RegistryView; readonly nowMs: number },
): Result<undefined, WhyCode> {
  if (!permit.requiresLink) return ok(undefined);
  if (typeof subject !== 'object') return refuse('link-missing');
  const question = { consumer, subject: spelled(subject), service, purpose: permit.purpose };
  const checked = checkLinkTicket(content.linkTicket, question, { view, atMs: Math.max(requested.payload.ts, nowMs) });
  return checked.ok ? ok(undefined) : checked;
}

interface Opened {
  readonly content: RequestContent;
  readonly headers: Admitted['headers'];
  readonly target: Target;
}

/**
 * Each opening reproduces its commitment, and the subjects equal what the service's own rule finds in target, header or
 * body. So a consumer cannot commit to A in the log and ask about B.
 */
function checkSubjects(
  service: ServiceEntry,
  match: EndpointMatch,
  payload: RequestedPayload,
  { content, headers, target }: Opened,
): Result<Subject | 'in-answer' | undefined, WhyCode> {
  if (!openAll('subject', payload.subj, content.subjects)) return refuse('commitment-mismatch');
  const users = content.endUser === undefined ? [] : [content.endUser];
  if (!openAll('user', payload.user ?? [], users)) return refuse('commitment-mismatch');
  const stated = statedSubject(headers);
  if (!stated.ok) return stated;
  const sources = { params: match.params, query: target.query, headers, body: content.body };
  const found = resolveSubject(service, match.subject, sources, stated.value);
  if (!found.ok) return found;
  return isAsked(found.value, content.subjects) ? found : refuse('commitment-mismatch');
}

/** Exactly the subject that is asked about was committed to; none where only the answer tells. */
function isAsked(subject: Subject | 'in-answer' | undefined, openings: readonly Opening[]): boolean {
  const [opening, ...more] = openings;
  if (subject === undefined || subject === 'in-answer') return opening === undefined;
  return opening !== undefined && more.length === 0 && sameSubject(opening, subject);
}

function openAll(kind: 'subject' | 'user', commitments: readonly string[], openings: readonly Opening[]): boolean {
  if (commitments.length !== openings.length) return false;
  return openings.every((opening, index) => opens(kind, commitments[index] ?? '', opening));
}

function statedSubject(headers: Admitted['headers']): Result<Subject | undefined, SubjectReason> {
  const [stated, ...more] = headers.filter(({ name }) => name.toLowerCase() === 'kerege-subject');
  if (stated === undefined) return ok(undefined);
  const subject = more.length > 0 ? undefined : parseTypedSubject(stated.value.trim());
  return subject === undefined ? refuse('subject-malformed') : ok(subject);
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What cannot be one header line could become two at the agency. */
function isCleanHeader({ name, value }: HeaderField & { value: string }): boolean {
  return TOKEN.test(name) && !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value);
}

/** The agency reads `X-Road-Client` to know who asks: it must be who signed. Of several the last counts, as in X-Road. */
function speaksAs(headers: Admitted['headers'], from: string): boolean {
  const client = headers.findLast(({ name }) => name.toLowerCase() === 'x-road-client');
  if (client === undefined) return true;
  try {
    return client.value.trim().split('/').map(decodeURIComponent).join('/') === from;
  } catch {
    // Not percent-encoded text: nobody's identifier.
    return false;
  }
}
