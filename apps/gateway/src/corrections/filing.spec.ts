import { describe, expect, it } from '@jest/globals';
import { newExchangeId, parseExchangeId, type SubsystemId } from '#kernel';
import { refusalOf } from './feedback-refusal.js';
import { namedParts, partIdOf, partKey } from './filing.js';

const OWNERS = ['TEST/GOV/1/a', 'TEST/GOV/1/b', 'TEST/GOV/2/a'] as SubsystemId[];

describe('the id of a part', () => {
  const [key, other] = [partKey(Buffer.alloc(32, 1)), partKey(Buffer.alloc(32, 2))];
  const timeOf = (id: string) => parseInt(id.replaceAll('-', '').slice(0, 12), 16);

  it('is a UUIDv7 of about the whole’s time, the same each time, and another for each owner', () => {
    for (let round = 0; round < 200; round += 1) {
      const whole = newExchangeId();
      const ids = OWNERS.map((owner) => partIdOf(key, whole, owner));
      expect(ids.map((id) => parseExchangeId(id))).toEqual(ids);
      for (const id of ids) expect(timeOf(whole) - timeOf(id)).toBeGreaterThanOrEqual(0);
      for (const id of ids) expect(timeOf(whole) - timeOf(id)).toBeLessThan(60_000);
      expect(new Set([...ids, whole]).size).toBe(4);
      expect(OWNERS.map((owner) => partIdOf(key, whole, owner))).toEqual(ids);
    }
  });

  it('tells nobody who has not the key of which whole it is: neither by its digest nor by its time', () => {
    const wholes = Array.from({ length: 200 }, () => newExchangeId());
    const times = new Set(wholes.map(timeOf));
    const ids = wholes.map((whole) => partIdOf(key, whole, OWNERS[0]!));
    expect(wholes.map((whole) => partIdOf(other, whole, OWNERS[0]!)).some((id) => ids.includes(id))).toBe(false);
    // By chance a time may be another's.
    expect(ids.filter((id) => times.has(timeOf(id))).length).toBeLessThan(20);
  });
});

describe('parts that a whole was filed with', () => {
  const ids = [newExchangeId(), newExchangeId()];
  it.each<[unknown, number, unknown]>([
    [ids, 2, ids],
    [ids, 3, undefined],
    [[ids[0], ids[0]], 2, undefined],
    [[ids[0], '../x'], 2, undefined],
    [[ids[0], 1], 2, undefined],
    [undefined, 2, undefined],
    [[], 2, undefined],
  ])('%j of %i are these', (parts, count, expected) => {
    expect(namedParts({ parts }, count)).toEqual(expected);
  });
});

describe('feedback’s refusal', () => {
  const said = { code: 'case-refused', detail: 'No.', next: 'Read.' };
  it('is passed on with what it says, and nothing else of it', () => {
    const body = {
      ...said,
      hint: 'h',
      owners: ['a'],
      requestId: 'x',
      problem: { deep: 1 },
      sentence: 'x'.repeat(2_000),
    };
    const refused = refusalOf(409, body);
    expect(refused).toMatchObject({ code: 'case-refused', kind: 'conflict', extensions: { hint: 'h', owners: ['a'] } });
    expect(Object.keys(refused?.extensions ?? {})).toEqual(['hint', 'owners']);
    expect(refused?.entry).toEqual({ kind: 'conflict', message: 'No.', next: 'Read.', status: 409 });
  });

  it.each<[number, unknown]>([
    [500, said],
    [200, said],
    [302, said],
    [409, undefined],
    [409, 'x'],
    [409, null],
    [409, { ...said, code: 'Not A Code' }],
    [409, { ...said, next: undefined }],
    [409, { ...said, detail: 'x'.repeat(2_000) }],
  ])('is none with %i %j', (status, body) => expect(refusalOf(status, body)).toBeUndefined());
});
