import { expect, it } from '@jest/globals';
import { hash as hashOfNode } from 'node:crypto';
import { hash } from './browser-crypto.js';

const DATA = ['', 'a text with ə', Buffer.from([0, 127, 128, 255])];

it.each(['sha256', 'sha512'])('hashes by %s as Node does, in each form that our libraries ask for', (algorithm) => {
  for (const data of DATA) {
    expect(hash(algorithm, data, 'binary')).toBe(hashOfNode(algorithm, data, 'binary'));
    expect(hash(algorithm, data, 'buffer')).toEqual(hashOfNode(algorithm, data, 'buffer'));
  }
});
