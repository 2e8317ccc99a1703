import { describe, expect, it } from '@jest/globals';
import { sha256, toHex } from '#kernel';
import { carriesToken, tokenHashes } from './bearer-token.js';

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
