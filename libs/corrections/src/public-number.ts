import { mod11_10 } from 'cdigit';

/** What people say to each other about a case, on the telephone too; it tells nothing but where and when it was filed. */
export interface PublicNumber {
  /** ISO 3166-1, two letters. */
  readonly country: string;
  readonly year: number;
  /** Of the cases of that country and year, from 1. */
  readonly count: number;
}

/** `AZ-2026-000123-C` with a check digit of ISO/IEC 7064 MOD 11,10 over year and count, country left out. */
const SPELLED = /^([A-Z]{2})-(\d{4})-(\d{6,12})-(\d)$/;

export function spellPublicNumber({ country, year, count }: PublicNumber): string {
  const digits = [String(year).padStart(4, '0'), String(count).padStart(6, '0')];
  return `${country}-${digits.join('-')}-${mod11_10.compute(digits.join(''))}`;
}

/** As somebody typed it, in capitals or not, with spaces for dashes; undefined: no such number, or a digit is wrong. */
export function readPublicNumber(text: string): PublicNumber | undefined {
  const found = SPELLED.exec(
    text
      .trim()
      .toUpperCase()
      .replaceAll(/[\s-]+/g, '-'),
  );
  if (found === null) return undefined;
  const [, country = '', year = '', count = '', check = ''] = found;
  if (mod11_10.compute(year + count) !== check) return undefined;
  const number = { country, year: Number(year), count: Number(count) };
  // One spelling each: leading zeros beyond the sixth place would be another.
  return spellPublicNumber(number) === found[0] ? number : undefined;
}
