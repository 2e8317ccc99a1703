import fc from 'fast-check';
import { isWellFormedCode, knownSubjectTypes } from './subject-code.js';

function known(kind: string, code: string): boolean {
  const [country = '', type = ''] = kind.split('/');
  return isWellFormedCode({ country, type, code });
}

/** An independent reading of the rule: the eleven digits before it, made into the twelfth. */
function kazakhCheckDigit(front: string): number | undefined {
  const by = (weights: readonly number[]) =>
    weights.reduce((sum, weight, at) => sum + weight * Number(front.charAt(at)), 0) % 11;
  const first = by([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  if (first < 10) return first;
  const second = by([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]);
  return second < 10 ? second : undefined;
}

describe('isWellFormedCode', () => {
  it.each([
    ['AZ/FIN', '5ABC123'],
    ['AZ/VOEN', '1234567891'],
    ['EE/IK', '37605030299'],
    ['FI/HETU', '131052-308T'],
    ['KG/PIN', '20101199012345'],
    ['LT/AK', '38703181745'],
    ['RU/INN', '7707083893'],
    ['DEMO/PIN', 'TEST000001'],
    ['XX/ANYTHING', 'A-1'],
  ])('takes a code of %s', (kind, code) => {
    expect(known(kind, code)).toBe(true);
  });

  it.each([
    ['AZ/FIN', '5ABC12', 'too short'],
    ['AZ/FIN', '5ABCO23', 'a letter that is not used'],
    ['AZ/VOEN', '1234567893', 'neither body nor person'],
    ['EE/IK', '37605030298', 'the check digit'],
    ['EE/IK', '37613030299', 'a thirteenth month'],
    ['EE/IK', '376 0503 0299', 'two spellings of one person'],
    ['FI/HETU', '131052-308U', 'the check letter'],
    ['KG/PIN', '23002199012345', 'the thirtieth of February'],
    ['KG/PIN', '30101199012345', 'no such sex'],
    ['KZ/IIN', '900101300000', 'the check digit'],
    ['KZ/IIN', '901301000000', 'a thirteenth month of a foreigner'],
    ['LT/AK', '38703181746', 'the check digit'],
    ['RU/INN', '7707083894', 'the check digit'],
    ['RU/INN', '77-07083893', 'two spellings of one body'],
  ])('refuses of %s %s: %s', (kind, code) => {
    expect(known(kind, code)).toBe(false);
  });

  it.each([
    [
      'KZ/IIN',
      /^\d{12}$/,
      fc.integer({ min: 0, max: 99_999 }).map((n) => `9001013${String(n).padStart(4, '0').slice(0, 4)}`),
    ],
    [
      'KZ/BIN',
      /^\d{12}$/,
      fc.integer({ min: 0, max: 999_999 }).map((n) => `150540${String(n).padStart(6, '0').slice(0, 5)}`),
    ],
  ])('takes of %s exactly the one check digit', (kind, form, fronts) => {
    fc.assert(
      fc.property(fronts, (front) => {
        const right = kazakhCheckDigit(front);
        const taken = Array.from('0123456789').filter((digit) => known(kind, `${front}${digit}`));
        expect(taken).toEqual(right === undefined ? [] : [String(right)]);
        expect(taken.every((digit) => form.test(`${front}${digit}`))).toBe(true);
      }),
    );
  });

  it('never takes a second spelling of a code that it takes', () => {
    const spellings = (code: string) => [` ${code}`, `${code} `, `${code.slice(0, 3)} ${code.slice(3)}`, `${code}-`];
    for (const [kind, code] of [
      ['EE/IK', '37605030299'],
      ['LT/AK', '38703181745'],
      ['RU/INN', '7707083893'],
      ['FI/HETU', '131052-308T'],
    ] as const)
      for (const spelling of spellings(code)) expect([spelling, known(kind, spelling)]).toEqual([spelling, false]);
  });

  it('names its types', () => {
    expect(knownSubjectTypes).toEqual([...knownSubjectTypes].sort());
  });
});
