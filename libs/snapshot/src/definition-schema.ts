import { z } from 'zod';
import { registerMemberId, registerServiceId, registerSubsystemId } from '#kernel';
import { parseTypedSubject } from '#signing';
import { credentialJwk } from './credential.js';
import { issuer } from './issuer.js';
import {
  agreedHours,
  agreedQuota,
  agreedRate,
  agreedSweep,
  code,
  contextField,
  contractModes,
  endpointPattern,
  endUserRule,
  pointerPattern,
  subjectKind,
  subjectRule,
} from './member-document.js';

const PARTS_OF = { operator: 0, 'security-officer': 0, 'member-administrator': 2, provider: 3, auditor: 0 } as const;

const title = z
  .record(z.string().regex(/^[a-z]{2}$/, 'is a language code'), z.string().min(1).max(500))
  .refine((text) => 'en' in text, { message: 'needs a text in "en"' })
  .describe('Text by language code; "en" is required');

const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'is a date, YYYY-MM-DD')
  .refine((text) => !Number.isNaN(Date.parse(`${text}T00:00:00Z`)), { message: 'is no date of the calendar' });

function part(what: string, parts: number) {
  const register = parts === 2 ? registerMemberId : parts === 3 ? registerSubsystemId : registerServiceId;
  return z
    .string()
    .refine((text) => register(`X/${text}` as never).ok, {
      message: `is no ${what}: ${parts} parts joined by "/", each of A-Z a-z 0-9 ' ( ) + , - . = ?`,
    })
    .describe(`${what} without the instance's code`);
}

const memberRef = part('member (CLASS/CODE)', 2);
const subsystemRef = part('subsystem (CLASS/CODE/SUBSYSTEM)', 3);
const serviceRef = part('service (CLASS/CODE/SUBSYSTEM/SERVICE)', 4);

const service = z
  .strictObject({
    code: code.describe('Last part of the service identifier'),
    title: title.optional(),
    openapi: z
      .string()
      .optional()
      .describe('OpenAPI 3 document, path relative to this file; its operations are the endpoints'),
    timeoutMs: z
      .number()
      .int()
      .min(100)
      .max(600_000)
      .default(30_000)
      .describe("The agency's time to answer, milliseconds"),
    personalData: z.boolean().default(true).describe('Then subject, purpose and legal basis are mandatory'),
    endpoints: z
      .array(z.strictObject({ endpoint: endpointPattern, subject: subjectRule.optional() }))
      .default([])
      .describe('Endpoints with a subject rule of their own, or all of them where there is no OpenAPI document'),
    subject: subjectRule.optional().describe('Where the subject stands, for endpoints without a rule of their own'),
    disabled: z.string().max(500).optional().describe("Administrator's notice while switched off"),
    contract: contractModes
      .optional()
      .describe('Calls and answers held against the OpenAPI document: off, report or enforce; needs "openapi"'),
  })
  .refine(({ contract, openapi }) => contract === undefined || openapi !== undefined, {
    path: ['contract'],
    message: 'needs "openapi": without the document nothing can be checked',
  });

const agreement = z.strictObject({
  consumer: subsystemRef,
  service: code,
  endpoints: z.array(endpointPattern).min(1),
  purposes: z.array(code).min(1),
  endUser: z
    .record(endpointPattern, endUserRule)
    .optional()
    .describe('Endpoints that may be called with an end user only: the subject, an official, or any'),
  requiresLink: z
    .array(endpointPattern)
    .min(1)
    .optional()
    .describe('Endpoints that may be called only while the subject has allowed it: a live link'),
  subjectKinds: z
    .array(subjectKind)
    .min(1)
    .max(50)
    .optional()
    .describe('Kinds of persons whose data may be asked for, COUNTRY/TYPE; all where it is absent'),
  hours: agreedHours.optional().describe('When calls are allowed; at any hour where it is absent'),
  context: z
    .array(contextField)
    .min(1)
    .max(3)
    .optional()
    .describe('What callers must state: X-Road-Issue, X-Road-UserId, X-Road-Represented-Party'),
  quota: agreedQuota
    .optional()
    .describe('Calls in a day and in a month, by all instances together; any number if absent'),
  rate: agreedRate.optional().describe('How fast calls may come at each gateway: "burst" at once, then "perSecond"'),
  sweep: agreedSweep
    .optional()
    .describe('Different subjects per hour and purpose from which on the consumer is reported, or braked as well'),
  stopped: z.string().min(1).max(500).optional().describe("Provider's notice: grants nothing while it stands here"),
  from: day.optional().describe('First day'),
  until: day.describe('Last day'),
});

const credential = z
  .strictObject({
    key: credentialJwk.optional().describe('Public key for client assertions; of no other use'),
    certificate: z
      .string()
      .regex(/^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$/, 'is no SHA-256 fingerprint of a certificate')
      .optional()
      .describe('SHA-256 of the certificate in DER form, as "openssl x509 -fingerprint -sha256" shows it'),
    from: day.describe('First day'),
    until: day.describe('Last day'),
  })
  .refine(({ key, certificate }) => (key === undefined) !== (certificate === undefined), {
    message: 'needs either "key" or "certificate"',
  });

const subsystem = z.strictObject({
  code,
  name: title.optional(),
  credentials: z
    .array(credential)
    .max(20)
    .default([])
    .describe('With what its information systems prove to a gateway whose they are'),
  services: z.array(service).default([]),
  agreements: z.array(agreement).default([]),
});

/** What a citizen can ask to have corrected (`corrections.md` §4), and who decides about it. */
const element = z.strictObject({
  id: code.describe('What "x-data-element" in OpenAPI documents names'),
  owner: subsystemRef.describe('The subsystem whose register it is; not always the one that answers with it'),
  title,
  selfDeclared: z
    .boolean()
    .default(false)
    .describe('People wrote it into the owner, a portal, themselves and change it there themselves'),
});

const elementPlace = z.strictObject({
  service: serviceRef,
  endpoint: endpointPattern,
  pointer: pointerPattern.describe('JSON pointer into its answers; "*" for every item of a list'),
  element: code,
});

/** Who takes whose place (E56); stays for good, so that old identifiers resolve. */
const succession = z.strictObject({
  former: subsystemRef.describe('The subsystem that is succeeded; it may have left this file'),
  successor: subsystemRef.describe('Who takes its place: a subsystem of this file, or one that is succeeded itself'),
  since: day.describe('First day, UTC'),
});
/** The operator's own stop (E43), whatever a member says of itself. */
const suspension = z
  .strictObject({
    of: z
      .string()
      .refine((text) => [2, 3, 4].includes(text.split('/').length), { message: 'is no member, subsystem or service' })
      .describe("Member, subsystem or service, without the instance's code"),
    endpoint: endpointPattern.optional().describe('Only this endpoint of the service'),
    reason: z.string().min(1).max(500).describe('For those who look it up; callers are told that it is so, not why'),
  })
  .refine(({ of, endpoint }) => endpoint === undefined || of.split('/').length === 4, {
    path: ['endpoint'],
    message: 'stands beside a service only',
  });

/** What somebody may do at the registry, beside reading its catalogue. */
export const officerRoles = ['operator', 'security-officer', 'member-administrator', 'provider', 'auditor'] as const;
export type OfficerRole = (typeof officerRoles)[number];

/** Of a person only how the issuer calls them; stays in the registry and comes into no snapshot. */
const officer = z
  .strictObject({
    person: z
      .string()
      .max(140)
      .refine((text) => parseTypedSubject(text) !== undefined, { message: 'is no COUNTRY/TYPE/CODE' })
      .describe("COUNTRY/TYPE/CODE, as the issuer's entry makes it from a token"),
    issuer: z.string().min(1).max(255).describe('Whose word it is that somebody is this person'),
    role: z.enum(officerRoles),
    of: z.string().optional().describe('Of whom: a member for its administrator, a subsystem for a provider'),
  })
  .refine(({ role, of }) => (of?.split('/').length ?? 0) === PARTS_OF[role], {
    path: ['of'],
    message: 'is a member for "member-administrator", a subsystem for "provider", and absent for the others',
  });
export type Officer = z.infer<typeof officer>;

/** `instance.yaml` (`sandbox.md` §4); `docs/instance.schema.json` is generated from it. */
export const instanceDefinition = z.strictObject({
  $schema: z.string().optional(),
  instance: z.string().regex(/^[A-Za-z0-9'()+,\-.=?]{1,255}$/, 'is no instance code'),
  purposes: z.array(z.strictObject({ code, title, legalBasis: code })).default([]),
  legalBases: z.array(z.strictObject({ code, title, reference: z.string().min(1).max(500) })).default([]),
  issuers: z
    .array(issuer)
    .max(20)
    .default([])
    .describe('OpenID Connect issuers who say who acts, and registers of mandates'),
  members: z
    .array(z.strictObject({ id: memberRef, name: title, subsystems: z.array(subsystem).default([]) }))
    .default([]),
  elements: z.array(element).max(10_000).default([]).describe('Data elements, each with the subsystem that owns it'),
  elementPlaces: z
    .array(elementPlace)
    .max(10_000)
    .default([])
    .describe('Where elements stand in answers whose OpenAPI document does not say so by "x-data-element"'),
  successions: z
    .array(succession)
    .max(10_000)
    .default([])
    .describe('Who takes whose place; of a member that is still here its own signed document says it as well'),
  suspensions: z.array(suspension).max(10_000).default([]).describe('What the operator has stopped for the time being'),
  officers: z
    .array(officer)
    .max(10_000)
    .optional()
    .describe('Who may ask for changes of the registry and approve them; absent: who may now'),
  instances: z
    .array(
      z.strictObject({
        id: code,
        kind: z.enum(['gateway', 'connector', 'audit', 'feedback', 'registry']),
        runBy: memberRef,
        serves: z.array(subsystemRef).default([]),
      }),
    )
    .default([]),
});
export type InstanceDefinition = z.infer<typeof instanceDefinition>;
