import { describe, expect, it } from '@jest/globals';
import { readPublicNumber, spellPublicNumber } from './public-number.js';

const NUMBER = { country: 'AZ', year: 2026, count: 123 };
const SPELLED = spellPublicNumber(NUMBER);

describe('a public number', () => {
  // The digit by hand: MOD 11,10 over 2026000123.
  it('is country, year, count and a check digit', () => {
    expect(SPELLED).toMatch(/^AZ-2026-000123-\d$/);
    expect(SPELLED.at(-1)).toBe(checkDigit('2026000123'));
  });

  it.each([SPELLED, SPELLED.toLowerCase(), ` ${SPELLED.replaceAll('-', ' ')} `])('is read from "%s"', (text) => {
    expect(readPublicNumber(text)).toEqual(NUMBER);
  });

  it('goes beyond a million', () => {
    const many = { country: 'KZ', year: 2031, count: 12_345_678 };
    expect(readPublicNumber(spellPublicNumber(many))).toEqual(many);
  });

  it('shows every single wrong digit', () => {
    const wrong = Array.from(SPELLED).flatMap((digit, at) =>
      /\d/.test(digit)
        ? Array.from('0123456789')
            .filter((other) => other !== digit)
            .map((other) => SPELLED.slice(0, at) + other + SPELLED.slice(at + 1))
        : [],
    );
    expect(wrong).toHaveLength(99);
    expect(wrong.filter((text) => readPublicNumber(text) !== undefined)).toEqual([]);
  });

  it.each(['', 'AZ-2026-123-4', 'A1-2026-000123-4', `${SPELLED}0`, 'AZ-2026-0000123-4', 'AZ/2026/000123/4'])(
    'is not "%s"',
    (text) => expect(readPublicNumber(text)).toBeUndefined(),
  );
});

/** ISO/IEC 7064, hybrid system MOD 11,10, as the standard words it. */
function checkDigit(digits: string): string {
  let product = 10;
  for (const digit of digits) {
    const sum = (Number(digit) + product) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return String((11 - product) % 10);
}
