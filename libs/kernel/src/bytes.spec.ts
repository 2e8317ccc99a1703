import { describe, expect, it } from '@jest/globals';
import { bytesEqual, fromBase64, fromBase64Url, fromHex, sha256, toBase64Url, toHex } from './bytes.js';

describe('bytes', () => {
  it.each(['AA', 'AAE', '_-8'])('accepts canonical base64url: %s', (text) => {
    expect(toBase64Url(fromBase64Url(text) ?? Buffer.alloc(0))).toBe(text);
  });

  it.each(['AA==', 'A', 'AB', 'A A', '+/8', 'é'])('refuses base64url that is not canonical: %s', (text) => {
    expect(fromBase64Url(text)).toBeUndefined();
  });

  it.each(['AA', '_-8=', 'AB==', 'AA==\n'])('refuses base64 that is not canonical: %j', (text) => {
    expect(fromBase64(text)).toBeUndefined();
  });

  it.each(['0', 'FF', 'zz', '0x00'])('refuses hex that is not lower-case pairs: %s', (text) => {
    expect(fromHex(text)).toBeUndefined();
  });

  it('hashes with SHA-256', () => {
    expect(toHex(sha256(''))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('compares lengths before contents', () => {
    expect(bytesEqual(Buffer.from('ab'), Buffer.from('abc'))).toBe(false);
    expect(bytesEqual(Buffer.from('ab'), Buffer.from('ab'))).toBe(true);
  });
});
