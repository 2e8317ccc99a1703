import type { ServiceId } from '#kernel';
import { routeItems, type ElementDirectory, type RoutedCase } from './route-items.js';
import { OTHER, OWNER, PORTAL, PROVIDER } from './spec-support/walk.js';

const elements: ElementDirectory = {
  ownerOf: (id) => ({ 'person.birth': OWNER, 'person.address': OTHER, 'extract.number': PROVIDER })[id],
  isSelfDeclared: (id) => id === 'person.phone',
};
const about = (...ids: (string | undefined)[]): RoutedCase => ({
  kind: 'ERROR',
  service: `${PROVIDER}/extracts` as ServiceId,
  portal: PORTAL,
  items: ids.map((elementId) => (elementId === undefined ? {} : { elementId })),
});
const routed = (request: RoutedCase) =>
  routeItems(request, elements).map(({ owner, items }) => [owner, ...items.map(({ item, rule }) => `${item} ${rule}`)]);

describe('where items go', () => {
  it.each([
    ['person.birth', OWNER, '0 element-owner'],
    ['person.height', PROVIDER, '0 service-owner'],
    [undefined, PROVIDER, '0 service-owner'],
    ['person.phone', PORTAL, '0 self-declared'],
  ])('%s goes to %s by %s', (id, owner, why) => {
    expect(routed(about(id))).toEqual([[owner, why]]);
  });

  it('makes a part for each owner, whatever the rule', () => {
    expect(
      routed(about('person.address', 'person.birth', undefined, 'person.address', 'extract.number', 'person.phone')),
    ).toEqual([
      [OTHER, '0 element-owner', '3 element-owner'],
      [OWNER, '1 element-owner'],
      [PROVIDER, '2 service-owner', '4 element-owner'],
      [PORTAL, '5 self-declared'],
    ]);
  });

  it('sends a stale copy to who answered with it, whoever owns the source', () => {
    expect(routed({ ...about('person.birth', 'person.phone'), kind: 'COPY_STALE' })).toEqual([
      [PROVIDER, '0 copy-holder', '1 copy-holder'],
    ]);
  });
});
