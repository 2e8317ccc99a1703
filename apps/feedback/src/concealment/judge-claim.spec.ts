import { describe, expect, it } from '@jest/globals';
import { claimFlaw, type ClaimedAccess, type ConcealmentLeaf, type ConcealmentRule } from './judge-claim.js';
import { standsBefore } from './log-place.js';

const H1 = 'audit.test/TEST/0/2026h1';
const H2 = 'audit.test/TEST/0/2026h2';
const DAY_MS = 24 * 60 * 60_000;
const RULE: ConcealmentRule = {
  authorities: ['TEST/GOV/1000/police', 'TEST/GOV/1009/intern'],
  operator: 'TEST/GOV/1009',
  maxMs: 30 * DAY_MS,
};
const ORDER: ConcealmentLeaf = {
  places: [{ log: H2, index: 3 }],
  tsMs: DAY_MS,
  authority: 'TEST/GOV/1000/police',
  operator: 'TEST/GOV/1009/operator',
  untilMs: 10 * DAY_MS,
  doc: 'h1:x',
  order: undefined,
  isCountersignature: false,
};
const ACCESS: ClaimedAccess = { place: { log: H2, index: 9 }, tsMs: 2 * DAY_MS, consumer: 'TEST/GOV/1000/search' };

/** The order with changes, and its countersignature with more of them. */
function signed(changes: Partial<ConcealmentLeaf> = {}, more: Partial<ConcealmentLeaf> = {}): ConcealmentLeaf {
  const order = { ...ORDER, ...changes };
  return { ...order, places: [{ log: H2, index: 5 }], order, isCountersignature: true, ...more };
}

describe('an order that a call names', () => {
  it('conceals when both statements stand before the call, whenever each came', () => {
    expect(claimFlaw(signed(), ACCESS, RULE)).toBeUndefined();
    expect(claimFlaw(signed({}, { places: [{ log: H1, index: 99 }] }), ACCESS, RULE)).toBeUndefined();
    const twice = [
      { log: H2, index: 12 },
      { log: H1, index: 99 },
    ];
    expect(claimFlaw(signed({ places: twice }), ACCESS, RULE)).toBeUndefined();
    expect(claimFlaw(signed({ untilMs: 31 * DAY_MS }), ACCESS, RULE)).toBeUndefined();
    expect(claimFlaw(signed({ untilMs: ACCESS.tsMs + 1 }), ACCESS, RULE)).toBeUndefined();
  });

  it.each<[string, ConcealmentLeaf | undefined, string]>([
    ['is not in the log', undefined, 'order-unknown'],
    ['is the order alone', ORDER, 'order-not-countersigned'],
    ['countersigns what is not in the log', signed({}, { order: undefined }), 'order-unknown'],
    ['countersigns a countersignature', signed({ isCountersignature: true }), 'order-not-agreed'],
    ['countersigns another end', signed({}, { untilMs: ORDER.untilMs + 1 }), 'order-not-agreed'],
    ['countersigns another act', signed({}, { doc: 'h1:y' }), 'order-not-agreed'],
    ['countersigns another authority', signed({}, { authority: 'TEST/GOV/1001/police' }), 'order-not-agreed'],
    ['is of a member that may not order', signed({ authority: 'TEST/GOV/1000/search' }), 'order-unentitled'],
    ['is countersigned by another member', signed({ operator: 'TEST/GOV/1001/operator' }), 'order-unentitled'],
    ['is of the operator alone', signed({ authority: 'TEST/GOV/1009/intern' }), 'order-unentitled'],
    ['stands behind the call', signed({ places: [{ log: H2, index: 10 }] }), 'order-late'],
    ['is countersigned behind the call', signed({}, { places: [{ log: H2, index: 9 }] }), 'order-late'],
    ['is in another shard', signed({ places: [{ log: 'audit.test/TEST/1/2026h1', index: 0 }] }), 'order-late'],
    ['has ended', signed({ untilMs: ACCESS.tsMs }), 'order-ended'],
    ['is too long', signed({ untilMs: 31 * DAY_MS + 1 }), 'order-too-long'],
  ])('conceals nothing when it %s', (_, named, flaw) => {
    expect(claimFlaw(named, ACCESS, RULE)).toBe(flaw);
  });

  it('conceals no call of another member, and nothing where nobody is known to run the bus', () => {
    expect(claimFlaw(signed(), { ...ACCESS, consumer: 'TEST/GOV/10001/search' }, RULE)).toBe('order-foreign');
    expect(claimFlaw(signed(), ACCESS, { ...RULE, operator: undefined })).toBe('order-unentitled');
  });
});

describe('a place in the log', () => {
  it.each([
    ['2026h1', '2026h2', true],
    ['2026h2', '2027h1', true],
    ['2026h2', '2026h2-2', true],
    ['2026h2-2', '2026h2-10', true],
    ['2026h2-2', '2026h2', false],
    ['2027h1', '2026h2', false],
    ['old', '2026h2', false],
  ])('of window %s is before one of %s: %s', (one, other, expected) => {
    const at = (window: string, index: number) => ({ log: `audit.test/TEST/0/${window}`, index });
    expect(standsBefore(at(one, 9), at(other, 1))).toBe(expected);
    expect(standsBefore(at(one, 1), at(one, 1))).toBe(false);
  });
});
