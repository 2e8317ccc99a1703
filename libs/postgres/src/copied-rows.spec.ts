import { describe, expect, it } from '@jest/globals';
import { CopiedRows } from './copied-rows.js';
import { copyText } from './copy-out.js';

const HEADER = `${Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1').toString('hex')}${'00'.repeat(8)}`;
const rows = (hex: string) => new CopiedRows(Buffer.from(HEADER + hex.replaceAll(' ', ''), 'hex'));

describe('rows of a binary COPY', () => {
  it('are read field by field, until the trailer', () => {
    const copied = rows(
      '0003 00000008 ffffffffffffffff 00000002 00ff 00000003 61c3a9  0001 00000008 0000000100000002 ffff',
    );
    expect(copied.next()).toBe(true);
    expect(copied.bigint()).toBe(-1);
    expect(copied.binary()).toEqual(Buffer.from([0, 255]));
    expect(copied.text()).toBe('aé');
    expect(copied.next()).toBe(true);
    expect(copied.bigint()).toBe(2 ** 32 + 2);
    expect(copied.next()).toBe(false);
  });

  it('read a NULL as nothing', () => {
    const copied = rows('0003 ffffffff ffffffff ffffffff ffff');
    expect(copied.next()).toBe(true);
    expect([copied.binary().length, copied.text(), copied.bigint()]).toEqual([0, '', Number.NaN]);
    expect(copied.next()).toBe(false);
  });

  it('are not taken for complete when they are cut off', () => {
    const copied = rows('0001 00000008 00000000');
    expect(copied.next()).toBe(true);
    expect(() => copied.bigint()).toThrow('out of range');
  });
});

describe('the text of a COPY', () => {
  it('takes whole numbers and nothing else', () => {
    expect(copyText(['SELECT ', ' + ', ''], [1, -2])).toBe('COPY (SELECT 1 + -2) TO STDOUT (FORMAT binary)');
    for (const value of [0.5, Number.NaN, 2 ** 53, '1; DROP TABLE x' as unknown as number])
      expect(() => copyText(['SELECT ', ''], [value])).toThrow(TypeError);
  });
});
