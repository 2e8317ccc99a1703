import { describe, expect, it } from '@jest/globals';
import { parseInstanceDefinition, type InstanceDefinition } from '#snapshot';
import { bodyOf, entriesOf, patchBetween, patched, type DefinitionBody } from './definition-patch.js';

const TEXT = `instance: DEMO
legalBases: [{ code: LB, title: { en: Law }, reference: Act }]
purposes: [{ code: a, title: { en: A }, legalBasis: LB }, { code: b, title: { en: B }, legalBasis: LB }]
members:
  - { id: GOV/1, name: { en: One }, subsystems: [{ code: s, services: [{ code: v }] }] }
  - { id: GOV/2, name: { en: Two } }
suspensions:
  - { of: GOV/1/s/v, endpoint: 'GET /', reason: slow }
  - { of: GOV/1/s/v, endpoint: 'GET /x', reason: slow }
`;
const parsed = (text: string): InstanceDefinition => {
  const read = parseInstanceDefinition(text);
  if (!read.ok) throw new RangeError(JSON.stringify(read.reason));
  return read.value;
};
const body = (text = TEXT): DefinitionBody => bodyOf(parsed(text));

describe('what a request changes of a definition', () => {
  it('is stored as it is read again, defaults and all', () => {
    expect(bodyOf(parsed(JSON.stringify(body())))).toEqual(body());
  });

  it('is the items that differ, and makes the other definition of the one', () => {
    const wanted = body(
      TEXT.replace('{ en: Two }', '{ en: Second }')
        .replace('{ code: b,', '{ code: c,')
        .replace("  - { of: GOV/1/s/v, endpoint: 'GET /x', reason: slow }\n", ''),
    );
    const patch = patchBetween(body(), wanted);
    expect(patch.map(({ list, was, now }) => [list, was !== undefined, now !== undefined])).toEqual([
      ['purposes', true, false],
      ['purposes', false, true],
      ['members', true, true],
      ['suspensions', true, false],
    ]);
    expect(patched(body(), patch)).toEqual({ ok: true, value: wanted });
    expect(patchBetween(body(), body())).toEqual([]);
  });

  it('goes with what others changed meanwhile, unless it is the same item', () => {
    const rename = patchBetween(body(), body(TEXT.replace('{ en: Two }', '{ en: Second }')));
    const other = body(TEXT.replace('{ en: One }', '{ en: First }'));
    const both = patched(other, rename);
    expect(both.ok && both.value.members.map(({ name }) => name)).toEqual([{ en: 'First' }, { en: 'Second' }]);
    const same = body(TEXT.replace('{ en: Two }', '{ en: Zwei }'));
    expect(patched(same, rename)).toEqual({ ok: false, reason: rename });
    const gone = body(TEXT.replace('  - { id: GOV/2, name: { en: Two } }\n', ''));
    expect(patched(gone, rename).ok).toBe(false);
    const added = patchBetween(gone, body());
    expect(patched(body(), added).ok).toBe(false);
  });

  it('can be asked for item by item', () => {
    const remove = [{ of: 'GOV/1/s/v', endpoint: 'GET /' }, { of: 'GOV/2' }];
    const entries = entriesOf(body(), { suspensions: { put: [{ of: 'GOV/2', reason: 'leak' }], remove } });
    expect(entries).toEqual([
      { list: 'suspensions', now: { of: 'GOV/2', reason: 'leak' } },
      { list: 'suspensions', was: { of: 'GOV/1/s/v', endpoint: 'GET /', reason: 'slow' } },
    ]);
  });

  it('keeps officers where a definition does not speak of them', () => {
    const officers = [{ person: 'DEMO/OFFICIAL/A', issuer: 'x', role: 'operator' as const }];
    expect(bodyOf(parsed(TEXT), officers).officers).toEqual(officers);
    expect(bodyOf({ ...parsed(TEXT), officers: [] }, officers).officers).toEqual([]);
  });
});
