import { describe, expect, it } from '@jest/globals';
import { EMPTY_ROOT } from './hashing.js';
import { isQuorum, openWitnessed, parsePolicy, type WitnessPolicy } from './parse-policy.js';
import { checkpointText, cosigner, ed25519Seed, noteSigner, signNote, type NoteSigner } from './sign-note.js';

const origin = 'audit.example.gov/exchange/2026h2';
const seed = (fill: number) => ed25519Seed(Buffer.alloc(32, fill));
const logSigner = noteSigner(origin, seed(1).publicKey, seed(1).sign);
const witnesses: NoteSigner[] = [2, 3, 4].map((fill) =>
  cosigner(`witness.example.org/w${fill}`, seed(fill).publicKey, seed(fill).sign, () => 1_790_000_000),
);
const [w2, w3, w4] = witnesses.map(({ vkey }) => vkey);
const LINES = [
  '# whom we believe',
  `log ${logSigner.vkey} https://audit.example.gov/log/0/2026h2/`,
  `witness two ${w2} http://127.0.0.1:8201`,
  `witness three\t${w3}  https://w3.example.org/prefix`,
  '',
  `witness four ${w4}`,
];

function policyOf(...lines: string[]): WitnessPolicy {
  const parsed = parsePolicy([...LINES, ...lines, ''].join('\n'));
  if (!parsed.ok) throw new TypeError(`${parsed.reason.line}: ${parsed.reason.problem}`);
  return parsed.value;
}

const isEnough = (policy: WitnessPolicy, ...names: string[]) => policy.isEnough(new Set(names));

describe('parsePolicy (audit-log.md §2.8)', () => {
  it('reads logs and witnesses with their URLs, comments and blank lines aside', () => {
    const { logs, witnesses: read } = policyOf('quorum none');
    expect(logs.map(({ key, url }) => [key.name, url])).toEqual([[origin, 'https://audit.example.gov/log/0/2026h2/']]);
    expect(read.map(({ name, key, url }) => [name, key.name, url])).toEqual([
      ['two', 'witness.example.org/w2', 'http://127.0.0.1:8201'],
      ['three', 'witness.example.org/w3', 'https://w3.example.org/prefix'],
      ['four', 'witness.example.org/w4', undefined],
    ]);
  });

  it.each([
    ['quorum none', [[], true]],
    ['quorum two', [['two'], true], [['three', 'four'], false]],
    ['group g any two three\nquorum g', [[], false], [['three'], true], [['four'], false]],
    ['group g all two three\nquorum g', [['two'], false], [['two', 'three'], true]],
    ['group g 2 two three four\nquorum g', [['two'], false], [['two', 'four'], true]],
    [
      'group a any two three\ngroup b all a four\nquorum b',
      [['two', 'three'], false],
      [['four'], false],
      [['three', 'four'], true],
    ],
  ] as [string, ...[string[], boolean][]][])('counts %j', (lines, ...cases) => {
    const policy = policyOf(...lines.split('\n'));
    for (const [names, expected] of cases) expect([names, isEnough(policy, ...names)]).toEqual([names, expected]);
  });

  it.each([
    ['no quorum', '# nothing', 0],
    ['two quorums', 'quorum two\nquorum two', 8],
    ['an unknown word', 'quorums two', 7],
    ['a word that every object has', 'constructor two', 7],
    ['a quorum of nobody known', 'quorum five', 7],
    ['a quorum of two', 'quorum two three', 7],
    ['a name that is taken', 'group two any three\nquorum two', 7],
    ['a reserved name', 'group none any three\nquorum none', 7],
    ['a member that comes later', 'group a any b\ngroup b any two\nquorum a', 7],
    ['a member twice', 'group a 2 two two\nquorum a', 7],
    ['no members', 'group a any\nquorum none', 7],
    ['more than its members', 'group a 3 two three\nquorum a', 7],
    ['a threshold of 0', 'group a 0 two\nquorum a', 7],
    ['the key of a log for a witness', `witness x ${logSigner.vkey}\nquorum none`, 7],
    ['the key of a witness for a log', `log ${w2}\nquorum none`, 7],
    ['a witness under two names', `witness x ${w2}\nquorum none`, 7],
    ['a URL that is none', `log ${logSigner.vkey} ftp://x.example\nquorum none`, 7],
    ['words too many', `log ${logSigner.vkey} https://x.example y\nquorum none`, 7],
  ])('refuses %s, and says where', (_what, lines, line) => {
    expect(parsePolicy([...LINES, ...lines.split('\n')].join('\n'))).toMatchObject({ ok: false, reason: { line } });
  });
});

describe('openWitnessed', () => {
  const text = checkpointText(origin, 0, EMPTY_ROOT);
  const policy = policyOf('group g 2 two three four', 'quorum g');

  it('counts the witnesses whose lines are good, each once', async () => {
    const [one, two] = witnesses as [NoteSigner, NoteSigner];
    const read = async (...signers: NoteSigner[]) => openWitnessed(await signNote(text, signers), policy);
    expect(await read(logSigner, one)).toMatchObject({ ok: true, value: { isWitnessed: false } });
    expect(await read(logSigner, one, one)).toMatchObject({ ok: true, value: { isWitnessed: false } });
    expect(await read(logSigner, one, two)).toMatchObject({ ok: true, value: { isWitnessed: true } });
    expect(await read(one, two)).toEqual({ ok: false, reason: 'foreign-origin' });
  });

  it('knows a witness by its key and not by its name', async () => {
    const impostor = cosigner('witness.example.org/w2', seed(9).publicKey, seed(9).sign, () => 1);
    const opened = openWitnessed(await signNote(text, [logSigner, impostor, witnesses[1] as NoteSigner]), policy);
    expect(opened.ok && isQuorum(policy, opened.value.checkpoint.signers)).toBe(false);
  });
});
