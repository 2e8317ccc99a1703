import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { byCloseness, covers, isAnythingAt, MAX_POINTER_LENGTH, pointerOf, tokensOf } from './pointer-pattern.js';

const key = fc.oneof(fc.constantFrom('~', '/', '~1', '~0', '', '*', '0', 'ə/~'), fc.string({ maxLength: 8 }));
const keys = fc.array(key, { maxLength: 8 });

describe('pointer patterns', () => {
  it('are read back as they were written, whatever the keys hold', () => {
    fc.assert(fc.property(keys, (tokens) => expect(tokensOf(pointerOf(tokens))).toEqual(tokens)));
  });

  it.each([
    ['', []],
    ['/', ['']],
    ['/a~1b/m~0n', ['a/b', 'm~n']],
    ['/~01', ['~1']],
    ['/visits/*/date', ['visits', '*', 'date']],
  ])('%j has the tokens %j', (pointer, tokens) => {
    expect(tokensOf(pointer)).toEqual(tokens);
  });

  it.each(['a', 'a/b', '/~', '/~2', '/a~', `/${'a'.repeat(MAX_POINTER_LENGTH)}`])('%j is none', (pointer) => {
    expect(tokensOf(pointer)).toBeUndefined();
  });

  it('cover what stands at them and within, with any item for a wildcard', () => {
    fc.assert(
      fc.property(keys, keys, fc.array(fc.boolean(), { maxLength: 8 }), (tokens, below, wild) => {
        const pattern = tokens.map((token, index) => (wild[index] === true ? '*' : token));
        expect(covers(pattern, [...tokens, ...below])).toBe(true);
        expect(covers([...pattern, 'x'], tokens)).toBe(false);
      }),
    );
    expect(covers(['a', 'b'], ['a', 'c'])).toBe(false);
    expect(covers(['a'], ['*'])).toBe(false);
  });

  it('prefers the deeper, then the one that names more from the left', () => {
    const patterns = [['*', 'b'], ['a', '*'], ['a'], ['a', 'b'], ['*', '*'], []];
    expect(patterns.sort(byCloseness)).toEqual([['a', 'b'], ['a', '*'], ['*', 'b'], ['*', '*'], ['a'], []]);
    expect(byCloseness(['a'], ['a'])).toBe(0);
  });
});

describe('a value at a pattern', () => {
  const at = (document: unknown, pattern: string) => isAnythingAt(document, tokensOf(pattern) ?? []);

  it.each<[string, unknown]>([
    ['', null],
    ['/a', { a: null }],
    ['/a/0/b', { a: [{ b: false }] }],
    ['/a/*/b', { a: [{}, { b: 0 }] }],
    ['/a/*/b', { a: { x: { b: '' } } }],
  ])('is found at %s of %j', (pattern, document) => expect(at(document, pattern)).toBe(true));

  it.each<[string, unknown]>([
    ['', undefined],
    ['/a', {}],
    ['/a', 'a'],
    ['/toString', {}],
    ['/length', []],
    ['/01', [1, 2]],
    ['/2', [1, 2]],
    ['/a/*', { a: [] }],
    ['/a/*/b', { a: [1, null, {}] }],
  ])('is not found at %s of %j', (pattern, document) => expect(at(document, pattern)).toBe(false));
});
