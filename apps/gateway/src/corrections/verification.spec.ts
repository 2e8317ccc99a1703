import { describe, expect, it } from '@jest/globals';
import { valueHash } from '#corrections';
import { filingKey, openFiling, sealFiling, type KeptFiling } from './kept-filing.js';
import { isCorrected, readVerifications, valueAt } from './verification.js';

const salt = Buffer.alloc(32, 7);
const filing: KeptFiling = {
  ...{ salt: salt.toString('base64url'), service: 'TEST/GOV/1/x/y', path: '/1', subject: 'TEST/PIN/1' },
  pointers: ['/name', '/children/0/a~1b', ''],
};
const written = (item: number, value: unknown) => ({ item, newValueHash: valueHash(salt, value) });

describe('a value in an answer', () => {
  const answer = { name: 'A', list: [1, { x: null }], 'a/b': 1, 'c~d': 2, '': 3 };
  it.each([
    ['', answer],
    ['/name', 'A'],
    ['/list/1/x', null],
    ['/a~1b', 1],
    ['/c~0d', 2],
    ['/', 3],
  ])('stands at "%s"', (pointer, value) => expect(valueAt(answer, pointer)).toEqual({ value }));

  it.each([
    '/other',
    '/list/2',
    '/list/01',
    '/list/length',
    '/list/-',
    '/name/0',
    '/constructor',
    '/__proto__',
    '/list/1/x/y',
  ])('does not stand at "%s"', (pointer) => expect(valueAt(answer, pointer)).toBeUndefined());
});

describe('a correction', () => {
  it.each<[string, ReturnType<typeof written>[], unknown, boolean | undefined]>([
    ['is there', [written(0, 'B')], { name: 'B' }, true],
    ['is there whatever the order of members', [written(0, { b: 1, a: 2 })], { name: { a: 2, b: 1 } }, true],
    ['is not there while the old value is', [written(0, 'B')], { name: 'A' }, false],
    ['is not there where nothing stands', [written(0, 'B')], {}, false],
    ['is gone where its owner says that nothing stands any more', [written(0, null)], {}, true],
    ['is not there if one of its values is not', [written(0, 'B'), written(1, 1)], { name: 'B' }, false],
    [
      'is there with all of its values',
      [written(0, 'B'), written(1, 1)],
      { name: 'B', children: [{ 'a/b': 1 }] },
      true,
    ],
    ['cannot be judged without values', [], { name: 'B' }, undefined],
    ['cannot be judged at a place that was not filed', [written(5, 'B')], { name: 'B' }, undefined],
    ['cannot be judged in what has no digest', [written(0, '\ud800'.toWellFormed())], { name: '\ud800' }, undefined],
  ])('%s', (_, values, answer, told) => expect(isCorrected(filing, values, answer)).toBe(told));
});

describe('a kept filing', () => {
  const key = filingKey(Buffer.alloc(32, 1));
  const sealed = sealFiling(key, 'id', 'consumer', filing);

  it('opens for its own case, consumer and gateway alone', () => {
    expect(openFiling(key, 'id', 'consumer', sealed)).toEqual(filing);
    expect(openFiling(key, 'other', 'consumer', sealed)).toBeUndefined();
    expect(openFiling(key, 'id', 'other', sealed)).toBeUndefined();
    expect(openFiling(filingKey(Buffer.alloc(32, 2)), 'id', 'consumer', sealed)).toBeUndefined();
    expect(sealed.includes('TEST/PIN')).toBe(false);
  });
});

describe('what feedback wants verified', () => {
  it('is read whole or not at all', () => {
    const wanted = { correctionId: crypto.randomUUID(), service: 's', endpoint: 'e', values: [written(0, 1)] };
    expect(readVerifications({ verifications: [wanted], next: 'x' })).toMatchObject({ next: 'x' });
    expect(readVerifications({ verifications: [{ ...wanted, values: [{ item: -1 }] }] })).toBeUndefined();
    expect(readVerifications({})).toBeUndefined();
  });
});
