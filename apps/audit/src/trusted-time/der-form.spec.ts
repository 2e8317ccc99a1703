import { isStrictDer } from './der-form.js';

const strict = (hex: string) => isStrictDer(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

describe('isStrictDer', () => {
  it.each([
    ['an integer', '02 01 00'],
    ['one whose sign needs an octet', '02 02 00 80'],
    ['a structure', '30 05 02 01 05 05 00'],
    ['a long length', `04 81 80 ${'00'.repeat(128)}`],
    ['a context tag', 'a0 03 02 01 01'],
  ])('takes %s', (_what, hex) => expect(strict(hex)).toBe(true));

  it.each([
    ['nothing', ''],
    ['something behind', '02 01 00 00'],
    ['a length beyond the end', '02 02 00'],
    ['a long length where a short one does', '02 81 01 00'],
    ['a length with a leading zero', `04 82 00 80 ${'00'.repeat(128)}`],
    ['an indefinite length', '30 80 02 01 00 00 00'],
    ['an integer with a leading zero', '02 02 00 01'],
    ['an integer with a leading ff', '02 02 ff 80'],
    ['an integer without octets', '02 00'],
    ['a null with content', '05 01 00'],
    ['a third truth', '01 01 01'],
    ['a primitive structure', '10 00'],
    ['a constructed string', '24 02 04 00'],
    ['a child that does not fit', '30 02 02 01'],
    ['a tag of many octets', '1f 81 01 00'],
  ])('refuses %s', (_what, hex) => expect(strict(hex)).toBe(false));

  it('refuses endless depth', () => {
    let der = Buffer.from('0500', 'hex');
    for (let depth = 0; depth < 40; depth += 1) der = Buffer.concat([Buffer.from([0x30, der.length]), der]);
    expect(isStrictDer(der)).toBe(false);
  });
});
