import { describe, expect, it } from '@jest/globals';
import { sha256, toHex } from '#kernel';
import { carriesToken, readersOf, tokenHashes } from './bearer-token.js';

const hashes = tokenHashes([toHex(sha256('auditor-1')), toHex(sha256('auditor-2'))]);

describe('a reader’s token', () => {
  it.each(['Bearer auditor-1', 'bearer auditor-2'])('opens: %s', (header) => {
    expect(carriesToken(header, hashes)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer auditor-3',
    'Basic auditor-1',
    'Bearer auditor-1 x',
    'auditor-1',
  ])('does not open: %s', (header) => {
    expect(carriesToken(header, hashes)).toBe(false);
  });

  it.each(['auditor-1', 'ABCD', ''])('is set as its hash only: %j', (text) => {
    expect(() => tokenHashes([text])).toThrow(expect.objectContaining({ code: 'reader-token-setting' }));
  });
});

describe('who may read leaves', () => {
  const hash = toHex(sha256('auditor-1'));

  it('is everybody on this machine, and where somebody has said so', () => {
    expect(readersOf([], true)).toEqual([]);
    expect(readersOf(['public'], true)).toEqual([]);
    expect(readersOf(['public'], false)).toEqual([]);
  });

  it('is whoever has a token, where there are any', () => {
    for (const isLocal of [true, false]) expect(readersOf([hash], isLocal)).toEqual(tokenHashes([hash]));
  });

  it('has to be said where others reach the log', () => {
    expect(() => readersOf([], false)).toThrow(expect.objectContaining({ code: 'readers-unset' }));
  });

  it.each([['public', hash], ['Public'], [hash, 'public'], ['public', 'public']])('is not said by %j', (...texts) => {
    expect(() => readersOf(texts, true)).toThrow(expect.objectContaining({ code: 'reader-token-setting' }));
  });
});
