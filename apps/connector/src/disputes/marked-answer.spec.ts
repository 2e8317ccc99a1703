import { expect, it } from '@jest/globals';
import type { SubsystemId } from '#kernel';
import { flagOf, HeldFlags, type DisputeFlag } from './dispute-flag.js';
import { candidates, marksOf } from './marked-answer.js';

const subsystem = 'TEST/GOV/1001/population' as SubsystemId;
const other = 'TEST/GOV/1003/benefits' as SubsystemId;
const subject = { country: 'TEST', type: 'PIN', code: 'TEST000001' };
const places = [
  { element: 'address', pointer: '/address' },
  { element: 'income', pointer: '/jobs/*/income' },
];

const flag = (changes: Partial<DisputeFlag> = {}): DisputeFlag => ({
  ...{ flag: 'f1', subsystem, subject, element: 'address', option: 'FLAG', exemptPurposes: [] },
  ...{ sinceMs: Date.parse('2026-11-27T23:59:59Z'), ...changes },
});
const values = (document: unknown, ...flags: DisputeFlag[]) =>
  marksOf(flags, places, { document, purpose: 'view' }).headers.map(({ value }) => value);

it('marks what the answer holds, once for each element, from the oldest flag on', () => {
  const income = { flag: 'f2', element: 'income' };
  const document = { address: null, jobs: [{}, { income: 0 }] };
  const older = flag({ flag: 'f3', sinceMs: Date.parse('2026-10-01T00:00:00Z') });
  expect(values(document, flag(income), flag(), older)).toEqual([
    'address;since=2026-10-01',
    'income;since=2026-11-27',
  ]);
});

it.each<[string, unknown]>([
  ['without the element', { name: 'x' }],
  ['with an empty list', { jobs: [] }],
  ['with the name at another place', { jobs: { address: 1 } }],
  ['that is no object', 'address'],
  ['that is empty', undefined],
])('marks no answer %s', (_what, document) => {
  expect(values(document, flag(), flag({ flag: 'f2', element: 'income' }))).toEqual([]);
});

it('marks and blocks an answer that cannot be read: a part of it, or one that is packed as nobody here unpacks', () => {
  const blocked = flag({ option: 'BLOCK' });
  const unread = { document: undefined, isUnread: true, purpose: 'view' };
  expect(marksOf([blocked], places, unread)).toMatchObject({ headers: [{}], isBlocked: true });
  expect(marksOf([flag({ element: 'birthplace' })], places, unread)).toEqual({ headers: [], isBlocked: false });
});

it('looks at no answer for an element that the endpoint never holds', () => {
  expect(candidates([flag({ element: 'birthplace' })], places)).toEqual([]);
  expect(candidates([flag()], places)).toHaveLength(1);
});

it('blocks what the answer holds, but for exempt purposes', () => {
  const blocked = flag({ option: 'BLOCK', exemptPurposes: ['court'] });
  const isBlocked = (document: unknown, purpose: string) => marksOf([blocked], places, { document, purpose }).isBlocked;
  expect(isBlocked({ address: 'x' }, 'view')).toBe(true);
  expect(isBlocked({ address: 'x' }, 'court')).toBe(false);
  expect(isBlocked({ name: 'x' }, 'view')).toBe(false);
});

it('holds flags by subsystem and subject; one of the same name takes its place', () => {
  const held = new HeldFlags();
  held.set(flag());
  held.set(flag({ flag: 'f2', element: 'income' }));
  held.set(flag({ subsystem: other }));
  held.set(flag({ subject: { ...subject, code: 'TEST000002' }, flag: 'f3' }));
  expect(held.size).toBe(4);
  held.set(flag({ element: 'name' }));
  expect(held.about(subsystem, [subject]).map(({ element }) => element)).toEqual(['income', 'name']);
  held.remove(subsystem, 'f1');
  held.remove(subsystem, 'f1');
  held.remove(subsystem, 'f2');
  expect(held.about(subsystem, [subject])).toEqual([]);
  expect(held.about(other, [subject])).toHaveLength(1);
  expect(held.size).toBe(2);
});

it('takes no flag that names nobody', () => {
  const content = { flag: 'f', element: 'e', since: '2026-11-27T00:00:00Z' };
  const rest = { option: 'FLAG' as const, exemptPurposes: [] };
  expect(flagOf(subsystem, { ...content, ...rest, subject: 'TEST000001' })).toBeUndefined();
  expect(flagOf(subsystem, { ...content, ...rest, subject: 'TEST/PIN/TEST000001' })?.subject).toEqual(subject);
});
