import type { Permit } from './decide.js';
import { decideTerms, subjectKindOf } from './terms.js';
import type { AccessAgreement } from './view.js';

const base: AccessAgreement = { endpoints: ['GET /{pin}'], purposes: ['p'], until: '2036-01-01T00:00:00Z' };
const issue = { name: 'X-Road-Issue', value: 'case 7' };

function decideFor(agreements: readonly AccessAgreement[], subjectKind?: string, headers = [issue]) {
  const permit: Permit = {
    ...{ endpoint: 'GET /{pin}', purpose: 'p', legalBasis: 'b', endUser: [], requiresLink: false },
    agreements,
  };
  const decided = decideTerms(permit, { subjectKind, headers });
  return decided.ok ? decided.value : decided.reason;
}

describe('decideTerms', () => {
  const persons = { ...base, subjectKinds: ['KZ/IIN'] };
  const withIssue = { ...base, context: ['issue' as const] };

  it('asks for nothing that the agreement does not ask for', () => {
    expect(decideFor([base], undefined, [])).toBe(base);
  });

  it('takes the agreed kinds of subject only; nobody is of no kind', () => {
    expect(decideFor([persons], 'KZ/IIN')).toBe(persons);
    expect(decideFor([persons], 'KZ/BIN')).toBe('subject-kind-not-agreed');
    expect(decideFor([persons])).toBe('subject-kind-not-agreed');
    expect(decideFor([persons, base], 'KZ/BIN')).toBe(base);
  });

  it.each([
    [[{ name: 'x-road-issue', value: 'case 7' }], true],
    [[{ name: 'X-Road-Issue', value: ' ' }], false],
    [[{ name: 'X-Road-UserId', value: 'EE1' }], false],
    [[], false],
  ])('asks for context: %j', (headers, isMet) => {
    expect(decideFor([withIssue], undefined, headers)).toBe(isMet ? withIssue : 'context-missing');
  });

  it('never joins two agreements to one', () => {
    expect(
      decideFor(
        [
          { ...persons, context: ['user-id'] },
          { ...withIssue, subjectKinds: ['KZ/BIN'] },
        ],
        'KZ/IIN',
      ),
    ).toBe('context-missing');
  });
});

test('subjectKindOf knows the kind also where only the answer tells who it is', () => {
  const rule = { country: 'KZ', type: 'IIN', from: { answer: '/owner' } };
  expect(subjectKindOf('in-answer', rule)).toBe('KZ/IIN');
  expect(subjectKindOf({ country: 'AZ', type: 'FIN', code: '5ABC123' }, rule)).toBe('AZ/FIN');
  expect(subjectKindOf(undefined, undefined)).toBeUndefined();
});
