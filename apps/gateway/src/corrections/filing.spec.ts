import { describe, expect, it } from '@jest/globals';
import { newExchangeId, parseExchangeId, type SubsystemId } from '#kernel';
import { refusalOf } from './feedback-refusal.js';
import { partIdOf } from './filing.js';

const OWNERS = ['TEST/GOV/1/a', 'TEST/GOV/1/b', 'TEST/GOV/2/a'] as SubsystemId[];

describe('the id of a part', () => {
  it('is a UUIDv7 of the whole’s time, the same each time, and another for each owner', () => {
    for (let round = 0; round < 200; round += 1) {
      const whole = newExchangeId();
      const ids = OWNERS.map((owner) => partIdOf(whole, owner));
      expect(ids.map((id) => parseExchangeId(id))).toEqual(ids);
      expect(ids.every((id) => id.startsWith(whole.slice(0, 13)))).toBe(true);
      expect(new Set([...ids, whole]).size).toBe(4);
      expect(OWNERS.map((owner) => partIdOf(whole, owner))).toEqual(ids);
    }
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
