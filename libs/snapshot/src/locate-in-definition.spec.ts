import { describe, expect, it } from '@jest/globals';
import { instanceDefinition } from './definition-schema.js';
import { placeProblems } from './locate-in-definition.js';

describe('problems of a definition', () => {
  const yaml =
    'instance: D\nmembers:\n  - id: GOV/1\n    name: { en: One }\n    subsystems:\n      - code: s\n        services:\n          - code: v\n';
  const definition = instanceDefinition.parse({
    instance: 'D',
    members: [{ id: 'GOV/1', name: { en: 'One' }, subsystems: [{ code: 's', services: [{ code: 'v' }] }] }],
  });

  it.each([
    ['D/GOV/1', 3, 9, 'members[0].id'],
    ['D/GOV/1/s', 6, 15, 'members[0].subsystems[0].code'],
    ['D/GOV/1/s/v', 8, 19, 'members[0].subsystems[0].services[0].code'],
    ['D/GOV/9', 1, 1, ''],
  ])('are placed at %s', (at, line, column, path) => {
    const problem = { code: 'c', at, message: 'm' };
    expect(placeProblems(yaml, definition, [problem])).toEqual([{ ...problem, line, column, path }]);
  });

  it('are placed at their path if they have one', () => {
    const path = ['members', 0, 'name'];
    expect(placeProblems(yaml, definition, [{ code: 'c', at: 'D/GOV/1', path, message: 'm' }])).toEqual([
      { code: 'c', at: 'D/GOV/1', message: 'm', line: 4, column: 11, path: 'members[0].name' },
    ]);
  });

  it('are told up to a hundred, the first ones', () => {
    const problems = Array.from({ length: 250 }, (_, n) => ({ code: 'c', at: 'D/GOV/1', message: String(n) }));
    const placed = placeProblems(yaml, definition, problems);
    expect(placed.map(({ message }) => message)).toEqual(problems.slice(0, 100).map(({ message }) => message));
  });
});
