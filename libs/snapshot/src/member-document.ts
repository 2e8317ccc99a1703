import { z } from 'zod';
import {
  isTimeZone,
  memberOf,
  registerInstanceId,
  registerMemberId,
  registerSubsystemId,
  type InstanceId,
  type MemberId,
  type Result,
  type SubsystemId,
} from '#kernel';
import { keyBytes } from '#signing';
import { consumerCredential, credentialName } from './credential.js';
import { MAX_POINTER_LENGTH, POINTER_PATTERN } from './pointer-pattern.js';

/** Text by language code (`en`, `az`, `kk`, `ky`, `ru`); `en` is always there. */
export const localised = z
  .record(z.string().regex(/^[a-z]{2}$/), z.string().min(1).max(500))
  .refine((text) => 'en' in text, {
    message: 'needs a text in "en"',
  });

function identifier<Id extends string>(what: string, register: (text: string) => Result<Id, string>) {
  return z.custom<Id>((text) => typeof text === 'string' && register(text).ok, { message: `is no ${what} identifier` });
}

export const code = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, ".", "_" and "-" only');
const instant = z.iso.datetime();
const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);

/** A public key with its use and validity; `kid` is its RFC 7638 thumbprint. */
export const publishedKey = z.strictObject({
  kid: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  use: z.enum(['sign', 'seal']),
  /** Ed25519 or P-256 for `sign`, X25519 for `seal`. */
  jwk: z
    .strictObject({
      kty: z.enum(['OKP', 'EC']),
      crv: z.enum(['Ed25519', 'X25519', 'P-256']),
      x: z.string(),
      y: z.string().optional(),
    })
    .refine(({ crv, x }) => crv !== 'X25519' || keyBytes(x) !== undefined, {
      path: ['x'],
      message: 'is no X25519 key: 32 bytes in base64url',
    }),
  from: instant,
  until: instant,
});
export type PublishedKey = z.infer<typeof publishedKey>;

/** `GET /{pin}`: how an endpoint is written everywhere; `{name}` is one path segment. */
export const endpointPattern = z
  .string()
  .regex(/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/[^\s?#]*$/, 'is written "METHOD /pattern"');

/**
 * Where a service that serves personal data has its subject (`design.md` §6). `answer`: only the answer tells, so the
 * connector commits to it. An endpoint's own rule goes before its service's.
 */
export const subjectRule = z.strictObject({
  type: code,
  country: z.string().regex(/^[A-Z]{2,8}$/),
  from: z.union([
    z.strictObject({ path: z.string() }),
    z.strictObject({ query: z.string() }),
    z.strictObject({ header: z.string() }),
    z.strictObject({ body: z.string().startsWith('/') }),
    z.strictObject({ answer: z.string().startsWith('/') }),
  ]),
});
export type SubjectRule = z.infer<typeof subjectRule>;

/** `/visits/*` with `*` for what has no name of its own in the schema: see `pointer-pattern.ts`. */
export const pointerPattern = z
  .string()
  .max(MAX_POINTER_LENGTH)
  .regex(
    POINTER_PATTERN,
    'is no JSON pointer: "" or keys with "/" before each, "~1" for "/" and "~0" for "~" in a key',
  );

/** Places of data elements in the answers of one endpoint. */
export const MAX_PLACES = 500;

export const endpointEntry = z.strictObject({
  endpoint: endpointPattern,
  subject: subjectRule.optional(),
  /** Where registered data elements stand in its answers, by the member's own word (`corrections.md` §4). */
  elements: z
    .array(z.strictObject({ pointer: pointerPattern, element: code }))
    .min(1)
    .max(MAX_PLACES)
    .optional(),
});
export type EndpointEntry = z.infer<typeof endpointEntry>;

const contractMode = z.enum(['off', 'report', 'enforce']);

/** Whether calls and answers are held against the OpenAPI document, and what becomes of those that are not as it says. */
export const contractModes = z.strictObject({
  requests: contractMode.default('off'),
  answers: contractMode.default('off'),
});

export const serviceEntry = z.strictObject({
  code,
  title: localised,
  /** SHA-256 of the OpenAPI document, which the registry serves by digest; absent for a plain REST service. */
  openapi: sha256Hex.optional(),
  /** The agency's time to answer, milliseconds; caps every deadline. */
  timeoutMs: z.number().int().min(100).max(600_000),
  /** Whether answers or requests hold personal data: then subject, purpose and legal basis are mandatory. */
  personalData: z.boolean(),
  endpoints: z.array(endpointEntry).min(1).max(500),
  /** The rule of every endpoint without its own. */
  subject: subjectRule.optional(),
  /** Administrator's notice while the service is switched off. */
  disabled: z.string().max(500).optional(),
  /** Absent: nothing is checked. */
  contract: contractModes.optional(),
});
export type ServiceEntry = z.infer<typeof serviceEntry>;

/** Who must act: the person the data are about or who represents them, an official of the consumer, or anybody known. */
export const endUserRule = z.enum(['subject', 'official', 'any']);

/** COUNTRY/TYPE of a typed subject (`statements.md` §5). */
export const subjectKind = z.string().regex(/^[A-Z]{2,8}\/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is written COUNTRY/TYPE');

const minuteOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'is written HH:MM, at most 24:00');

const timeZone = z.string().max(64).refine(isTimeZone, { message: 'is no time zone of the IANA database' });

/** When an agreement holds, on the clock of a time zone; a night is two agreements. */
export const agreedHours = z
  .strictObject({
    days: z.array(z.number().int().min(1).max(7)).min(1).max(7).describe('1 is Monday'),
    from: minuteOfDay,
    until: minuteOfDay,
    timeZone,
  })
  .refine(({ from, until }) => from < until, { path: ['until'], message: 'is not after "from"' });

const callCount = z.number().int().min(1).max(1_000_000_000);

/** How many calls an agreement is good for, by the calendar of a time zone. */
export const agreedQuota = z
  .strictObject({
    day: callCount.optional(),
    month: callCount.optional(),
    timeZone: timeZone.optional().describe('UTC where it is absent'),
  })
  .refine(({ day, month }) => day !== undefined || month !== undefined, { message: 'needs "day" or "month"' });

/** How fast calls may come, at each gateway of the consumer. */
export const agreedRate = z.strictObject({
  perSecond: z.number().min(0.001).max(100_000),
  burst: z.number().int().min(1).max(100_000),
});

/** From how many different subjects within an hour on a consumer counts as reading through a register. */
export const agreedSweep = z.strictObject({
  subjectsPerHour: z.number().int().min(1).max(10_000_000),
  brake: z.boolean().optional().describe('Calls about further subjects are refused, not only reported'),
});

/** What the caller has to state of itself with every call. */
export const contextField = z.enum(['issue', 'user-id', 'represented-party']);

export const agreement = z.strictObject({
  consumer: identifier<SubsystemId>('subsystem', registerSubsystemId),
  /** Code of a service of the granting subsystem. */
  service: code,
  endpoints: z.array(endpointPattern).min(1),
  purposes: z.array(code).min(1),
  /** Endpoints of this agreement that may be called with an end user only. */
  endUser: z.record(endpointPattern, endUserRule).optional(),
  /** Endpoints of this agreement that may be called only while the person has allowed it (E45). */
  requiresLink: z.array(endpointPattern).min(1).optional(),
  /** Whose data may be asked for; anybody's where it is absent. */
  subjectKinds: z.array(subjectKind).min(1).max(50).optional(),
  hours: agreedHours.optional(),
  context: z.array(contextField).min(1).max(3).optional(),
  quota: agreedQuota.optional(),
  rate: agreedRate.optional(),
  sweep: agreedSweep.optional(),
  /** The provider's notice while it grants nothing. */
  stopped: z.string().min(1).max(500).optional(),
  from: instant.optional(),
  /** First instant at which the agreement no longer holds. */
  until: instant,
});
export type Agreement = z.infer<typeof agreement>;

export const subsystemEntry = z.strictObject({
  id: identifier<SubsystemId>('subsystem', registerSubsystemId),
  name: localised.optional(),
  keys: z.array(publishedKey).min(1).max(20),
  /** With what its information systems prove themselves to a gateway; none in a document from before. */
  credentials: z.array(consumerCredential).min(1).max(20).optional(),
  services: z.array(serviceEntry).max(1000),
  /** Granted by this subsystem as provider. */
  agreements: z.array(agreement).max(10_000),
});
export type SubsystemEntry = z.infer<typeof subsystemEntry>;

/** What a member says of itself, signed by the member's own key (`bus.md` §6). */
export const memberDocument = z
  .strictObject({
    v: z.literal(1),
    member: identifier<MemberId>('member', registerMemberId),
    name: localised,
    /** When its member signed it: who has seen a later one takes no earlier one. None in a document from before. */
    signedAt: z.iso.datetime().optional(),
    subsystems: z.array(subsystemEntry).max(1000),
    /** By whom subsystems of this member are succeeded, by its own word; absent where by nobody. */
    successions: z
      .array(
        z.strictObject({
          former: identifier<SubsystemId>('subsystem', registerSubsystemId),
          successor: identifier<SubsystemId>('subsystem', registerSubsystemId),
          since: instant,
        }),
      )
      .min(1)
      .max(1000)
      .optional(),
    /** Instances with signing keys of their own that this member runs; connectors sign with their subsystems' keys. */
    instances: z
      .array(
        z.strictObject({
          id: identifier<InstanceId>('instance', registerInstanceId),
          kind: z.enum(['audit', 'registry', 'feedback', 'gateway']),
          keys: z.array(publishedKey).min(1).max(20),
        }),
      )
      .max(100),
  })
  .superRefine((document, context) => {
    for (const [index, subsystem] of document.subsystems.entries()) {
      if (memberOf(subsystem.id) !== document.member)
        context.addIssue({ code: 'custom', path: ['subsystems', index, 'id'], message: 'belongs to another member' });
    }
    for (const [index, { former }] of (document.successions ?? []).entries()) {
      if (memberOf(former) !== document.member)
        context.addIssue({ code: 'custom', path: ['successions', index, 'former'], message: 'is another member’s' });
    }
    // Who holds the key that signs statements could come in as an information system, and the other way round.
    const keys = new Set(
      [...document.subsystems, ...document.instances].flatMap((owner) => owner.keys.map((key) => key.kid)),
    );
    for (const [index, { credentials = [] }] of document.subsystems.entries())
      for (const credential of credentials)
        if (keys.has(credentialName(credential)))
          context.addIssue({
            code: 'custom',
            path: ['subsystems', index, 'credentials'],
            message: 'a key that signs or opens is no credential',
          });
  });
export type MemberDocument = z.infer<typeof memberDocument>;
