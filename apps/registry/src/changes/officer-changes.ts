import type { Officer } from '#snapshot';
import type { Change } from '../definition/differences.js';

/** Officers come and go; one whose role changes is another entry. Seen by officers only. */
export function officerChanges(before: readonly Officer[], after: readonly Officer[]): Change[] {
  const [old, wanted] = [new Set(before.map(nameOf)), new Set(after.map(nameOf))];
  const line = (op: Change['op']) => (id: string) => ({ op, kind: 'officer', id }) as const;
  return [
    ...[...wanted].filter((name) => !old.has(name)).map(line('add')),
    ...[...old].filter((name) => !wanted.has(name)).map(line('remove')),
  ];
}

/**
 * Whether officers could still be changed by officers: somebody has to ask, and another person to approve. Nobody at all
 * is fine as long as there never was anybody.
 */
export function canGoOn(before: readonly Officer[], after: readonly Officer[]): boolean {
  if (after.length === 0) return before.length === 0;
  const operators = after.filter(({ role }) => role === 'operator');
  const guards = after.filter(({ role }) => role === 'security-officer');
  return operators.some((operator) => guards.some((guard) => guard.person !== operator.person));
}

function nameOf({ person, issuer, role, of }: Officer): string {
  return `${role}${of === undefined ? '' : ` of ${of}`}: ${person} by ${issuer}`;
}
