import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ServiceId, SubsystemId } from '#kernel';
import { snapshotBytes, verifySnapshot, type RegistryView, type Snapshot } from '#snapshot';
import { buildWorld, type World } from '#testing';
import { alienSuccessor } from './lawful-successor.js';
import type { CopiedRequest } from './portal-copy.js';

const id = (code: string) => `TEST/GOV/1002/${code}` as SubsystemId;
const OWNER = 'TEST/GOV/1001/population' as SubsystemId;
const DAY = '2026-01-01T00:00:00Z';
const NOW = Date.parse('2026-06-01T00:00:00Z');
const CODES = ['second', 'third', 'holder', 'next', 'other'];

const definition = (text: string) => `${text.replace(
  'instances:',
  `  - { id: GOV/1002, name: { en: New }, subsystems: [${CODES.map((code) => `{ code: ${code} }`).join(', ')}] }
instances:`,
)}
elements: [{ id: person.birth, owner: GOV/1002/holder, title: { en: Birth } }]
elementPlaces:
  - { service: GOV/1001/population/persons, endpoint: "GET /{pin}", pointer: /birth, element: person.birth }
`;

const request = (items: object[]) =>
  ({
    ...{ owner: OWNER, kind: 'ERROR', service: `${OWNER}/persons` as ServiceId, endpoint: 'GET /{pin}' },
    content: { items },
  }) as unknown as CopiedRequest;
const NAME = request([{ pointer: '/name' }]);
const BIRTH = request([{ pointer: '/birth', element: 'person.birth' }]);

let world: World;
beforeAll(async () => void (world = await buildWorld({ definition })));

/** As it is verified, whoever should have refused to publish it. */
function view(...pairs: (readonly [SubsystemId, SubsystemId, string?])[]): RegistryView {
  const successions = pairs.map(([former, successor, since = DAY]) => ({
    ...{ former, successor, since, grantedBy: 'operators' as const },
  }));
  const snapshot: Snapshot = { ...world.snapshot, successions };
  const verified = verifySnapshot(snapshotBytes(snapshot), new Map());
  if (!verified.ok) throw new TypeError(verified.reason);
  return verified.value.view;
}

describe('for whom a request is sealed anew', () => {
  it('is who stands in the place of its owner, also by two successions, each from its day', () => {
    const two = view([OWNER, id('second')], [id('second'), id('third'), '2026-05-01T00:00:00Z']);
    expect(alienSuccessor(NAME, id('third'), two, NOW)).toBeUndefined();
    expect(alienSuccessor(NAME, id('second'), two, NOW)).toBe('succeeds-nobody');
    const before = Date.parse('2026-03-01T00:00:00Z');
    expect(alienSuccessor(NAME, id('second'), two, before)).toBeUndefined();
    expect(alienSuccessor(NAME, id('third'), two, before)).toBe('succeeds-nobody');
  });

  it('is not who succeeds another', () => {
    const foreign = view([OWNER, id('second')], [id('other'), id('third')]);
    expect(alienSuccessor(NAME, id('third'), foreign, NOW)).toBe('succeeds-another');
    // Nor who succeeds a holder of data that are not asked about.
    const holder = view([id('holder'), id('next')]);
    expect(alienSuccessor(NAME, id('next'), holder, NOW)).toBe('succeeds-another');
    expect(alienSuccessor(request([...BIRTH.content.items, ...NAME.content.items]), id('next'), holder, NOW)).toBe(
      'succeeds-another',
    );
  });

  it('may be who succeeds the holder of all that is asked about: an owner transfers to nobody else', () => {
    expect(alienSuccessor(BIRTH, id('next'), view([id('holder'), id('next')]), NOW)).toBeUndefined();
  });

  it('is nobody of a ring, nor one who succeeds nobody, nor one whom the registry does not know', () => {
    const ring = view([OWNER, id('second')], [id('second'), id('third')], [id('third'), id('second')]);
    for (const target of [OWNER, id('second'), id('third')])
      expect(alienSuccessor(NAME, target, ring, NOW)).toBe('succeeds-nobody');
    expect(alienSuccessor(NAME, id('other'), view([OWNER, id('second')]), NOW)).toBe('succeeds-nobody');
    expect(alienSuccessor(NAME, id('nobody'), view([OWNER, id('nobody')]), NOW)).toBe('subsystem-unknown');
  });
});
