import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyFileName, loadKeySets } from './key-files.js';
import { loadTrust, parseTrust } from './trust.js';

const key = { kty: 'OKP', crv: 'Ed25519', x: 'eA', kid: 'k' };
const trust = { v: 1, instance: 'DEMO', logs: ['vkey'], registry: [key], witnesses: null, timestampRoots: [] };

describe('trust and key files', () => {
  let dir: string;
  beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'kerege-'))));
  afterEach(() => rm(dir, { recursive: true }));

  it('reads what trust.json says', async () => {
    await writeFile(join(dir, 'trust.json'), JSON.stringify(trust));
    expect(await loadTrust(join(dir, 'trust.json'))).toEqual({
      instance: 'DEMO',
      logs: ['vkey'],
      registryKeys: [key],
      witnesses: [],
      operators: [],
      timestampRoots: [],
    });
    expect(parseTrust(JSON.stringify({ ...trust, operators: [key] })).operators).toEqual([key]);
    const lines = ['witness w1 vkey', 'quorum w1'];
    expect(parseTrust(JSON.stringify({ ...trust, witnesses: lines })).witnesses).toEqual(lines);
    await expect(loadTrust(join(dir, 'none'))).rejects.toMatchObject({ code: 'trust-file-unreadable' });
  });

  it('reads the roots of time-stamp authorities', () => {
    const roots = ['-----BEGIN CERTIFICATE-----\n…'];
    expect(parseTrust(JSON.stringify({ ...trust, timestampRoots: roots })).timestampRoots).toEqual(roots);
  });

  it.each([
    ['no JSON', '{'],
    ['roots that are no text', JSON.stringify({ ...trust, timestampRoots: [{}] })],
    ['no logs', JSON.stringify({ ...trust, logs: [] })],
    ['more', JSON.stringify({ ...trust, extra: 1 })],
  ])('refuses %s', (_what, text) => {
    expect(() => parseTrust(text)).toThrow(expect.objectContaining({ code: 'trust-file-invalid' }));
  });

  it('reads key files by identifier, and none that others may read', async () => {
    const file = join(dir, keyFileName('DEMO/GOV/1001/population'));
    await writeFile(file, '{"keys":[]}', { mode: 0o600 });
    await writeFile(join(dir, 'readme.txt'), 'x', { mode: 0o644 });
    expect(await loadKeySets(dir)).toEqual(new Map([['DEMO/GOV/1001/population', '{"keys":[]}']]));
    await chmod(file, 0o640);
    await expect(loadKeySets(dir)).rejects.toMatchObject({ code: 'key-file-mode', extensions: { file } });
  });
});
