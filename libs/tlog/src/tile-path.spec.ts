import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeBundle, encodeBundle } from './entry-bundle.js';
import { parseTilePath, partialWidth, tilePath, tileWidth } from './tile-path.js';

describe('tile paths', () => {
  it('are those of the specification', () => {
    expect(tilePath({ level: 0, index: 0, width: 256 })).toBe('tile/0/000');
    expect(tilePath({ level: 'entries', index: 999, width: 256 })).toBe('tile/entries/999');
    expect(tilePath({ level: 1, index: 1000, width: 17 })).toBe('tile/1/x001/000.p/17');
    expect(tilePath({ level: 2, index: 1_234_067, width: 1 })).toBe('tile/2/x001/x234/067.p/1');
  });

  it('are read back as they were written', () => {
    const address = fc.record({
      level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(fc.property(address, (tile) => expect(parseTilePath(tilePath(tile))).toEqual(tile)));
  });

  it('have one spelling only', () => {
    const bad = [
      'tile/00/000',
      'tile/01/000',
      'tile/64/000',
      'tile/-1/000',
      'tile/x/000',
      'tile/0/0',
      'tile/0/0000',
      'tile/0/x000/000',
      'tile/0/000/001',
      'tile/0/x001',
      'tile/0/x001/x002',
      'tile/0/000.p/0',
      'tile/0/000.p/00',
      'tile/0/000.p/01',
      'tile/0/000.p/256',
      'tile/0/000.p/999',
      'tile/0/000.p/',
      'tile/0/000.p',
      'tile/0/000/',
      'tile/entries/000.p/-1',
      'tile/entries',
      'tile/0/x999/x999/x999/x999/x999/999',
      'tile/0/000\n',
      'Tile/0/000',
      'tile/0/٠٠٠',
      '',
    ];
    for (const path of bad) expect([path, parseTilePath(path)]).toEqual([path, undefined]);
  });

  it('know the widths of 70,000 leaves', () => {
    expect([0, 1, 2, 3].map((level) => partialWidth(70_000, level))).toEqual([112, 17, 1, 0]);
    expect(tileWidth(70_000, 0, 272)).toBe(256);
    expect(tileWidth(70_000, 'entries', 273)).toBe(112);
    expect(tileWidth(70_000, 0, 274)).toBe(0);
    expect(tileWidth(256, 1, 0)).toBe(1);
    expect(tileWidth(2 ** 40, 4, 1)).toBe(0);
    expect(tileWidth(2 ** 40, 4, 0)).toBe(256);
  });
});

describe('entry bundles', () => {
  it('give back exactly the entries', () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(entries, (list) => {
        const decoded = decodeBundle(encodeBundle(list), list.length);
        expect(decoded).toEqual(list.map((entry) => Buffer.from(entry)));
      }),
    );
  });

  it('refuse surplus and missing bytes, and another count', () => {
    const bundle = encodeBundle([Buffer.from('a'), Buffer.from('bc')]);
    expect(decodeBundle(bundle, 2)).toEqual([Buffer.from('a'), Buffer.from('bc')]);
    expect(decodeBundle(bundle, 1)).toBeUndefined();
    expect(decodeBundle(bundle, 3)).toBeUndefined();
    expect(decodeBundle(bundle.subarray(0, -1), 2)).toBeUndefined();
    expect(decodeBundle(Buffer.concat([bundle, Buffer.from([0])]), 2)).toBeUndefined();
  });

  it('carry entries up to the format’s limit', () => {
    const longest = Buffer.alloc(65_535, 1);
    expect(decodeBundle(encodeBundle([longest]), 1)).toEqual([longest]);
  });
});
