import type { Officer, OfficerRole } from '#snapshot';
import type { Change, ChangeKind } from '../definition/differences.js';

/** Who acts: a person by the word of an issuer, with everything that the definition lets them do. */
export interface Grants {
  /** `COUNTRY/TYPE/CODE`. */
  readonly person: string;
  readonly grants: readonly Pick<Officer, 'role' | 'of'>[];
}

export type Act = 'request' | 'approve';

type Row = Readonly<Record<Act, readonly OfficerRole[]>>;

/**
 * Which roles may ask for a change of what, and which may approve it. What is not here may nobody. Who administers a
 * member, or provides for a subsystem, may so only for what is theirs.
 */
export const PERMISSIONS: Readonly<Record<ChangeKind, Row>> = {
  member: { request: ['operator', 'member-administrator'], approve: ['operator', 'security-officer'] },
  subsystem: {
    request: ['operator', 'member-administrator'],
    approve: ['operator', 'security-officer', 'member-administrator'],
  },
  key: {
    request: ['operator', 'member-administrator', 'provider'],
    approve: ['security-officer', 'member-administrator'],
  },
  credential: {
    request: ['operator', 'member-administrator', 'provider'],
    approve: ['security-officer', 'member-administrator'],
  },
  service: {
    request: ['operator', 'member-administrator', 'provider'],
    approve: ['operator', 'security-officer', 'member-administrator'],
  },
  agreement: {
    request: ['operator', 'member-administrator', 'provider'],
    approve: ['security-officer', 'member-administrator'],
  },
  purpose: { request: ['operator'], approve: ['operator', 'security-officer'] },
  legalBasis: { request: ['operator'], approve: ['operator', 'security-officer'] },
  element: { request: ['operator'], approve: ['operator', 'security-officer'] },
  suspension: { request: ['operator', 'security-officer'], approve: ['operator', 'security-officer'] },
  succession: { request: ['operator'], approve: ['security-officer'] },
  issuer: { request: ['operator'], approve: ['security-officer'] },
  instance: { request: ['operator'], approve: ['security-officer'] },
  officer: { request: ['operator'], approve: ['security-officer'] },
};

/** Who stops something at once and alone. */
export const MAY_SUSPEND: readonly OfficerRole[] = ['security-officer'];
/** Who sees every request, whoever made it. */
export const SEES_ALL: readonly OfficerRole[] = ['operator', 'security-officer', 'auditor'];

/** The first change that this person may not ask for, or approve; undefined: they may all. */
export function forbiddenChange(
  act: Act,
  { grants }: Grants,
  changes: readonly Change[],
  instance: string,
): Change | undefined {
  return changes.find(
    (change) =>
      !grants.some((grant) => PERMISSIONS[change.kind][act].includes(grant.role) && reaches(grant, change, instance)),
  );
}

/** The roles by which a person may do this to any of these, for the record; whose they are is not asked. */
export function rolesFor(act: Act, { grants }: Grants, changes: readonly Change[]): string {
  const roles = grants
    .map(({ role }) => role)
    .filter((role) => changes.some(({ kind }) => PERMISSIONS[kind][act].includes(role)));
  return [...new Set(roles)].sort().join(' ');
}

export function hasRole({ grants }: Grants, roles: readonly OfficerRole[]): boolean {
  return grants.some(({ role }) => roles.includes(role));
}

/** Whether a person may read a request with these changes; their own they always may. */
export function maySee(reader: Grants, changes: readonly Change[], requestedBy: string, instance: string): boolean {
  if (hasRole(reader, SEES_ALL) || reader.person === requestedBy) return true;
  return reader.grants.some(
    (grant) => grant.of !== undefined && changes.some((change) => reaches(grant, change, instance)),
  );
}

function reaches({ of }: Pick<Officer, 'of'>, change: Change, instance: string): boolean {
  if (of === undefined) return true;
  const owner = ownerOf(change);
  const own = `${instance}/${of}`;
  return owner === own || (owner?.startsWith(`${own}/`) ?? false);
}

/** Whose a change is: a member or one of its subsystems; undefined for what is the whole bus's. */
export function ownerOf({ kind, id, of }: Pick<Change, 'kind' | 'id' | 'of'>): string | undefined {
  switch (kind) {
    case 'member':
    case 'subsystem':
      return id;
    case 'key':
    case 'credential':
      return of ?? id.split('#')[0];
    case 'service':
      return id.split('/').slice(0, -1).join('/');
    case 'agreement':
      // `consumer → provider/service (2)`: the provider grants it.
      return id.split(' → ')[1]?.split('/').slice(0, 4).join('/');
    default:
      return undefined;
  }
}
