import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { parseInstanceDefinition } from '#snapshot';
import { fuzz, mutatedText } from './fuzz.js';

const SAMPLE = readFileSync(new URL('../../apps/sandbox/instance.yaml', import.meta.url), 'utf8');
const SMALL = `instance: TEST
purposes: [{ code: view, title: { en: View }, legalBasis: LB }]
legalBases: [{ code: LB, title: { en: Law }, reference: Law 1 }]
members:
  - id: GOV/1
    name: { en: Register }
    subsystems:
      - code: a
        services:
          - { code: persons, timeoutMs: 5000, subject: { type: PIN, country: TEST, from: { path: pin } }, endpoints: [{ endpoint: "GET /{pin}" }] }
        agreements: [{ consumer: GOV/1/a, service: persons, endpoints: ["GET /{pin}"], purposes: [view], until: 2099-12-31 }]
instances: [{ id: gw1, kind: gateway, runBy: GOV/1, serves: [GOV/1/a] }]
`;
const WORDS = [
  ...[
    '&a [',
    '*a',
    '<<: *a',
    '!!js/function',
    '!!binary ',
    '? ',
    '- - - -',
    '{',
    '}',
    ']',
    '"',
    "'",
    '|\n',
    '>\n',
    '\t',
  ],
  ...[
    '\n---\n',
    '\n...\n',
    '%YAML 9.9\n',
    '\u0000',
    '\ufeff',
    '\u202e',
    '1e999',
    '.nan',
    '0x7fffffffffffffff',
    '~',
    'yes',
  ],
  ...['__proto__: ', 'constructor: ', 'toString: ', '2099-02-31', '-1', '['.repeat(200), 'a: {'.repeat(100)],
  ...['members: ', 'id: GOV/1\n', 'from: { path: pin }', 'until: ', 'GET /{pin}/{pin}', 'GET /{', 'code: a'],
];

function judge(text: string): void {
  const parsed = parseInstanceDefinition(text);
  if (parsed.ok) return;
  expect(parsed.reason.length).toBeGreaterThan(0);
  expect(parsed.reason.length).toBeLessThanOrEqual(100);
  for (const problem of parsed.reason) {
    expect(problem.message).not.toBe('');
    expect(problem.line).toBeGreaterThanOrEqual(1);
    expect(problem.column).toBeGreaterThanOrEqual(1);
  }
}

it('reads no definition without saying where it is wrong', () =>
  fuzz('instance.yaml', mutatedText([SMALL, SMALL, SMALL, SAMPLE], WORDS), judge, { share: 2 }));

it.each([
  [
    'an alias that multiplies',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, at) => `${'bcdefghij'[at]}: &${'bcdefghij'[at]} [${Array.from({ length: 9 }, () => `*${'abcdefghij'[at]}`).join(',')}]\n`).join('')}`,
  ],
  ['an alias of itself', 'instance: &a [*a]\n'],
  ['deep nesting', '['.repeat(20_000)],
  ['deep maps', Array.from({ length: 3_000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')],
  ['a map as a key', '? { a: b }\n: c\n'],
  ['a merge of nothing', '<<: 1\n'],
])('says where in %s it is wrong', (_what, text) => judge(text));
