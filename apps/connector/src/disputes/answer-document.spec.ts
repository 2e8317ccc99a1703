import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { documentIn } from './answer-document.js';

const plain = Buffer.from('{"address":"x"}');
const read = (body: Buffer, ...codings: string[]) =>
  documentIn({ headers: codings.map((value) => ({ name: 'Content-Encoding', value })), body });

it.each<[string, Buffer, string[]]>([
  ['as it is', plain, []],
  ['gzip', gzipSync(plain), ['GZIP']],
  ['deflate', deflateSync(plain), ['deflate']],
  ['br', brotliCompressSync(plain), ['br']],
  ['zstd', zstdCompressSync(plain), ['zstd']],
  ['one in the other', gzipSync(deflateSync(plain)), ['deflate, gzip']],
  ['one in the other, in two headers', gzipSync(deflateSync(plain)), ['deflate', 'identity, gzip']],
])('reads JSON: %s', async (_how, body, codings) => {
  expect(await read(body, ...codings)).toEqual({ address: 'x' });
});

it('reads nothing else', async () => {
  expect(await read(Buffer.from('<address/>'))).toBeUndefined();
  expect(await read(Buffer.alloc(0))).toBeUndefined();
  expect(await read(plain, 'gzip')).toBeUndefined();
  expect(await read(plain, 'constructor')).toBeUndefined();
  expect(await read(gzipSync(Buffer.alloc(17 * 1024 * 1024)), 'gzip')).toBeUndefined();
});
