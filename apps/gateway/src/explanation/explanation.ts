import {
  CONTEXT_HEADERS,
  explain,
  subjectKindOf,
  type AgreementFinding,
  type AgreedHours,
  type AgreedQuota,
  type AgreedRate,
  type AgreedSweep,
  type AccessAgreement,
  type AccessQuestion,
  type CallTerms,
  type ContextField,
} from '#access';
import {
  memberOf,
  ok,
  parseServiceId,
  parseSubsystemId,
  refuse,
  subsystemOf,
  type Result,
  type SubsystemId,
} from '#kernel';
import type { RegistryView } from '#snapshot';
import { rightsErrors } from '../rights/rights.errors.js';

/** What is asked: an endpoint's pattern and a kind of subject, never a path or a person. */
export interface ExplanationQuestion {
  readonly service: string;
  readonly endpoint: string;
  readonly consumer?: string;
  readonly purpose?: string;
  readonly legalBasis?: string;
  readonly subjectKind?: string;
  readonly context?: string;
  readonly at?: string;
}

export interface ShownAgreement {
  readonly finding: AgreementFinding;
  readonly endpoints: readonly string[];
  readonly purposes: readonly string[];
  readonly subjectKinds?: readonly string[];
  readonly hours?: AgreedHours;
  readonly context?: readonly string[];
  /** Of which nobody says here how much is left: the provider counts. */
  readonly quota?: AgreedQuota;
  readonly rate?: AgreedRate;
  readonly sweep?: AgreedSweep;
  readonly endUser?: string;
  readonly requiresLink?: boolean;
  readonly stopped?: string;
  readonly from?: string;
  readonly until: string;
}

export interface ShownExplanation {
  readonly snapshot: number;
  readonly verdict: string;
  readonly next?: string;
  readonly purpose?: string;
  readonly legalBasis?: string;
  readonly agreements: readonly ShownAgreement[];
}

/**
 * Whether a call would pass the gateway and the connector by the registry alone, and which rule decides. Told to those who
 * may know: consumer, provider, operator. Says nothing of capacity, of who acts, or of links of persons.
 */
export function explanationFor(
  view: RegistryView,
  asker: SubsystemId,
  query: ExplanationQuestion,
  nowMs: number,
): Result<ShownExplanation, 'explanation-refused'> {
  const service = parseServiceId(query.service);
  const consumer = parseSubsystemId(query.consumer ?? asker);
  if (!service.ok || !consumer.ok) return refuse('explanation-refused');
  const parties: readonly string[] = [consumer.value, subsystemOf(service.value)];
  if (!parties.includes(asker) && !isOperator(view, asker)) return refuse('explanation-refused');
  const { endpoint, purpose, legalBasis } = query;
  const atMs = query.at === undefined ? nowMs : Date.parse(query.at);
  const question: AccessQuestion = {
    ...{ consumer: consumer.value, service: service.value, endpoint, purpose, legalBasis, atMs },
  };
  const { verdict, agreements, ...implied } = explain(view, question, callOf(view, question, query));
  return ok({
    snapshot: view.number,
    verdict,
    ...(verdict === 'allowed' ? {} : { next: rightsErrors.entries[verdict].next }),
    ...implied,
    agreements: agreements.map(({ agreement, finding }) => ({ finding, ...shownAgreement(agreement, endpoint) })),
  });
}

/** The endpoint's own subject rule tells whose data it serves; where there is none the caller has to. */
function callOf(view: RegistryView, { service, endpoint }: AccessQuestion, query: ExplanationQuestion): CallTerms {
  const entry = view.service(service);
  const rule = entry?.endpoints.find((known) => known.endpoint === endpoint)?.subject ?? entry?.subject;
  const stated = (query.context?.split(',') ?? []) as ContextField[];
  return {
    subjectKind: rule === undefined ? query.subjectKind : subjectKindOf('in-answer', rule),
    headers: stated.map((field) => ({ name: CONTEXT_HEADERS[field], value: 'stated' })),
  };
}

/** Who runs the registry. */
function isOperator(view: RegistryView, asker: SubsystemId): boolean {
  return view.instances.some(({ kind, runBy }) => kind === 'registry' && runBy === memberOf(asker));
}

function shownAgreement(agreement: AccessAgreement, endpoint: string): Omit<ShownAgreement, 'finding'> {
  const { endpoints, purposes, endUser, requiresLink, stopped, from, until } = agreement;
  return {
    endpoints,
    purposes,
    ...shownTerms(agreement),
    ...(endUser?.[endpoint] === undefined ? {} : { endUser: endUser[endpoint] }),
    ...(requiresLink?.includes(endpoint) === true ? { requiresLink: true } : {}),
    ...(stopped === undefined ? {} : { stopped }),
    ...(from === undefined ? {} : { from }),
    until,
  };
}

function shownTerms({ subjectKinds, hours, context, quota, rate, sweep }: AccessAgreement) {
  return {
    ...(subjectKinds === undefined ? {} : { subjectKinds }),
    ...(hours === undefined ? {} : { hours }),
    ...(context === undefined ? {} : { context }),
    ...(quota === undefined ? {} : { quota }),
    ...(rate === undefined ? {} : { rate }),
    ...(sweep === undefined ? {} : { sweep }),
  };
}
