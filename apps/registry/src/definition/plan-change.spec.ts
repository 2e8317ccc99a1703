import { describe, expect, it } from '@jest/globals';
import { buildWorld } from '#testing';
import { planChange } from './plan-change.js';

const REGISTRY = 'TEST/registry1';

/** The world's definition with so many more members, of whom nobody has signed anything. */
async function refusedWith(more: number) {
  const { snapshot } = await buildWorld();
  const members = Array.from({ length: more }, (_, n) => `  - { id: GOV/${2_000 + n}, name: { en: Name } }\n`).join('');
  const definition = `
instance: TEST
members:
  - { id: GOV/1009, name: { en: Operator } }
${members}instances:
  - { id: registry1, kind: registry, runBy: GOV/1009 }
`;
  const plan = planChange(
    { definition, documents: [], openapi: [] },
    { snapshot, members: new Map(), officers: [] },
    REGISTRY,
    0,
  );
  return plan.ok ? [] : plan.reason;
}

describe('a plan that is refused', () => {
  it('tells each problem with its place', async () => {
    const message = 'its signed document was not sent';
    expect(await refusedWith(1)).toEqual([
      { code: 'document-missing', line: 4, column: 11, path: 'members[0].id', message: `TEST/GOV/1009: ${message}` },
      { code: 'document-missing', line: 5, column: 11, path: 'members[1].id', message: `TEST/GOV/2000: ${message}` },
    ]);
  });

  it('tells the first hundred, however many there are', async () => {
    const problems = await refusedWith(150);
    expect(problems).toHaveLength(100);
    expect(problems.at(-1)).toMatchObject({ path: 'members[99].id' });
  });
});
