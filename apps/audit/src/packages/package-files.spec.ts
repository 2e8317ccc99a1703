import { createHash } from 'node:crypto';
import { packageFiles } from './package-files.js';
import type { PackageParts } from './package-parts.js';

const DIGEST = 'a'.repeat(64);
const parts: PackageParts = {
  origin: 'audit.test.example/T/0/2026h2',
  size: 9,
  checkpoint: 'audit.test.example/T/0/2026h2\n9\nroot\n\n— line\n',
  timestamps: [{ source: '../tsa one', token: Buffer.from('token') }],
  leaves: [
    { index: 0, type: 'registry.manifest', exchange: 'x', leaf: 'm', proof: 'p0', governedBy: undefined },
    { index: 5, type: 'exchange.requested', exchange: 'y', leaf: 'r', proof: 'p5', governedBy: 0 },
  ],
  manifests: [{ index: 0, leaf: 'm', proof: 'p0', digests: `snapshot ${DIGEST}\n` }],
};

describe('the files of an evidence package', () => {
  const { files, snapshots } = packageFiles(parts);
  const textOf = (name: string) => files.find((file) => file.name === name)?.bytes.toString('utf8') ?? '';

  it('are those that its README names, and lie below its folder', () => {
    expect(files.map(({ name }) => name)).toEqual([
      'README.txt',
      'checkpoint',
      'timestamps/.._tsa_one.tsr',
      'leaves/0.jws',
      'leaves/0.tlog-proof',
      'leaves/5.jws',
      'leaves/5.tlog-proof',
      'manifests/0.jws',
      'manifests/0.tlog-proof',
      'manifests/0.digests',
      'contents.json',
      'SHA256SUMS',
    ]);
    expect(snapshots).toEqual([{ name: `snapshots/${DIGEST}.json`, digest: DIGEST }]);
  });

  it('say which manifest governs which leaf', () => {
    expect(JSON.parse(textOf('contents.json'))).toMatchObject({
      size: 9,
      leaves: [
        { index: 0, manifest: null },
        { index: 5, manifest: 0 },
      ],
      manifests: [{ index: 0, snapshot: DIGEST }],
    });
  });

  it('have sums of all but the sums, snapshots included', () => {
    const sums = new Map(
      textOf('SHA256SUMS')
        .trim()
        .split('\n')
        .map((line) => [line.slice(66), line.slice(0, 64)]),
    );
    for (const { name, bytes } of files.filter((file) => file.name !== 'SHA256SUMS'))
      expect([name, sums.get(name)]).toEqual([name, createHash('sha256').update(bytes).digest('hex')]);
    expect(sums.get(`snapshots/${DIGEST}.json`)).toBe(DIGEST);
    expect(sums.size).toBe(files.length);
  });

  it('have a README in plain ASCII that fits a page', () => {
    const text = textOf('README.txt');
    expect(/^[\n\x20-\x7e]*$/.test(text)).toBe(true);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});
