import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSealingKey, generateSigningKey } from '#signing';
import { dated } from '../apply/key-file.js';
import { writeSecret } from '../apply/key-files.service.js';
import { runKerege } from '../kerege.command.js';

const SUBSYSTEM = 'DEMO/GOV/1/s';

describe('kerege keys', () => {
  let dir: string;
  let out: string;
  let told: string;
  const run = (...args: string[]) => {
    out = '';
    told = '';
    return runKerege(['keys', ...args, '--keys', dir], {
      out: (text) => void (out += text),
      tell: (line) => void (told += `${line}\n`),
      paint: (_colour, text) => text,
    });
  };
  const file = () => join(dir, 'DEMO.GOV.1.s.jwk');
  const states = async () => {
    expect(await run('list', SUBSYSTEM)).toBe(0);
    return out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ +/).slice(1, 3).join(' '));
  };

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kerege-keys-'));
    const now = Date.now();
    const keys = [dated(generateSigningKey(), now), dated(generateSealingKey(), now)];
    await writeSecret(file(), JSON.stringify({ keys }));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('rotates a key, shows both, and ends the old one', async () => {
    const [old] = (JSON.parse(await readFile(file(), 'utf8')) as { keys: { kid: string; d: string }[] }).keys;
    expect(await run('rotate', SUBSYSTEM, '--overlap', '7')).toBe(0);
    expect(out).toMatch(/^[\w-]{43}\n$/);
    expect(told).toContain('apply');
    expect(await states()).toEqual(['sign valid', 'seal valid', 'sign valid']);
    expect(out).not.toContain(old?.d);
    expect(await run('revoke', SUBSYSTEM, old?.kid ?? '')).toBe(0);
    expect(await states()).toEqual(['sign ended', 'seal valid', 'sign valid']);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it.each([
    [['revoke', SUBSYSTEM, 'nobody'], 1, 'no such key'],
    [['rotate', 'DEMO/GOV/1', '--use', 'seal'], 1, 'sign with only'],
    [['rotate', SUBSYSTEM, '--overlap', '-1'], 2, 'number of days'],
    [['list', 'DEMO/GOV/2/none'], 3, 'DEMO.GOV.2.none.jwk'],
  ])('says what is wrong with %j', async (args, code, text) => {
    const before = await readFile(file(), 'utf8');
    expect([await run(...args), told]).toEqual([code, expect.stringContaining(text)]);
    expect(await readFile(file(), 'utf8')).toBe(before);
  });

  it('never takes the last key away', async () => {
    const { keys } = JSON.parse(await readFile(file(), 'utf8')) as { keys: { kid: string }[] };
    expect(await run('revoke', SUBSYSTEM, keys[0]?.kid ?? '')).toBe(1);
    expect(told).toContain('kerege keys rotate');
  });
});
