import { describe, expect, it } from '@jest/globals';
import { parseServiceId, parseSubsystemId } from '#kernel';
import { distrustOf, serverRules, type AgencyName, type RuleEntries, type Shown } from './server-rule.js';

function name(text: string): AgencyName {
  const service = parseServiceId(text);
  if (service.ok) return service.value;
  const subsystem = parseSubsystemId(text);
  if (!subsystem.ok) throw new TypeError('a name of this spec is none');
  return subsystem.value;
}

const X = name('TEST/GOV/1/a/x');
const Y = name('TEST/GOV/1/a/y');
const A = name('TEST/GOV/1/a');
const HEX = 'ab'.repeat(32);
const OTHER = 'cd'.repeat(32);
const none: RuleEntries = { pins: [], unverified: [], plain: [], hasAuthorities: false };
const rulesOf = (addresses: [AgencyName, string][], entries: Partial<RuleEntries> = {}) =>
  serverRules(new Map(addresses.map(([key, url]) => [key, new URL(url)])), { ...none, ...entries });

describe('how a system is known', () => {
  it.each<[string, Partial<RuleEntries>, unknown]>([
    ['http://127.0.0.1:1', {}, { kind: 'local' }],
    ['http://[::1]:1', {}, { kind: 'local' }],
    ['http://localhost', {}, { kind: 'local' }],
    ['http://host', { plain: [X] }, { kind: 'plain' }],
    ['http://host', { plain: [A] }, { kind: 'plain' }],
    ['https://host', { hasAuthorities: true }, { kind: 'authority' }],
    ['https://host', { unverified: [X], hasAuthorities: true }, { kind: 'unverified' }],
    ['https://host', { pins: [`${X}=sha256:${HEX}`] }, { kind: 'pins', pins: [{ of: 'sha256', hex: HEX }] }],
    [
      'https://host',
      { pins: [`${A}=sha256:${OTHER}`, `${X}=spki:${HEX}`, `${X}=sha256:${OTHER}`] },
      {
        kind: 'pins',
        pins: [
          { of: 'spki', hex: HEX },
          { of: 'sha256', hex: OTHER },
        ],
      },
    ],
    [
      'https://host',
      { pins: [`${A}=sha256:${'AB:'.repeat(31)}AB`] },
      { kind: 'pins', pins: [{ of: 'sha256', hex: HEX }] },
    ],
  ])('%s with %j', (url, entries, rule) => {
    expect(rulesOf([[X, url]], entries)).toEqual({ ok: true, value: new Map([[X, rule]]) });
  });

  it.each<[string, Partial<RuleEntries>, string]>([
    ['http://host', {}, 'write https'],
    ['http://127.0.0.1.host.example', {}, 'write https'],
    ['http://host', { unverified: [X] }, 'write https'],
    ['https://host', {}, 'neither a pin nor authorities'],
    ['https://host', { plain: [X] }, 'neither a pin nor authorities'],
    ['http://host', { pins: [`${X}=sha256:${HEX}`], plain: [X] }, 'no https'],
    ['https://host', { pins: [`${X}=sha256:${HEX}`], unverified: [X] }, 'not looked at'],
    ['https://host', { pins: [`${X}=sha256:abc`], hasAuthorities: true }, 'entry 1'],
    ['https://host', { pins: [`${X}=md5:${HEX}`], hasAuthorities: true }, 'entry 1'],
    ['https://host', { pins: [`${Y}=sha256:${HEX}`], hasAuthorities: true }, 'no address here'],
    ['https://host', { unverified: ['nonsense'], hasAuthorities: true }, 'UNVERIFIED: entry 1'],
    ['https://host', { plain: [Y], hasAuthorities: true }, 'no address here'],
  ])('cannot be said of %s with %j', (url, entries, problem) => {
    const rules = rulesOf([[X, url]], entries);
    expect(rules).toEqual({ ok: false, reason: [expect.stringContaining(problem)] });
  });

  it('is told for all systems at once', () => {
    const rules = rulesOf([
      [X, 'http://host'],
      [Y, 'https://host'],
    ]);
    expect(rules.ok ? [] : rules.reason).toHaveLength(2);
  });
});

describe('a server', () => {
  const shown: Shown = { sha256: HEX, spki: OTHER, fromMs: 100, untilMs: 200, trouble: 'SELF_SIGNED_CERT_IN_CHAIN' };
  const pinned = (of: 'sha256' | 'spki', hex: string) => ({ kind: 'pins' as const, pins: [{ of, hex }] });

  it('is believed by its pin while its certificate holds, whoever issued it', () => {
    expect(distrustOf(shown, pinned('sha256', HEX), 150)).toBeUndefined();
    expect(distrustOf(shown, pinned('spki', OTHER), 150)).toBeUndefined();
    expect(distrustOf(shown, pinned('sha256', OTHER), 150)).toBe('other-pin');
    expect(distrustOf({ ...shown, trouble: undefined }, pinned('spki', HEX), 150)).toBe('other-pin');
    expect(distrustOf(shown, pinned('sha256', HEX), 99)).toBe('not-yet-valid');
    expect(distrustOf(shown, pinned('sha256', HEX), 200)).toBe('expired');
  });

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'no-authority'],
    ['something new', 'no-authority'],
    ['constructor', 'no-authority'],
    ['CERT_HAS_EXPIRED', 'expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'other-name'],
    [undefined, undefined],
  ])('of which TLS says %s is %s', (trouble, distrust) => {
    expect(distrustOf({ ...shown, trouble }, { kind: 'authority' }, 150)).toBe(distrust);
  });
});
