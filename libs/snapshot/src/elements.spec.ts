import { beforeAll, describe, expect, it } from '@jest/globals';
import { toHex, sha256, type ServiceId } from '#kernel';
import { buildWorld, type World } from '#testing';
import { digestList, snapshotBytes, snapshotDigestOf } from './digest-list.js';
import { elementAt, elementOf, elementsOf, ownerAt, ownerOf, placesOf } from './elements.js';
import { verifySnapshot } from './verify-snapshot.js';

const PERSONS = 'TEST/GOV/1001/population/persons' as ServiceId;
const CARDS = 'TEST/GOV/1000/mygov/cards' as ServiceId;
const GET = 'GET /{pin}';
const CARD_SERVICE =
  'subsystems: [{ code: mygov, services: [{ code: cards, endpoints: [{ endpoint: "GET /{pin}" }] }] }]';
const place = (service: string, pointer: string, element: string) =>
  `  - { service: ${service}, endpoint: "GET /{pin}", pointer: "${pointer}", element: ${element} }\n`;
const ELEMENTS = `
elements:
  - { id: birth, owner: GOV/1001/population, title: { en: Birth } }
  - { id: person, owner: GOV/1001/population, title: { en: Person } }
  - { id: mail, owner: GOV/1000/mygov, title: { en: Mail }, selfDeclared: true }
  - { id: nowhere, owner: GOV/1000/mygov, title: { en: Nowhere } }
elementPlaces:
${place('GOV/1001/population/persons', '', 'person')}${place('GOV/1001/population/persons', '/birth', 'birth')}${place(
  'GOV/1000/mygov/cards',
  '/cards/*/a~1b',
  'birth',
)}${place('GOV/1000/mygov/cards', '/cards/*', 'mail')}`;

const withElements = (text: string) => text.replace('subsystems: [{ code: mygov }]', CARD_SERVICE) + ELEMENTS;

describe('data elements of a snapshot', () => {
  let world: World;

  beforeAll(async () => {
    world = await buildWorld({ definition: withElements });
  });

  it('stand where the members’ documents say', () => {
    expect(elementsOf(world.view, PERSONS, GET)).toMatchObject([
      { pointer: '', element: 'person' },
      { pointer: '/birth', element: 'birth' },
    ]);
    expect(elementsOf(world.view, PERSONS, 'POST /claims')).toEqual([]);
    expect(elementsOf(world.view, 'TEST/GOV/1/x/y' as ServiceId, GET)).toEqual([]);
  });

  it.each([
    [PERSONS, '/birth', 'birth'],
    [PERSONS, '/birth/year', 'birth'],
    [PERSONS, '/name', 'person'],
    [PERSONS, '', 'person'],
    [CARDS, '/cards/0/a~1b', 'birth'],
    [CARDS, '/cards/17/a~1b/x', 'birth'],
    [CARDS, '/cards/0/a', 'mail'],
    [CARDS, '/cards/0/a/b', 'mail'],
    [CARDS, '/cards', undefined],
    [CARDS, '', undefined],
    [CARDS, 'cards/0', undefined],
    [CARDS, '/cards/0/~', undefined],
    [CARDS, `/cards/0/${'a'.repeat(2_000)}`, undefined],
  ])('%s %s belongs to %s', (service, pointer, element) => {
    expect(elementAt(world.view, service, GET, pointer)).toBe(element);
  });

  it('have one owner, who need not be the one that answers (E17)', () => {
    expect(ownerOf(world.view, 'birth')).toBe('TEST/GOV/1001/population');
    expect(ownerOf(world.view, 'death')).toBeUndefined();
    expect(ownerAt(world.view, CARDS, GET, '/cards/0/a~1b')).toMatchObject({
      rule: 'element-owner',
      owner: 'TEST/GOV/1001/population',
      element: { id: 'birth', selfDeclared: false },
    });
    expect(ownerAt(world.view, CARDS, GET, '/number')).toEqual({
      rule: 'service-owner',
      owner: 'TEST/GOV/1000/mygov',
    });
  });

  it('belong to the portal where people state them themselves, by a rule of its own (E18)', () => {
    expect(ownerAt(world.view, CARDS, GET, '/cards/0/a')).toMatchObject({
      rule: 'self-declared',
      owner: 'TEST/GOV/1000/mygov',
      element: { id: 'mail', selfDeclared: true },
    });
    expect(elementOf(world.view, 'mail')?.selfDeclared).toBe(true);
  });

  it('are found at every endpoint that answers with them', () => {
    expect(placesOf(world.view, 'birth')).toEqual([
      { service: CARDS, endpoint: GET, pointer: '/cards/*/a~1b' },
      { service: PERSONS, endpoint: GET, pointer: '/birth' },
    ]);
    expect(placesOf(world.view, 'nowhere')).toEqual([]);
    expect(placesOf(world.view, 'death')).toEqual([]);
  });

  it('leave with the registry while a member’s document still names them: then the service’s owner answers', () => {
    const verified = verifySnapshot(snapshotBytes({ ...world.snapshot, elements: [] }), new Map());
    if (!verified.ok) throw new TypeError('the snapshot does not verify');
    expect(placesOf(verified.value.view, 'birth')).toHaveLength(2);
    expect(ownerAt(verified.value.view, CARDS, GET, '/cards/0/a~1b')).toEqual({
      rule: 'service-owner',
      owner: 'TEST/GOV/1000/mygov',
    });
  });
});

describe('the digest list', () => {
  it('changes for the snapshot and for each member in whose answers elements stand, and for no other', async () => {
    const before = await buildWorld();
    const after = await buildWorld({
      sameKeysAs: before,
      definition: (text) => text + ELEMENTS.replace(/\n.*cards.*/g, ''),
    });
    const changed = before.digests.split('\n').filter((line) => !after.digests.split('\n').includes(line));
    expect(changed.map((line) => line.split(' ')[0])).toEqual(['snapshot', 'TEST/GOV/1001']);
    expect(after.digests).toBe(digestList(after.bytes, after.snapshot.members));
    expect(snapshotDigestOf(after.digests)).toBe(toHex(sha256(after.bytes)));
  });

  it('of a snapshot from before there were elements stays what was signed, and it reads as one with none', async () => {
    const { snapshot } = await buildWorld();
    const bytes = Buffer.from(JSON.stringify({ ...snapshot, elements: undefined }));
    expect(bytes.toString()).not.toContain('"elements"');
    const verified = verifySnapshot(bytes, new Map());
    expect(verified.ok && verified.value.distrusted).toEqual([]);
    expect(verified.ok && verified.value.view.elements).toEqual([]);
    expect(verified.ok && verified.value.view.digestHex).toBe(toHex(sha256(bytes)));
    expect(verified.ok && elementsOf(verified.value.view, PERSONS, GET)).toEqual([]);
  });
});
