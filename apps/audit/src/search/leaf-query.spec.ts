import fc from 'fast-check';
import type { SubsystemId } from '#kernel';
import { openCursor, sealCursor } from './cursor.js';
import { scopeOf, spellQuery } from './leaf-query.js';

const id = 'DEMO/GOV/1000/mygov' as SubsystemId;
const EXCHANGE = '01926f5e-7a3c-7000-8000-000000000001';

describe('a reader’s scope', () => {
  it('is its own exchanges for a member, whatever it asks for', () => {
    for (const filter of [{}, { party: 'DEMO/GOV/1001/population' }, { exchange: EXCHANGE }])
      expect(scopeOf({ id, role: 'member' }, filter)).toEqual({ ok: true, value: { party: id, shows: 'metadata' } });
  });

  it('is everything for an auditor', () => {
    const value = { party: undefined, shows: 'metadata' };
    expect(scopeOf({ id, role: 'auditor' }, {})).toEqual({ ok: true, value });
  });

  it('is the state of one exchange for the help desk, and nothing without its id', () => {
    const help = (filter: object) => scopeOf({ id, role: 'help-desk' }, filter);
    expect(help({ exchange: EXCHANGE })).toEqual({ ok: true, value: { party: undefined, shows: 'state' } });
    for (const filter of [{}, { party: id }, { exchange: EXCHANGE, party: id }, { exchange: undefined }])
      expect(help(filter)).toEqual({ ok: false, reason: 'exchange-id-only' });
  });
});

describe('a cursor', () => {
  const key = Buffer.alloc(32, 7);
  const purpose = { reader: id, query: spellQuery({ service: 'x', from: 1 }) };
  const position = { atMs: 1_790_000_000_000, index: 4711, below: 5000 };

  it('opens for its query, however the query was ordered', () => {
    const same = { reader: id, query: spellQuery({ from: 1, service: 'x', until: undefined }) };
    expect(openCursor(sealCursor(position, purpose, key), same, key)).toEqual(position);
  });

  it('opens for no other query, reader or log', () => {
    const cursor = sealCursor(position, purpose, key);
    expect(openCursor(cursor, { ...purpose, query: spellQuery({ service: 'x', from: 2 }) }, key)).toBeUndefined();
    expect(openCursor(cursor, { ...purpose, reader: 'DEMO/GOV/1001/population' }, key)).toBeUndefined();
    expect(openCursor(cursor, purpose, Buffer.alloc(32, 8))).toBeUndefined();
  });

  it('is refused after any change, and never throws', () => {
    const cursor = sealCursor(position, purpose, key);
    fc.assert(
      fc.property(fc.nat(cursor.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
        const changed = cursor.slice(0, at) + letter + cursor.slice(at + 1);
        expect(openCursor(changed, purpose, key)).toEqual(changed === cursor ? position : undefined);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => expect(openCursor(text, purpose, key)).toBeUndefined()));
  });
});
