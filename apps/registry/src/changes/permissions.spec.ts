import { describe, expect, it } from '@jest/globals';
import { officerRoles, type OfficerRole } from '#snapshot';
import type { Change, ChangeKind } from '../definition/differences.js';
import { forbiddenChange, maySee, ownerOf, PERMISSIONS, rolesFor, type Act } from './permissions.js';

const INSTANCE = 'DEMO';
const OWN = { 'member-administrator': 'GOV/1001', provider: 'GOV/1001/population' } as const;
/** A change of each kind that is the member's or the subsystem's of `OWN`, and the same of somebody else. */
const IDS: Readonly<Record<ChangeKind, readonly [own: string, foreign: string]>> = {
  member: ['DEMO/GOV/1001', 'DEMO/GOV/10011'],
  subsystem: ['DEMO/GOV/1001/population', 'DEMO/GOV/1002/population'],
  key: ['DEMO/GOV/1001/population#kid', 'DEMO/registry1#kid'],
  credential: ['DEMO/GOV/1001/population#kid', 'DEMO/GOV/1002/cadastre#kid'],
  service: ['DEMO/GOV/1001/population/persons', 'DEMO/GOV/1002/cadastre/properties'],
  agreement: [
    'DEMO/GOV/1002/cadastre → DEMO/GOV/1001/population/persons (2)',
    'DEMO/GOV/1001/population → DEMO/GOV/1002/cadastre/properties',
  ],
  purpose: ['view', 'view'],
  legalBasis: ['LB', 'LB'],
  issuer: ['https://id.example', 'https://id.example'],
  element: ['birth', 'birth'],
  suspension: ['DEMO/GOV/1001', 'DEMO/GOV/1001'],
  succession: ['DEMO/GOV/1001', 'DEMO/GOV/1001'],
  instance: ['DEMO/gw1', 'DEMO/gw1'],
  officer: ['auditor: DEMO/OFFICIAL/A by https://id.example', 'auditor: DEMO/OFFICIAL/A by https://id.example'],
};
/** The whole table once more, as the documentation has it: who asks / who approves. */
const EXPECTED: Readonly<Record<ChangeKind, readonly [request: string, approve: string]>> = {
  member: ['member-administrator operator', 'operator security-officer'],
  subsystem: ['member-administrator operator', 'member-administrator operator security-officer'],
  key: ['member-administrator operator provider', 'member-administrator security-officer'],
  credential: ['member-administrator operator provider', 'member-administrator security-officer'],
  service: ['member-administrator operator provider', 'member-administrator operator security-officer'],
  agreement: ['member-administrator operator provider', 'member-administrator security-officer'],
  purpose: ['operator', 'operator security-officer'],
  legalBasis: ['operator', 'operator security-officer'],
  issuer: ['operator', 'security-officer'],
  element: ['operator', 'operator security-officer'],
  suspension: ['operator security-officer', 'operator security-officer'],
  succession: ['operator', 'security-officer'],
  instance: ['operator', 'security-officer'],
  officer: ['operator', 'security-officer'],
};
const kinds = Object.keys(PERMISSIONS) as ChangeKind[];

const grantsOf = (role: OfficerRole) => {
  const of = role === 'member-administrator' || role === 'provider' ? { of: OWN[role] } : {};
  return { person: 'DEMO/OFFICIAL/A', grants: [{ role, ...of }] };
};
const change = (kind: ChangeKind, id: string): Change => ({ op: 'change', kind, id });
const may = (role: OfficerRole, act: Act, kind: ChangeKind, id: string) =>
  forbiddenChange(act, grantsOf(role), [change(kind, id)], INSTANCE) === undefined;

describe('who may ask for and approve what', () => {
  it.each(kinds)('%s: by the roles of the table alone, and within what is theirs', (kind) => {
    const [own, foreign] = IDS[kind];
    for (const [at, act] of (['request', 'approve'] as const).entries()) {
      const allowed = officerRoles.filter((role) => may(role, act, kind, own));
      // A member's own name is not its subsystem's provider's; nothing is an auditor's.
      expect(allowed.sort().join(' ')).toBe(EXPECTED[kind][at]);
      const reaching = officerRoles.filter((role) => may(role, act, kind, foreign) && Object.hasOwn(OWN, role));
      expect(reaching).toEqual([]);
    }
  });

  it('has somebody to ask and somebody to approve for each kind', () => {
    for (const row of Object.values(PERMISSIONS))
      expect(Math.min(row.request.length, row.approve.length)).toBeGreaterThan(0);
  });

  it('demands each change of a request, and nothing of none', () => {
    const two = [change('service', IDS.service[0]), change('purpose', 'view')];
    expect(forbiddenChange('request', grantsOf('provider'), two, INSTANCE)).toEqual(two[1]);
    expect(forbiddenChange('request', grantsOf('operator'), two, INSTANCE)).toBeUndefined();
    expect(forbiddenChange('request', { person: 'DEMO/OFFICIAL/B', grants: [] }, two, INSTANCE)).toEqual(two[0]);
    expect(rolesFor('request', grantsOf('operator'), two)).toBe('operator');
  });

  it('shows requests to those whose work it is, to who asked, and about what is one’s own', () => {
    const own = [change('service', IDS.service[0])];
    const foreign = [change('service', IDS.service[1])];
    for (const role of ['operator', 'security-officer', 'auditor'] as const)
      expect(maySee(grantsOf(role), foreign, 'x', INSTANCE)).toBe(true);
    for (const role of ['member-administrator', 'provider'] as const) {
      expect(maySee(grantsOf(role), own, 'x', INSTANCE)).toBe(true);
      expect(maySee(grantsOf(role), foreign, 'x', INSTANCE)).toBe(false);
      expect(maySee(grantsOf(role), foreign, 'DEMO/OFFICIAL/A', INSTANCE)).toBe(true);
      expect(maySee(grantsOf(role), [change('purpose', 'view')], 'x', INSTANCE)).toBe(false);
    }
  });

  it('knows whose a change is', () => {
    expect(kinds.map((kind) => ownerOf({ kind, id: IDS[kind][0] }))).toEqual([
      'DEMO/GOV/1001',
      ...Array.from({ length: 5 }, () => 'DEMO/GOV/1001/population'),
      ...Array.from({ length: 7 }, () => undefined),
    ]);
  });
});
