import { memberOf, ok, refuse, subsystemOf, type Result, type ServiceId, type SubsystemId } from '#kernel';
import { isWithinHours } from './agreed-hours.js';
import type { AccessAgreement, AccessView, EndUserRule } from './view.js';

/** What is asked: may this consumer call this endpoint, for this purpose, now? */
export interface AccessQuestion {
  readonly consumer: SubsystemId;
  readonly service: ServiceId;
  /** What `matchEndpoint` found; undefined if nothing. */
  readonly endpoint: string | undefined;
  readonly purpose?: string | undefined;
  readonly legalBasis?: string | undefined;
  readonly atMs: number;
}

export interface Permit {
  readonly endpoint: string;
  readonly purpose: string;
  readonly legalBasis: string;
  /** In force, naming endpoint and purpose, and open at that hour; never empty. `decideTerms` asks what more they want. */
  readonly agreements: readonly AccessAgreement[];
  /** Of every agreement with this purpose, open or not: one that asks for nobody does not undo another that asks. */
  readonly endUser: readonly EndUserRule[];
  /** Whether the subject must have allowed it: one agreement that asks for it is enough. */
  readonly requiresLink: boolean;
}

/** The closed list of reasons for which access is denied, in the order in which they are looked for. */
export type AccessReason =
  | 'unknown-consumer'
  | 'consumer-suspended'
  | 'unknown-provider'
  | 'provider-suspended'
  | 'unknown-service'
  | 'service-disabled'
  | 'service-suspended'
  | 'endpoint-unknown'
  | 'endpoint-suspended'
  | 'agreement-missing'
  | 'agreement-not-begun'
  | 'agreement-ended'
  | 'agreement-stopped'
  | 'endpoint-not-agreed'
  | 'purpose-missing'
  | 'purpose-unknown'
  | 'purpose-not-agreed'
  | 'legal-basis-unknown'
  | 'legal-basis-not-of-purpose'
  | 'outside-agreed-hours';

/**
 * Deny by default: a permit needs a registered endpoint, an agreement that holds at `atMs` and names it, and a purpose
 * of that agreement with its legal basis. An agreement with one purpose implies it, and a purpose its legal basis.
 */
export function decide(view: AccessView, question: AccessQuestion): Result<Permit, AccessReason> {
  const endpoint = registeredEndpoint(view, question);
  if (!endpoint.ok) return endpoint;
  const agreements = agreementsFor(view, question, endpoint.value);
  if (!agreements.ok) return agreements;
  const purpose = choosePurpose(view, agreements.value, question.purpose);
  if (!purpose.ok) return purpose;
  const legalBasis = legalBasisFor(view, purpose.value, question.legalBasis);
  if (!legalBasis.ok) return legalBasis;
  const agreed = agreements.value.filter(({ purposes }) => purposes.includes(purpose.value));
  const open = agreed.filter(({ hours }) => hours === undefined || isWithinHours(hours, question.atMs));
  if (open.length === 0) return refuse('outside-agreed-hours');
  return ok({
    endpoint: endpoint.value,
    purpose: purpose.value,
    legalBasis: legalBasis.value,
    agreements: open,
    endUser: agreed.flatMap(({ endUser }) => endUserRules(endUser, endpoint.value)),
    requiresLink: agreed.some(({ requiresLink }) => requiresLink?.includes(endpoint.value) === true),
  });
}

/** The registered endpoints of a service that the consumer may call at `atMs` for one purpose or another. */
export function allowedEndpoints(view: AccessView, consumer: SubsystemId, service: ServiceId, atMs: number): string[] {
  const registered = view.service(service)?.endpoints ?? [];
  return registered
    .map(({ endpoint }) => endpoint)
    .filter((endpoint) => {
      const found = registeredEndpoint(view, { consumer, service, endpoint, atMs });
      return found.ok && agreementsFor(view, { consumer, service, endpoint, atMs }, endpoint).ok;
    });
}

function registeredEndpoint(view: AccessView, question: AccessQuestion): Result<string, AccessReason> {
  const provider = subsystemOf(question.service);
  if (view.subsystem(question.consumer) === undefined) return refuse('unknown-consumer');
  if (isPartySuspended(view, question.consumer)) return refuse('consumer-suspended');
  if (view.subsystem(provider) === undefined) return refuse('unknown-provider');
  if (isPartySuspended(view, provider)) return refuse('provider-suspended');
  const service = view.service(question.service);
  if (service === undefined) return refuse('unknown-service');
  if (service.disabled !== undefined) return refuse('service-disabled');
  if (view.isSuspended(question.service)) return refuse('service-suspended');
  const { endpoint } = question;
  if (endpoint === undefined || !service.endpoints.some((registered) => registered.endpoint === endpoint))
    return refuse('endpoint-unknown');
  return view.isSuspended(question.service, endpoint) ? refuse('endpoint-suspended') : ok(endpoint);
}

/** A member that is suspended is so with all its subsystems. */
function isPartySuspended(view: AccessView, subsystem: SubsystemId): boolean {
  return view.isSuspended(subsystem) || view.isSuspended(memberOf(subsystem));
}

/** Agreements in force that name the endpoint; never empty. */
function agreementsFor(
  view: AccessView,
  question: AccessQuestion,
  endpoint: string,
): Result<readonly AccessAgreement[], AccessReason> {
  const granted = view.agreements(question.consumer, question.service);
  // How far the one that comes farthest comes: its obstacle is the reason.
  let reason: (typeof OBSTACLES)[number] = 'agreement-missing';
  const naming: AccessAgreement[] = [];
  for (const agreement of granted) {
    const obstacle = obstacleOf(agreement, question.atMs, endpoint);
    if (obstacle === undefined) naming.push(agreement);
    else if (OBSTACLES.indexOf(obstacle) > OBSTACLES.indexOf(reason)) reason = obstacle;
  }
  return naming.length === 0 ? refuse(reason) : ok(naming);
}

/** In the order in which they are looked for. */
const OBSTACLES = [
  'agreement-missing',
  'agreement-not-begun',
  'agreement-ended',
  'agreement-stopped',
  'endpoint-not-agreed',
] as const;

function obstacleOf(
  agreement: AccessAgreement,
  atMs: number,
  endpoint: string,
): (typeof OBSTACLES)[number] | undefined {
  const { fromMs, untilMs } = termOf(agreement);
  // An instant that cannot be read is NaN: both comparisons are false then, and nothing is permitted.
  if (!(fromMs <= atMs)) return 'agreement-not-begun';
  if (!(atMs < untilMs)) return 'agreement-ended';
  if (agreement.stopped !== undefined) return 'agreement-stopped';
  return agreement.endpoints.includes(endpoint) ? undefined : 'endpoint-not-agreed';
}

interface Term {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Read once: agreements of a snapshot do not change, and a consumer may have many on one service. */
const terms = new WeakMap<AccessAgreement, Term>();

function termOf(agreement: AccessAgreement): Term {
  const known = terms.get(agreement);
  if (known !== undefined) return known;
  const { from, until } = agreement;
  const term = { fromMs: from === undefined ? -Infinity : Date.parse(from), untilMs: Date.parse(until) };
  terms.set(agreement, term);
  return term;
}

function choosePurpose(
  view: AccessView,
  agreements: readonly AccessAgreement[],
  stated: string | undefined,
): Result<string, AccessReason> {
  const agreed = new Set<string>();
  for (const { purposes } of agreements) for (const purpose of purposes) agreed.add(purpose);
  const [only] = agreed;
  const purpose = stated ?? (agreed.size === 1 ? only : undefined);
  if (purpose === undefined) return refuse('purpose-missing');
  if (!view.purposes.some((known) => known.code === purpose)) return refuse('purpose-unknown');
  return agreed.has(purpose) ? ok(purpose) : refuse('purpose-not-agreed');
}

function endUserRules(rules: AccessAgreement['endUser'], endpoint: string): readonly EndUserRule[] {
  return rules !== undefined && Object.hasOwn(rules, endpoint) && rules[endpoint] !== undefined
    ? [rules[endpoint]]
    : [];
}

function legalBasisFor(view: AccessView, purpose: string, stated: string | undefined): Result<string, AccessReason> {
  const implied = view.purposes.find((known) => known.code === purpose)?.legalBasis;
  const legalBasis = stated ?? implied;
  if (legalBasis === undefined || !view.legalBases.some((known) => known.code === legalBasis))
    return refuse('legal-basis-unknown');
  return legalBasis === implied ? ok(legalBasis) : refuse('legal-basis-not-of-purpose');
}
