import type { ConsumerCredential } from './credential.js';
import type { InstanceDefinition } from './definition-schema.js';
import {
  memberDocument,
  type Agreement,
  type MemberDocument,
  type PublishedKey,
  type ServiceEntry,
} from './member-document.js';
import type { OpenApiOperations } from './openapi-operations.js';
import type { Path } from './references.js';
import { serviceElements, type ElementProblemCode } from './service-elements.js';
import { memberOf, ok, refuse, type Result } from '#kernel';
import { thumbprint } from '#signing';
import { spelledSuccessions } from './succession.js';

type MemberDefinition = InstanceDefinition['members'][number];
type SubsystemDefinition = MemberDefinition['subsystems'][number];
type ServiceDefinition = SubsystemDefinition['services'][number];
type AgreementDefinition = SubsystemDefinition['agreements'][number];

/** What a definition alone does not hold: public keys, and what stands in the OpenAPI documents that it names. */
export interface DocumentSources {
  /** Public keys of a subsystem or instance identifier. */
  readonly keysOf: (identifier: string) => readonly PublishedKey[];
  /** What was read of an OpenAPI document, by the path in the definition. */
  readonly openapi: (path: string) => OpenApiOperations | undefined;
}

export interface DocumentProblem {
  readonly code: 'openapi-missing' | 'endpoint-unknown' | 'document-invalid' | 'endpoints-missing' | ElementProblemCode;
  /** Identifier of the member, subsystem or service concerned. */
  readonly at: string;
  /** What in the definition says it, if that is not where the member, subsystem or service stands. */
  readonly path?: Path;
  readonly message: string;
}

/** The documents that the members of a definition have to sign, in the order of the definition. */
export function memberDocumentsOf(
  definition: InstanceDefinition,
  sources: DocumentSources,
): Result<MemberDocument[], readonly DocumentProblem[]> {
  const problems: DocumentProblem[] = [];
  const documents = definition.members.map((member) => documentOf(definition, member, sources, problems));
  addAt(definition.instance, suspendedEndpoints(definition, documents), problems);
  if (problems.length > 0) return refuse(problems);
  const parsed = documents.map((document) => memberDocument.safeParse(document));
  const invalid = parsed.flatMap((result, index): DocumentProblem[] =>
    result.success
      ? []
      : result.error.issues.map((issue) => ({
          code: 'document-invalid',
          at: documents[index]?.member ?? '',
          message: `${issue.path.join('.')}: ${issue.message}`,
        })),
  );
  if (invalid.length > 0) return refuse(invalid);
  return ok(parsed.flatMap((result) => (result.success ? [result.data] : [])));
}

function documentOf(
  definition: InstanceDefinition,
  member: MemberDefinition,
  sources: DocumentSources,
  problems: DocumentProblem[],
) {
  const id = `${definition.instance}/${member.id}`;
  return {
    v: 1,
    member: id,
    name: member.name,
    subsystems: member.subsystems.map((subsystem) => {
      const subsystemId = `${id}/${subsystem.code}`;
      const services = subsystem.services.map((service) =>
        serviceOf(definition, subsystemId, service, sources, problems),
      );
      return {
        id: subsystemId,
        ...given('name', subsystem.name),
        keys: sources.keysOf(subsystemId),
        ...credentialsOf(subsystem),
        services,
        agreements: subsystem.agreements.map((entry) =>
          agreementOf(definition.instance, subsystemId, entry, services, problems),
        ),
      };
    }),
    ...given('successions', successionsOf(definition, member.id)),
    instances: definition.instances
      .filter((entry) => entry.runBy === member.id && entry.kind !== 'connector')
      .map((entry) => {
        const instanceId = `${definition.instance}/${entry.id}`;
        return { id: instanceId, kind: entry.kind, keys: sources.keysOf(instanceId) };
      })
      // A gateway whose keys were made before it had one to sign with goes on without: its refusals are only counted.
      .filter(({ kind, keys }) => kind !== 'gateway' || keys.length > 0),
  };
}

/** A member that is still here has to sign who succeeds it. */
function successionsOf(definition: InstanceDefinition, member: string) {
  const own = spelledSuccessions(definition).filter(
    ({ former }) => memberOf(former) === `${definition.instance}/${member}`,
  );
  return own.length === 0 ? undefined : own;
}

function serviceOf(
  definition: InstanceDefinition,
  subsystem: string,
  service: ServiceDefinition,
  sources: DocumentSources,
  problems: DocumentProblem[],
): ServiceEntry {
  const at = `${subsystem}/${service.code}`;
  const openapi = service.openapi === undefined ? undefined : sources.openapi(service.openapi);
  if (service.openapi !== undefined && openapi === undefined)
    problems.push({ code: 'openapi-missing', at, message: `cannot read OpenAPI document "${service.openapi}"` });
  const listed = new Map(service.endpoints.map((entry) => [entry.endpoint, entry]));
  const names = openapi?.endpoints ?? [...listed.keys()];
  for (const name of listed.keys())
    if (openapi !== undefined && !names.includes(name))
      problems.push({ code: 'endpoint-unknown', at, message: `"${name}" is no operation of its OpenAPI document` });
  if (names.length === 0)
    problems.push({ code: 'endpoints-missing', at, message: 'has neither endpoints nor OpenAPI' });
  const ref = at.slice(definition.instance.length + 1);
  const elements = serviceElements(definition, { ref, endpoints: names, openapi });
  addAt(at, elements.problems, problems);
  return {
    code: service.code,
    title: service.title ?? { en: service.code },
    ...given('openapi', openapi?.digest),
    timeoutMs: service.timeoutMs,
    personalData: service.personalData,
    endpoints: names.map((endpoint) => ({
      endpoint,
      ...given('subject', listed.get(endpoint)?.subject),
      ...given('elements', elements.places.get(endpoint)),
    })),
    ...given('subject', service.subject),
    ...given('disabled', service.disabled),
    ...given('contract', service.contract),
  };
}

/** Endpoints stand in OpenAPI documents, so whether a suspended one is there is seen only here. */
function suspendedEndpoints(
  definition: InstanceDefinition,
  documents: readonly ReturnType<typeof documentOf>[],
): Omit<DocumentProblem, 'at'>[] {
  const served = new Set(
    documents.flatMap(({ subsystems }) =>
      subsystems.flatMap(({ id, services }) =>
        services.flatMap(({ code, endpoints }) => endpoints.map(({ endpoint }) => `${id}/${code} ${endpoint}`)),
      ),
    ),
  );
  return definition.suspensions.flatMap(({ of, endpoint }, index) =>
    endpoint === undefined || served.has(`${definition.instance}/${of} ${endpoint}`)
      ? []
      : [
          {
            code: 'endpoint-unknown' as const,
            path: ['suspensions', index, 'endpoint'],
            message: `"${endpoint}" is no endpoint of ${of}, so its suspension would stop nothing`,
          },
        ],
  );
}

/** One by one: they can be more than a call has room for. */
function addAt(at: string, found: readonly Omit<DocumentProblem, 'at'>[], problems: DocumentProblem[]): void {
  for (const problem of found) problems.push({ ...problem, at });
}

/** A subsystem without any has the same document as before there were credentials. */
function credentialsOf({ credentials }: SubsystemDefinition): { readonly credentials?: readonly ConsumerCredential[] } {
  if (credentials.length === 0) return {};
  return {
    credentials: credentials.map(({ key, certificate = '', from, until }): ConsumerCredential => {
      const valid = { from: `${from}T00:00:00Z`, until: dayAfter(until) };
      return key === undefined
        ? { kind: 'certificate', sha256: certificate.replaceAll(':', '').toLowerCase(), ...valid }
        : { kind: 'key', kid: thumbprint(key), jwk: key, ...valid };
    }),
  };
}

function agreementOf(
  instance: string,
  subsystem: string,
  entry: AgreementDefinition,
  services: readonly ServiceEntry[],
  problems: DocumentProblem[],
): Omit<Agreement, 'consumer'> & { consumer: string } {
  const offered = services.find((service) => service.code === entry.service)?.endpoints.map((e) => e.endpoint);
  for (const endpoint of entry.endpoints)
    if (offered !== undefined && !offered.includes(endpoint))
      problems.push({
        code: 'endpoint-unknown',
        at: `${subsystem}/${entry.service}`,
        message: `agreement with ${entry.consumer} names "${endpoint}", which the service does not have`,
      });
  return {
    consumer: `${instance}/${entry.consumer}`,
    service: entry.service,
    endpoints: entry.endpoints,
    purposes: entry.purposes,
    ...given('endUser', entry.endUser),
    ...given('requiresLink', entry.requiresLink),
    ...given('subjectKinds', entry.subjectKinds),
    ...given('hours', entry.hours),
    ...given('context', entry.context),
    ...given('quota', entry.quota),
    ...given('rate', entry.rate),
    ...given('sweep', entry.sweep),
    ...given('stopped', entry.stopped),
    ...given('from', entry.from === undefined ? undefined : `${entry.from}T00:00:00Z`),
    until: dayAfter(entry.until),
  };
}

/** A definition names the last day; a document the first instant at which the right no longer holds (UTC). */
function dayAfter(day: string): string {
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().replace('.000Z', 'Z');
}

/** `{ [name]: value }`, or nothing to spread where there is no value. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}
