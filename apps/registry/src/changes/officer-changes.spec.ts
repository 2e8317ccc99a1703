import { describe, expect, it } from '@jest/globals';
import type { Officer, OfficerRole } from '#snapshot';
import { canGoOn, officerChanges } from './officer-changes.js';

const officer = (name: string, role: OfficerRole, issuer = 'https://id.example'): Officer => ({
  person: `DEMO/OFFICIAL/${name}`,
  issuer,
  role,
});

describe('officers', () => {
  it('come and go', () => {
    expect(officerChanges([officer('A', 'operator')], [officer('A', 'auditor')])).toEqual([
      { op: 'add', kind: 'officer', id: 'auditor: DEMO/OFFICIAL/A by https://id.example' },
      { op: 'remove', kind: 'officer', id: 'operator: DEMO/OFFICIAL/A by https://id.example' },
    ]);
  });

  it('must be able to change themselves: one asks, another person approves', () => {
    const [a, b] = [officer('A', 'operator'), officer('B', 'security-officer')];
    expect(canGoOn([], [])).toBe(true);
    expect(canGoOn([], [a, b])).toBe(true);
    expect(canGoOn([a, b], [])).toBe(false);
    expect(canGoOn([], [a])).toBe(false);
    expect(canGoOn([], [b, officer('C', 'auditor')])).toBe(false);
    // One person with two accounts is one person.
    expect(canGoOn([], [a, officer('A', 'security-officer', 'https://other.example')])).toBe(false);
  });
});
