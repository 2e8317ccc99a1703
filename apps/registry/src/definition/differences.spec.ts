import { buildWorld } from '#testing';
import { differences } from './differences.js';

async function contents(edit?: (text: string) => string) {
  const world = await buildWorld();
  const other = await buildWorld({ sameKeysAs: world, ...(edit === undefined ? {} : { definition: edit }) });
  const content = ({ snapshot, documents }: typeof world) => ({ snapshot, documents: [...documents.values()] });
  return [content(world), content(other)] as const;
}

describe('differences', () => {
  it('finds none between equal contents', async () => {
    const [before, after] = await contents();
    expect(differences(before, after)).toEqual([]);
  });

  it('finds all that a first definition brings, and all that its removal takes', async () => {
    const [content] = await contents();
    const nothing = {
      snapshot: { purposes: [], legalBases: [], issuers: [], elements: [], suspensions: [], instances: [] },
      documents: [],
    };
    const added = differences(nothing, content);
    const removed = differences(content, nothing);
    expect(new Set(added.map(({ kind }) => kind))).toEqual(
      new Set(['legalBasis', 'purpose', 'member', 'subsystem', 'key', 'service', 'agreement', 'instance']),
    );
    expect(removed.map(({ kind, id }) => `${kind} ${id}`)).toEqual(added.map(({ kind, id }) => `${kind} ${id}`));
    expect(new Set(removed.map(({ op }) => op))).toEqual(new Set(['remove']));
  });

  it('names the parts that changed', async () => {
    const [before] = await contents();
    const [member, ...others] = before.documents;
    if (member === undefined) throw new TypeError('the world has no member');
    const after = { ...before, documents: [{ ...member, name: { en: 'Another name' } }, ...others] };
    expect(differences(before, after)).toEqual([{ op: 'change', kind: 'member', id: member.member, detail: 'name' }]);
  });

  it('names an element by itself, and its places as part of the service that answers with it', async () => {
    const elements = 'elements:\n  - { id: birth, owner: GOV/1001/population, title: { en: Birth } }\n';
    const place = '{ service: GOV/1001/population/persons, endpoint: "GET /{pin}", pointer: /birth, element: birth }';
    const [before, after] = await contents((text) => `${text}${elements}elementPlaces: [${place}]\n`);
    expect(differences(before, after)).toEqual([
      { op: 'add', kind: 'element', id: 'birth' },
      { op: 'change', kind: 'service', id: 'TEST/GOV/1001/population/persons', detail: 'endpoints' },
    ]);
    const [first] = after.snapshot.elements;
    const renamed = first === undefined ? [] : [{ ...first, title: { en: 'Date of birth' } }];
    expect(differences(after, { ...after, snapshot: { ...after.snapshot, elements: renamed } })).toEqual([
      { op: 'change', kind: 'element', id: 'birth', detail: 'title' },
    ]);
  });

  it('keeps several agreements of one consumer apart', async () => {
    const [before] = await contents();
    const twice = before.documents.map((document) => ({
      ...document,
      subsystems: document.subsystems.map((subsystem) => ({
        ...subsystem,
        agreements: [...subsystem.agreements, ...subsystem.agreements],
      })),
    }));
    const agreements = before.documents.flatMap(({ subsystems }) => subsystems.flatMap((entry) => entry.agreements));
    const found = differences(before, { ...before, documents: twice });
    expect(found).toHaveLength(agreements.length);
    expect(found.every(({ op, kind }) => op === 'add' && kind === 'agreement')).toBe(true);
  });
});
