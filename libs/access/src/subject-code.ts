import * as estonian from 'stdnum/lib/cjs/ee/ik.js';
import * as finnish from 'stdnum/lib/cjs/fi/hetu.js';
import * as lithuanian from 'stdnum/lib/cjs/lt/asmens.js';
import * as russian from 'stdnum/lib/cjs/ru/inn.js';

/** The types of person and organisation codes whose form is known, by COUNTRY/TYPE. */
const FORMS: ReadonlyMap<string, (code: string) => boolean> = new Map([
  ['AZ/FIN', isFin],
  ['AZ/VOEN', (code: string) => /^\d{9}[12]$/.test(code)],
  ['EE/IK', (code: string) => /^\d{11}$/.test(code) && estonian.validate(code).isValid],
  ['FI/HETU', (code: string) => /^\d{6}[-A-FU-Y]\d{3}[0-9A-Y]$/.test(code) && finnish.validate(code).isValid],
  ['KG/PIN', isKyrgyzPin],
  ['KZ/BIN', isBin],
  ['KZ/IIN', isIin],
  ['LT/AK', (code: string) => /^\d{11}$/.test(code) && lithuanian.validate(code).isValid],
  ['RU/INN', (code: string) => /^(?:\d{10}|\d{12})$/.test(code) && russian.validate(code).isValid],
]);

/** Every type that `isWellFormedCode` knows, as COUNTRY/TYPE. */
export const knownSubjectTypes: readonly string[] = [...FORMS.keys()];

/**
 * Whether a code, in upper case, can be one of its country and type (E31): its length, its letters, a date that exists and
 * its check digit, as far as these are published. A type that is not in the table has no form of its own, so any code is
 * one. It says nothing about whether such a person lives.
 */
export function isWellFormedCode({ country, type, code }: Subject): boolean {
  return FORMS.get(`${country}/${type}`)?.(code) ?? true;
}

interface Subject {
  readonly country: string;
  readonly type: string;
  readonly code: string;
}

/** Seven letters and digits without I and O; how the last one is made has not been published. */
function isFin(code: string): boolean {
  return /^[0-9A-HJ-NP-Z]{7}$/.test(code);
}

/** Sex, day, month, year of birth, a number; how its last digit is made has not been published. */
function isKyrgyzPin(code: string): boolean {
  const parts = /^[12](\d{2})(\d{2})(\d{4})\d{5}$/.exec(code);
  return parts !== null && isDate(Number(parts[3]), Number(parts[2]), Number(parts[1]));
}

/** Day of birth, century and sex in one digit (0 for foreigners, of whatever century), a number, a check digit. */
function isIin(code: string): boolean {
  const parts = /^(\d{2})(\d{2})(\d{2})([0-6])\d{5}$/.exec(code);
  if (parts === null || !hasKazakhCheckDigit(code)) return false;
  const centuries = parts[4] === '0' ? [1900, 2000] : [1800 + 100 * Math.floor((Number(parts[4]) - 1) / 2)];
  return centuries.some((century) => isDate(century + Number(parts[1]), Number(parts[2]), Number(parts[3])));
}

/** Year and month of registration, kind of body (4, 5, 6), head office or branch (0–3), a number, a check digit. */
function isBin(code: string): boolean {
  return /^\d{2}(?:0[1-9]|1[0-2])[456][0-3]\d{6}$/.test(code) && hasKazakhCheckDigit(code);
}

/** Weights 1 to 11, modulo 11; where that is 10, weights 3 to 11, 1, 2; where it is 10 again, no such code is given out. */
function hasKazakhCheckDigit(code: string): boolean {
  const digits = Array.from(code, Number);
  const sum = (shift: number) =>
    digits.slice(0, 11).reduce((all, digit, place) => all + digit * (((place + shift) % 11) + 1), 0) % 11;
  const first = sum(0);
  return (first === 10 ? sum(2) : first) === digits[11];
}

function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
