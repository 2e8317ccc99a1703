import type { ExchangeId, SubsystemId } from '#kernel';
import { leafHash, nodeHash } from '#tlog';
import type { CaseRecipient } from '../case/record.js';
import { closeList, isRevealed, isWhole, MAX_RECIPIENTS, reveal, type RecipientsList } from './recipients-root.js';

const recipient = (place: number): CaseRecipient => ({
  subsystem: `DEMO/GOV/${place}/told` as SubsystemId,
  lastExchangeId: '0190a1b2-0000-7000-8000-000000000001' as ExchangeId,
  action: 'APPLIED',
});
const many = (count: number) => Array.from({ length: count }, (_none, place) => recipient(place));
let salted = 0;
const counted = () => Buffer.alloc(32, (salted += 1));

function listOf(count: number, makeSalt?: () => Uint8Array): RecipientsList {
  const list = closeList(many(count), makeSalt);
  expect(list.ok).toBe(true);
  return list.ok ? list.value : { root: '', places: [] };
}

describe('the list of recipients', () => {
  it.each([
    [0, 16],
    [1, 16],
    [16, 16],
    [17, 32],
    [33, 64],
  ])('of %i has %i places', (count, places) => {
    expect(listOf(count).places).toHaveLength(places);
    expect(listOf(count).places.filter((place) => place.recipient !== undefined)).toHaveLength(count);
  });

  it('has the root that RFC 9162 gives it, over salted entries in the order of their hashes', () => {
    const { root, places } = listOf(2, counted);
    let level = places.map(({ salt, recipient: told }) =>
      leafHash(Buffer.concat([salt, Buffer.from(told === undefined ? '' : JSON.stringify(sorted(told)))])),
    );
    expect([...level].sort((a, b) => Buffer.compare(a, b))).toEqual(level);
    while (level.length > 1)
      level = level.filter((_hash, at) => at % 2 === 0).map((hash, at) => nodeHash(hash, level[2 * at + 1]!));
    expect(root).toBe(`h1:${level[0]!.toString('base64url')}`);
  });

  it('is another each time, and of one length', () => {
    expect(listOf(3).root).not.toBe(listOf(3).root);
    expect(listOf(0).root).toHaveLength(listOf(3).root.length);
  });

  it('shows a part of itself, each with a proof', () => {
    const list = listOf(20);
    const shown = reveal(list, ({ subsystem }) => subsystem === recipient(3).subsystem);
    expect(shown.map((place) => place.recipient)).toEqual([recipient(3)]);
    expect(shown[0]?.path).toHaveLength(5);
    expect(reveal(list, () => true)).toHaveLength(20);
    expect(reveal(list, () => true).every((place) => isRevealed(list.root, place))).toBe(true);
  });

  it('shows nothing that it does not hold', () => {
    const list = listOf(20);
    const [shown] = reveal(list, () => true);
    if (shown === undefined) throw new RangeError('nothing was shown');
    const told = shown.recipient ?? recipient(0);
    const forged = [
      { ...shown, recipient: { ...told, subsystem: 'DEMO/GOV/99/other' as SubsystemId } },
      { ...shown, recipient: { ...told, action: 'REFUSED' as const } },
      { ...shown, recipient: undefined },
      { ...shown, salt: Buffer.alloc(32) },
      { ...shown, recipient: undefined, salt: Buffer.concat([shown.salt, Buffer.from(JSON.stringify(sorted(told)))]) },
      { ...shown, index: shown.index + 1 },
      { ...shown, path: shown.path.slice(1) },
    ];
    expect(forged.filter((place) => isRevealed(list.root, place))).toEqual([]);
    expect(isRevealed(listOf(20).root, shown)).toBe(false);
    expect(isRevealed(list.root.replace('h1:', 'h0:'), shown)).toBe(false);
  });

  it('is whole only with every place, so nobody can be left out afterwards', () => {
    const list = listOf(20);
    expect(isWhole(list)).toBe(true);
    const places = list.places.map((place, at) => (at === 4 ? { ...place, recipient: recipient(77) } : place));
    expect(isWhole({ ...list, places })).toBe(false);
    expect(isWhole({ ...list, places: list.places.slice(1) })).toBe(false);
    expect(isWhole({ ...list, places: [] })).toBe(false);
  });

  it('is bounded', () => {
    const tooMany = new Array<CaseRecipient>(MAX_RECIPIENTS + 1).fill(recipient(0));
    expect(closeList(tooMany)).toEqual({ ok: false, reason: 'recipients-too-many' });
  });
});

function sorted(told: CaseRecipient) {
  return Object.fromEntries(Object.entries(told).sort(([a], [b]) => (a < b ? -1 : 1)));
}
