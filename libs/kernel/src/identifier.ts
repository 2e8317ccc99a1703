import { refuse, ok, type Result } from './result.js';

/**
 * X-Road identifiers (`exchange.md` §4) as one string with `/` between the parts:
 * member `INSTANCE/CLASS/CODE`, subsystem `…/SUBSYSTEM`, service `…/SUBSYSTEM/SERVICE`. Case matters.
 * An instance of ours (gateway, audit, …) is `INSTANCE/<id>`: two parts, so it can never be taken for a member.
 */
export type MemberId = string & { readonly __brand: 'MemberId' };
export type SubsystemId = string & { readonly __brand: 'SubsystemId' };
export type ServiceId = string & { readonly __brand: 'ServiceId' };
export type InstanceId = string & { readonly __brand: 'InstanceId' };

export type IdentifierReason =
  'identifier-parts' | 'identifier-empty-part' | 'identifier-characters' | 'identifier-length' | 'identifier-reserved';

/** Service codes that the metaservices own, and first path segments of Kerege itself. */
const RESERVED = new Set([
  'listClients',
  'listMethods',
  'allowedMethods',
  'getWsdl',
  'getOpenAPI',
  'getSecurityServerMetrics',
  'getSecurityServerOperationalData',
  'getSecurityServerHealthData',
  'api',
  'pub',
  'pull',
  'r1',
]);

const MAX_PART = 255;
/** Strict set for registering: X-Road 7.3. Its own pattern's `,-.` is the range that contains exactly `,`, `-` and `.`. */
const STRICT = /^[A-Za-z0-9'()+,\-.=?]+$/;
/** Relaxed set for reading; also refuses U+200B and U+FEFF, which X-Road only warns about. */
const FORBIDDEN = /[:;/\\%\u0000-\u001f\u007f-\u009f\u200b\ufeff]/;

function checkParts(text: string, count: number, strict: boolean): IdentifierReason | undefined {
  const parts = text.split('/');
  if (parts.length !== count) return 'identifier-parts';
  for (const part of parts) {
    if (part === '') return 'identifier-empty-part';
    if (part.length > MAX_PART) return 'identifier-length';
    if (strict ? !STRICT.test(part) : FORBIDDEN.test(part)) return 'identifier-characters';
  }
  if (strict && parts.length >= 4 && parts.slice(3).some((part) => RESERVED.has(part))) return 'identifier-reserved';
  return undefined;
}

function parser<Id extends string>(count: number, strict: boolean) {
  return (text: string): Result<Id, IdentifierReason> => {
    const reason = checkParts(text, count, strict);
    return reason === undefined ? ok(text as Id) : refuse(reason);
  };
}

/** `parse…` accepts what X-Road's relaxed mode reads; `register…` only what may be registered anew. */
export const parseMemberId = parser<MemberId>(3, false);
export const parseSubsystemId = parser<SubsystemId>(4, false);
export const parseServiceId = parser<ServiceId>(5, false);
export const registerMemberId = parser<MemberId>(3, true);
export const registerSubsystemId = parser<SubsystemId>(4, true);
export const registerServiceId = parser<ServiceId>(5, true);
export const registerInstanceId = parser<InstanceId>(2, true);

export function memberOf(id: SubsystemId | ServiceId): MemberId {
  return id.split('/', 3).join('/') as MemberId;
}

export function subsystemOf(id: ServiceId): SubsystemId {
  return id.split('/', 4).join('/') as SubsystemId;
}

export function serviceCodeOf(id: ServiceId): string {
  return id.slice(subsystemOf(id).length + 1);
}

export function serviceId(subsystem: SubsystemId, code: string): ServiceId {
  return `${subsystem}/${code}` as ServiceId;
}
