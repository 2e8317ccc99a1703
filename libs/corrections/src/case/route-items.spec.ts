import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ServiceId } from '#kernel';
import { ownerAt, type RegistryView } from '#snapshot';
import { buildWorld } from '#testing';
import { routeItems, type RoutedCase } from './route-items.js';

const PROVIDER = 'TEST/GOV/1001/population';
const PORTAL = 'TEST/GOV/1000/mygov';
const OTHER = 'TEST/GOV/1009/operator';
const SERVICE = `${PROVIDER}/persons` as ServiceId;
const ENDPOINT = 'GET /{pin}';

const ELEMENTS = `
elements:
  - { id: person.birth, owner: GOV/1009/operator, title: { en: Birth } }
  - { id: extract.number, owner: GOV/1001/population, title: { en: Number } }
  - { id: person.phone, owner: GOV/1000/mygov, title: { en: Phone }, selfDeclared: true }
elementPlaces:
${['person.birth', 'extract.number', 'person.phone']
  .map((id) => `  - { service: GOV/1001/population/persons, endpoint: "GET /{pin}", pointer: /${id}, element: ${id} }`)
  .join('\n')}
`;

const about = (...ids: (string | undefined)[]): RoutedCase => ({
  kind: 'ERROR',
  service: SERVICE,
  items: ids.map((elementId) => (elementId === undefined ? {} : { elementId })),
});

describe('where items go', () => {
  let registry: RegistryView;
  const routed = (request: RoutedCase) =>
    routeItems(request, registry).map(({ owner, items }) => [
      owner,
      ...items.map(({ item, rule }) => `${item} ${rule}`),
    ]);

  beforeAll(async () => {
    registry = (await buildWorld({ definition: (text) => text + ELEMENTS })).view;
  });

  it.each([
    ['person.birth', OTHER, 'element-owner'],
    ['extract.number', PROVIDER, 'element-owner'],
    ['person.height', PROVIDER, 'service-owner'],
    [undefined, PROVIDER, 'service-owner'],
    // Of the portal where it was stated: another portal may have filed.
    ['person.phone', PORTAL, 'self-declared'],
  ])('%s goes to %s by %s, and whoever asks about its place is told the same', (id, owner, rule) => {
    expect(routed(about(id))).toEqual([[owner, `0 ${rule}`]]);
    expect(ownerAt(registry, SERVICE, ENDPOINT, `/${id ?? 'x'}`)).toMatchObject({ owner, rule });
  });

  it('makes a part for each owner, whatever the rule', () => {
    expect(
      routed(about('person.phone', 'person.birth', undefined, 'person.phone', 'extract.number', 'person.birth')),
    ).toEqual([
      [PORTAL, '0 self-declared', '3 self-declared'],
      [OTHER, '1 element-owner', '5 element-owner'],
      [PROVIDER, '2 service-owner', '4 element-owner'],
    ]);
  });

  it('sends a stale copy to who answered with it, whoever owns the source', () => {
    expect(routed({ ...about('person.birth', 'person.phone'), kind: 'COPY_STALE' })).toEqual([
      [PROVIDER, '0 copy-holder', '1 copy-holder'],
    ]);
  });
});
