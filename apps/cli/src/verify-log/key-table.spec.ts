import { describe, expect, it } from '@jest/globals';
import { sha256 } from '#kernel';
import { KeyTable } from './key-table.js';

const key = (n: number) => sha256(String(n));

describe('a table of keys', () => {
  it('holds what was put in, through its growth, and nothing else', () => {
    const table = new KeyTable(true);
    for (let n = 0; n < 20_000; n += 1) expect(table.add(key(n), n)).toBe(true);
    for (let n = 0; n < 20_000; n += 1) expect([table.get(key(n)), table.has(key(n))]).toEqual([n, true]);
    for (let n = 20_000; n < 20_100; n += 1) expect([table.get(key(n)), table.has(key(n))]).toEqual([undefined, false]);
    expect(table.add(key(7), 1)).toBe(false);
    expect([table.get(key(7)), table.size]).toEqual([7, 20_000]);
    table.set(key(7), 8);
    expect(table.get(key(7))).toBe(8);
    expect(new Set(table.allValues()).size).toBe(19_999);
  });

  it('comes back from its bytes, and a copy goes its own way', () => {
    const table = new KeyTable(true);
    for (let n = 0; n < 3_000; n += 1) table.add(key(n), n);
    const again = KeyTable.restore(true, table.dump());
    expect([again?.size, again?.get(key(2_999)), again?.add(key(5))]).toEqual([3_000, 2_999, false]);
    const copy = table.copy();
    copy.add(key(9_999), 1);
    expect([table.has(key(9_999)), copy.has(key(9_999)), copy.get(key(1))]).toEqual([false, true, 1]);
    expect(KeyTable.restore(true, table.dump().subarray(8))).toBeUndefined();
    expect(KeyTable.restore(false, Buffer.alloc(0))).toBeUndefined();
  });

  it('takes a key whose last word is zero', () => {
    const table = new KeyTable(false);
    expect([table.add(Buffer.alloc(16)), table.add(Buffer.alloc(16)), table.has(Buffer.alloc(16))]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
