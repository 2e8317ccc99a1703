import { describe, expect, it } from '@jest/globals';
import type { SubsystemId } from '#kernel';
import { buildWorld } from '#testing';
import { parseInstanceDefinition } from './instance-definition.js';
import { brokenSuccessions, grantedSuccessions, Successors } from './succession.js';

const [A, B, C] = ['TEST/GOV/1000/mygov', 'TEST/GOV/1001/population', 'TEST/GOV/1009/operator'] as SubsystemId[];
const one = (former: string, successor: string, since = '2026-01-01') =>
  `  - { former: ${former}, successor: ${successor}, since: ${since} }\n`;
const AB = one('GOV/1000/mygov', 'GOV/1001/population');
const BC = one('GOV/1001/population', 'GOV/1009/operator', '2026-06-01');
const withSuccessions = (list: string) => ({ definition: (text: string) => `${text}successions:\n${list}` });
const at = (day: string) => Date.parse(`${day}T00:00:00Z`);

describe('a succession in a snapshot', () => {
  it('is signed by a member that is still here, and stays its word when it has left', async () => {
    const before = await buildWorld(withSuccessions(AB));
    expect(before.documents.get('TEST/GOV/1000' as never)?.successions).toEqual([
      { former: A, successor: B, since: '2026-01-01T00:00:00Z' },
    ]);
    expect(before.snapshot.successions).toMatchObject([{ former: A, successor: B, grantedBy: 'member' }]);
    const left = grantedSuccessions(before.definition, [], before.snapshot.successions ?? []);
    expect(left.successions).toMatchObject([{ grantedBy: 'member' }]);
    expect(grantedSuccessions(before.definition, [], []).successions).toMatchObject([{ grantedBy: 'operators' }]);
  });

  it('leaves no trace where there is none, so that earlier readers go on', async () => {
    const world = await buildWorld();
    expect(world.bytes.toString()).not.toContain('succession');
    expect(world.view.successors.resolve(A!, Date.now())).toBe(A);
  });

  it.each([
    ['nobody', one('GOV/1000/mygov', 'GOV/9999/nobody'), 'definition-dangling'],
    ['itself', one('GOV/1000/mygov', 'GOV/1000/mygov'), 'definition-duplicate'],
    ['itself at last', AB + one('GOV/1001/population', 'GOV/1000/mygov'), 'definition-duplicate'],
    ['two', AB + one('GOV/1000/mygov', 'GOV/1009/operator'), 'definition-duplicate'],
  ])('is refused where the successor is %s', async (_, list, code) => {
    const { definition } = await buildWorld();
    const text = JSON.stringify(definition).replace('"successions":[]', `"successions":[${inline(list)}]`);
    const parsed = parseInstanceDefinition(text);
    expect(parsed.ok ? [] : parsed.reason.map((problem) => problem.code)).toContain(code);
  });

  it('is for good once it is in force', async () => {
    const { snapshot, definition } = await buildWorld(withSuccessions(AB));
    const standing = snapshot.successions ?? [];
    const codes = (successions: typeof definition.successions, day: string) =>
      brokenSuccessions({ ...definition, successions }, standing, at(day)).map(({ code }) => code);
    const other = [{ former: 'GOV/1000/mygov', successor: 'GOV/1009/operator', since: '2026-01-01' }];
    expect(codes([], '2025-12-31')).toEqual([]);
    expect(codes([], '2026-01-01')).toEqual(['succession-forgotten']);
    expect(codes(other, '2026-02-01')).toEqual(['succession-rewritten']);
    expect(codes(definition.successions, '2026-02-01')).toEqual([]);
    const gone = { ...definition, successions: [], members: definition.members.slice(1) };
    expect(brokenSuccessions(gone, standing, at('2025-12-31'))).toMatchObject([{ code: 'succession-forgotten' }]);
  });
});

describe('successors', () => {
  it('resolve through one another, each from its day', async () => {
    const { view } = await buildWorld(withSuccessions(AB + BC));
    const { successors } = view;
    expect(['2025-12-31', '2026-01-01', '2026-06-01'].map((day) => successors.resolve(A!, at(day)))).toEqual([A, B, C]);
    expect(successors.formersOf(C!, at('2026-06-01'))).toEqual([A, B]);
    expect(successors.formersOf(B!, at('2026-06-01'))).toEqual([]);
    expect(successors.formers(at('2026-03-01'))).toEqual([A]);
  });

  it('end in a circle that nobody should have published', () => {
    const since = '2026-01-01T00:00:00Z';
    const circle = new Successors([
      { former: A!, successor: B!, since },
      { former: B!, successor: A!, since },
    ]);
    expect(circle.resolve(A!, at('2026-02-01'))).toBe(A);
  });
});

/** Lines of a list as a list of one line. */
function inline(list: string): string {
  return list
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/^- /, ''))
    .join(', ')
    .replace(/(\w+): ([^,}]+)/g, (_, key: string, value: string) => `"${key}": "${value.trim()}"`);
}
