import { describe, expect, it } from '@jest/globals';
import { allows, refOf, type LinkedCall, type LinkTerms } from './link.js';

const TERMS: LinkTerms = {
  member: 'TEST/COM/2001/clinic',
  portal: 'TEST/GOV/1000/mygov',
  direction: 'TO_MEMBER',
  services: ['TEST/GOV/1001/population/persons'],
  purposes: [],
  notice: '2026-1',
  untilMs: 1_000,
};
const CALL: LinkedCall = {
  consumer: 'TEST/COM/2001/clinic',
  provider: 'TEST/GOV/1001/population',
  service: 'TEST/GOV/1001/population/persons',
  purpose: 'care',
};

describe('a link', () => {
  it.each<[string, Partial<LinkTerms>, Partial<LinkedCall>, boolean]>([
    ['data to the member that asks', {}, {}, true],
    ['data both ways', { direction: 'BOTH' }, {}, true],
    ['a purpose of its own', { services: [], purposes: ['care'] }, {}, true],
    ['no end', { untilMs: undefined }, {}, true],
    ['data from the member that has them', { member: CALL.provider, direction: 'FROM_MEMBER' }, {}, true],
    ['data from that member, not to it', { direction: 'FROM_MEMBER' }, {}, false],
    ['data to that member, not from it', { member: CALL.provider }, {}, false],
    ['another subsystem', {}, { consumer: 'TEST/COM/2001/research' }, false],
    ['another service', {}, { service: 'TEST/GOV/1001/population/parcels' }, false],
    ['another purpose', { purposes: ['care'] }, { purpose: 'research' }, false],
    ['what is over', { untilMs: 999 }, {}, false],
  ])('is for %s: %#', (_, terms, call, expected) => {
    expect(allows({ ...TERMS, ...terms }, { ...CALL, ...call }, 999)).toBe(expected);
  });

  it('says its terms in its leaf, if they fit', () => {
    expect(refOf(TERMS)).toBe('TO_MEMBER;notice=2026-1;services=TEST/GOV/1001/population/persons');
    expect(refOf({ ...TERMS, services: [], purposes: ['a', 'b'] })).toBe('TO_MEMBER;notice=2026-1;purposes=a,b');
    expect(refOf({ ...TERMS, services: Array.from({ length: 9 }, () => CALL.service) })).toBeUndefined();
  });
});
