import { generateSealingKey, generateSigningKey, KeyRing } from '#signing';
import { shownKeys, withNewKey, withoutKey } from './key-set.js';

const NOW = Date.parse('2026-11-28T00:00:00Z');
const S = NOW / 1000;
const DAY_MS = 86_400_000;

const dated = <Key>(key: Key, nbf = S - 1000, exp = S + 1_000_000) => ({ ...key, nbf, exp });
const sign = dated(generateSigningKey());
const seal = dated(generateSealingKey());
const set = (...keys: object[]) => JSON.stringify({ keys });

function shown(text: string) {
  const keys = shownKeys(text, NOW);
  return keys.ok ? keys.value.map(({ kid, use, state, untilMs }) => ({ kid, use, state, untilMs })) : keys.reason;
}

function value<T>(result: { ok: true; value: T } | { ok: false; reason: string }): T {
  if (!result.ok) throw new TypeError(result.reason);
  return result.value;
}

describe('a key set', () => {
  it('gets a newer key, and the older one of its use ends after the overlap', () => {
    const fresh = dated(generateSigningKey());
    const text = value(withNewKey(set(sign, seal), fresh, NOW, 7 * DAY_MS));
    expect(shown(text)).toEqual([
      { kid: sign.kid, use: 'sign', state: 'valid', untilMs: NOW + 7 * DAY_MS },
      { kid: seal.kid, use: 'seal', state: 'valid', untilMs: seal.exp * 1000 },
      { kid: fresh.kid, use: 'sign', state: 'valid', untilMs: fresh.exp * 1000 },
    ]);
    expect(KeyRing.parse([['X/Y/Z/s', text]]).signer('X/Y/Z/s').kid).toBe(fresh.kid);
  });

  it('prolongs no key by a rotation, and touches none that has ended', () => {
    const soon = dated(generateSigningKey(), S - 1000, S + 60);
    const ended = dated(generateSigningKey(), S - 1000, S - 500);
    const text = value(withNewKey(set(ended, soon), dated(generateSigningKey()), NOW, 7 * DAY_MS));
    expect(shown(text)).toMatchObject([{ untilMs: (S - 500) * 1000 }, { untilMs: (S + 60) * 1000 }, {}]);
  });

  it('keeps the whole life of the older one where no overlap is asked for', () => {
    const text = value(withNewKey(set(sign), dated(generateSigningKey()), NOW, undefined));
    expect(shown(text)).toMatchObject([{ untilMs: sign.exp * 1000 }, {}]);
  });

  it.each([
    ['valid', sign],
    ['ended', dated(sign, S - 1000, S - 500)],
  ])('takes no key twice: %s', (_, there) => {
    expect(withNewKey(set(there, seal), dated(sign), NOW, 0)).toEqual({ ok: false, reason: 'key-there' });
  });

  it('ends a key wherever a file names it', () => {
    const text = value(withoutKey(set(sign, dated(generateSigningKey()), sign), sign.kid, NOW));
    expect(shown(text)).toMatchObject([{ state: 'ended' }, { state: 'valid' }, { state: 'ended' }]);
    expect(withoutKey(set(sign, sign), sign.kid, NOW)).toEqual({ ok: false, reason: 'key-last' });
  });

  it('ends a key at once and keeps it to read with', () => {
    const fresh = dated(generateSealingKey());
    const text = value(withoutKey(set(sign, seal, fresh), seal.kid, NOW));
    expect(shown(text)).toMatchObject([{}, { kid: seal.kid, state: 'ended', untilMs: NOW }, { state: 'valid' }]);
    expect(KeyRing.parse([['X/Y/Z/s', text]]).unsealKey('X/Y/Z/s', seal.kid)).toBeDefined();
  });

  it.each([
    ['a kid that is not there', set(sign, seal), 'nobody', 'key-unknown'],
    ['the last of its use', set(sign, seal), sign.kid, 'key-last'],
    [
      'the last but one whose successor is not valid yet',
      set(sign, dated(generateSigningKey(), S + 60)),
      sign.kid,
      'key-last',
    ],
    ['no key file', '{"keys":"secret"}', sign.kid, 'key-file-malformed'],
    ['no JSON', 'secret', sign.kid, 'key-file-malformed'],
  ])('does not end %s', (_, text, kid, reason) => {
    expect(withoutKey(text, kid, NOW)).toEqual({ ok: false, reason });
  });

  it('takes no more than a document may publish', () => {
    const many = set(...Array.from({ length: 20 }, () => dated(generateSigningKey())));
    expect(withNewKey(many, dated(generateSigningKey()), NOW, 0)).toEqual({ ok: false, reason: 'key-set-full' });
  });
});
