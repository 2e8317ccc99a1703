import fc from 'fast-check';
import type { ServiceId, SubsystemId } from '#kernel';
import type { AccessQuestion } from '../decide.js';
import type { ActingPerson } from '../end-user.js';
import type { Subject } from '../subject.js';
import type { CallTerms } from '../terms.js';
import type { AccessAgreement, AccessView } from '../view.js';

const CONSUMERS = ['T/GOV/1/a', 'T/GOV/1/b', 'T/COM/2/c'] as SubsystemId[];
const PROVIDERS = ['T/GOV/9/p', 'T/GOV/9/q'];
const CODES = ['x', 'y'];
const ENDPOINTS = ['GET /{id}', 'GET /', 'POST /match'];
const PURPOSES = ['p1', 'p2', 'p3'];
const BASES = ['b1', 'b2'];
const KINDS = ['T/PIN', 'T/BIN'];
const DAY_MS = 86_400_000;
export const NOW = Date.parse('2026-11-27T12:00:00Z');

export interface Grant {
  readonly consumer: string;
  readonly service: string;
  readonly agreement: AccessAgreement;
}

/** A registry as a list of facts, in no form that the product knows. */
export interface Facts {
  readonly subsystems: readonly string[];
  readonly services: readonly { readonly id: string; readonly endpoints: readonly string[]; readonly isOff: boolean }[];
  readonly grants: readonly Grant[];
  readonly purposes: readonly { readonly code: string; readonly legalBasis: string }[];
  readonly legalBases: readonly string[];
  /** Identifiers, or `service endpoint`. */
  readonly suspended: readonly string[];
}

const serviceIds = PROVIDERS.flatMap((provider) => CODES.map((code) => `${provider}/${code}`));
const SUSPENDABLE = [
  ...CONSUMERS,
  ...PROVIDERS,
  ...['T/GOV/1', 'T/GOV/9', 'T/COM/2'],
  ...serviceIds.flatMap((id) => [id, ...ENDPOINTS.map((endpoint) => `${id} ${endpoint}`)]),
];
const instant = fc.integer({ min: -2, max: 2 }).map((days) => new Date(NOW + days * DAY_MS).toISOString());
const hour = fc.integer({ min: 8, max: 15 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });

const RULES = ['subject', 'official', 'any'] as const;
/** For some endpoints one of the rules, for others none. */
const endUserRules = fc.tuple(...ENDPOINTS.map(() => maybe(fc.constantFrom(...RULES)))).map((rules) =>
  Object.fromEntries(
    ENDPOINTS.flatMap((endpoint, at) => {
      const rule = rules[at];
      return rule === undefined ? [] : [[endpoint, rule] as const];
    }),
  ),
);

const agreement: fc.Arbitrary<AccessAgreement> = fc.record({
  endpoints: fc.subarray(ENDPOINTS, { minLength: 1 }),
  purposes: fc.subarray(PURPOSES, { minLength: 1 }),
  subjectKinds: maybe(fc.subarray(KINDS, { minLength: 1 })),
  hours: maybe(
    fc.record({
      days: fc.subarray([4, 5, 6], { minLength: 1 }),
      from: hour.map((at) => `${String(at).padStart(2, '0')}:00`),
      until: hour.map((at) => `${String(at + 1).padStart(2, '0')}:00`),
      timeZone: fc.constantFrom('UTC', 'Asia/Baku', 'America/Lima'),
    }),
  ),
  endUser: maybe(endUserRules),
  requiresLink: fc.option(fc.subarray(ENDPOINTS), { nil: undefined, freq: 1 }),
  context: maybe(fc.subarray<'issue' | 'user-id'>(['issue', 'user-id'], { minLength: 1 })),
  stopped: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, fc.constant('stopped')),
  from: maybe(instant),
  until: instant,
});

/** All of them, or now and then all but some. */
function mostly<T>(all: readonly T[]): fc.Arbitrary<readonly T[]> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant([...all]) }, fc.subarray([...all], { minLength: 1 }));
}

export const randomFacts: fc.Arbitrary<Facts> = fc.record({
  subsystems: mostly([...CONSUMERS, ...PROVIDERS]),
  services: mostly(serviceIds).chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record({
          id: fc.constant(id),
          endpoints: mostly(ENDPOINTS),
          isOff: fc.integer({ max: 9 }).map((n) => n === 0),
        }),
      ),
    ),
  ),
  grants: fc.array(
    fc.record({ consumer: fc.constantFrom(...CONSUMERS), service: fc.constantFrom(...serviceIds), agreement }),
    { minLength: 4, maxLength: 24 },
  ),
  purposes: mostly(PURPOSES).chain((codes) =>
    fc.tuple(...codes.map((code) => fc.record({ code: fc.constant(code), legalBasis: fc.constantFrom(...BASES) }))),
  ),
  legalBases: mostly(BASES),
  suspended: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray(SUSPENDABLE, { maxLength: 3 })),
});

const anyQuestion: fc.Arbitrary<AccessQuestion> = fc.record({
  consumer: fc.constantFrom(...CONSUMERS),
  service: fc.constantFrom(...(serviceIds as ServiceId[])),
  endpoint: maybe(fc.constantFrom(...ENDPOINTS)),
  purpose: maybe(fc.constantFrom(...PURPOSES)),
  legalBasis: fc.option(fc.constantFrom(...BASES), { nil: undefined, freq: 1 }),
  atMs: fc.integer({ min: -36, max: 36 }).map((hours) => NOW + (hours * DAY_MS) / 24),
});

/** At random, or aimed at one of the grants, which chance alone hardly ever meets. */
export const randomQuestion: fc.Arbitrary<(facts: Facts) => AccessQuestion> = fc
  .tuple(anyQuestion, fc.option(fc.nat(), { nil: undefined, freq: 4 }), fc.nat())
  .map(([question, aim, which]) => ({ grants }: Facts) => {
    const grant = aim === undefined ? undefined : grants[aim % grants.length];
    if (grant === undefined) return question;
    const { endpoints, purposes } = grant.agreement;
    return {
      ...question,
      consumer: grant.consumer as SubsystemId,
      service: grant.service as ServiceId,
      endpoint: endpoints[which % endpoints.length],
      ...(question.purpose === undefined ? {} : { purpose: purposes[which % purposes.length] }),
    };
  });

/** Who acts on whom, and whether the subject has allowed it. */
export interface Acting {
  readonly person: ActingPerson | undefined;
  readonly subject: Subject | 'in-answer' | undefined;
  readonly isUnsafe: boolean;
  readonly hasLink: boolean;
}

const somebody = fc.constantFrom('A', 'B', 'C').map((code): Subject => ({ country: 'T', type: 'PIN', code }));

export const randomActing: fc.Arbitrary<Acting> = fc.record({
  person: maybe(
    fc.record({
      kind: fc.constantFrom<ActingPerson['kind']>('citizen', 'official'),
      user: somebody,
      represents: fc.array(somebody, { maxLength: 2 }),
    }),
  ),
  subject: fc.oneof(somebody, fc.constantFrom<'in-answer' | undefined>('in-answer', undefined)),
  isUnsafe: fc.boolean(),
  hasLink: fc.boolean(),
});

export const randomCall: fc.Arbitrary<CallTerms> = fc.record({
  subjectKind: fc.constantFrom(undefined, ...KINDS),
  headers: fc.subarray([
    { name: 'X-Road-Issue', value: 'case 7' },
    { name: 'x-road-userid', value: 'EE1' },
    { name: 'Accept', value: '*/*' },
  ]),
});

export function viewOf(facts: Facts): AccessView {
  return {
    subsystem: (id) => (facts.subsystems.includes(id) ? {} : undefined),
    service: (id) => {
      const found = facts.services.find((service) => service.id === id);
      if (found === undefined) return undefined;
      const endpoints = found.endpoints.map((endpoint) => ({ endpoint }));
      return { personalData: true, endpoints, ...(found.isOff ? { disabled: 'off' } : {}) };
    },
    agreements: (consumer, service) =>
      facts.grants.filter((grant) => grant.consumer === consumer && grant.service === service).map((g) => g.agreement),
    isSuspended: (id, endpoint) => facts.suspended.includes(endpoint === undefined ? id : `${id} ${endpoint}`),
    purposes: facts.purposes,
    legalBases: facts.legalBases.map((code) => ({ code })),
  };
}
