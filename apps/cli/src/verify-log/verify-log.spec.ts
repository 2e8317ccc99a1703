import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freshLogKey, verifyFiles, type LogFiles } from '../../../../test/conformance/log-in-memory.js';
import { layLog, layWorld, trustOf } from '../../../../test/load/verify/lay-log.js';
import { SignedLog } from '../../../../test/load/verify/signed-log.js';
import { decodeState, encodeState } from './index.js';

jest.setTimeout(60_000);

const signer = freshLogKey();
let log: SignedLog;
let trust: Buffer;
/** The statements of one log; its files at any size are laid from them. */
const leaves: Buffer[] = [];

async function filesOf(bodies: readonly Buffer[], by = signer): Promise<LogFiles> {
  const files: LogFiles = new Map();
  const put = (path: string, bytes: Buffer) => void files.set(path, bytes);
  await layWorld(log.world, put);
  await layLog(bodies, by, put);
  return files;
}

const codes = (verdict: Awaited<ReturnType<typeof verifyFiles>>) => verdict.report.findings.map(({ code }) => code);

beforeAll(async () => {
  log = await SignedLog.create();
  for await (const leaf of log.leaves(600)) leaves.push(leaf);
  trust = trustOf(log.world, signer.vkey);
});

describe('the verifier of a whole log', () => {
  it.each([1, 2, 255, 256, 257, 511, 512, 600])('verifies a log of %i leaves and says what it saw', async (size) => {
    const { report, state } = await verifyFiles(await filesOf(leaves.slice(0, size)), trust);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ verified: true, size, leavesRead: size, signatures: size - 1, snapshots: 1 });
    // A manifest first, then pairs: an even size leaves a request open.
    const open = size % 2 === 0 ? { count: 1, first: [size - 1] } : { count: 0, first: [] };
    expect(report.requestsWithoutSequel).toEqual(open);
    expect(state?.size).toBe(size);
  });

  it('compares every level of a larger tree, and goes on within it', async () => {
    const many = Array.from({ length: 200_000 }, (_, at) => Buffer.from(`leaf-${at}`));
    const files = await filesOf(many);
    const { report } = await verifyFiles(files, trust, { treeOnly: true });
    expect(report).toMatchObject({ verified: true, size: 200_000, treeOnly: true, findings: [] });
    const { state } = await verifyFiles(await filesOf(many.slice(0, 131_080)), trust, { treeOnly: true });
    expect((await verifyFiles(files, trust, { treeOnly: true, state })).report).toMatchObject({
      verified: true,
      resumedFrom: 131_080,
      leavesRead: 200_000 - 131_072,
    });
    for (const path of ['tile/1/001', 'tile/1/002', 'tile/2/000.p/3']) {
      const wrong = new Map(files).set(path, Buffer.alloc(files.get(path)?.length ?? 0));
      expect([path, codes(await verifyFiles(wrong, trust, { treeOnly: true }))]).toEqual([path, ['tile-content']]);
    }
  });

  it('verifies an empty log', async () => {
    expect((await verifyFiles(await filesOf([]), trust)).report).toMatchObject({ verified: true, size: 0 });
  });

  it.each([255, 256, 300, 512, 599, 600])(
    'goes on from a state of %i leaves, and reads only the rest',
    async (size) => {
      const before = await verifyFiles(await filesOf(leaves.slice(0, size)), trust);
      if (before.state === undefined) throw new TypeError('not verified');
      const { document, tables } = encodeState(before.state);
      const state = decodeState(Buffer.from(document), tables);
      expect(state).toBeDefined();
      const { report } = await verifyFiles(await filesOf(leaves), trust, { state });
      expect(report).toMatchObject({ verified: true, size: 600, resumedFrom: size });
      expect(report.leavesRead).toBe(600 - Math.floor(size / 256) * 256);
      expect(report.continues).toEqual([{ name: 'last verified checkpoint', size }]);
      expect(report.requestsWithoutSequel.count).toBe(1);
    },
  );

  it('does not believe half a state', async () => {
    const { state } = await verifyFiles(await filesOf(leaves), trust);
    if (state === undefined) throw new TypeError('not verified');
    const { document, tables } = encodeState(state);
    expect(decodeState(Buffer.from(document), tables.subarray(1))).toBeUndefined();
    expect(decodeState(Buffer.from(document.replace('600', '601')), tables)?.size).toBe(601);
    expect(decodeState(Buffer.from('{}'), tables)).toBeUndefined();
  });

  it.each([
    ['a smaller tree of the same log', 300],
    ['the same tree', 600],
    ['a tree of one tile', 256],
  ])('finds %s in it', async (_what, size) => {
    const note = (await filesOf(leaves.slice(0, size))).get('checkpoint') ?? Buffer.alloc(0);
    const verdict = await verifyFiles(await filesOf(leaves), trust, { against: { name: 'other', note } });
    expect(verdict.report).toMatchObject({ verified: true, continues: [{ name: 'other', size }] });
    const state = (await verifyFiles(await filesOf(leaves.slice(0, 599)), trust)).state;
    const resumed = await verifyFiles(await filesOf(leaves), trust, { against: { name: 'other', note }, state });
    expect(resumed.report.findings).toEqual([]);
    expect(resumed.report.continues).toContainEqual({ name: 'other', size });
  });

  it('tells a rollback, a fork and a foreign checkpoint apart', async () => {
    const whole = await filesOf(leaves);
    const note = whole.get('checkpoint') ?? Buffer.alloc(0);
    const shorter = await filesOf(leaves.slice(0, 599));
    expect(codes(await verifyFiles(shorter, trust, { against: { name: 'other', note } }))).toEqual(['log-behind']);
    const state = (await verifyFiles(whole, trust)).state;
    expect(codes(await verifyFiles(shorter, trust, { state }))).toEqual(['log-behind']);
    const stranger = freshLogKey();
    const foreign = (await filesOf(leaves, stranger)).get('checkpoint') ?? Buffer.alloc(0);
    expect(codes(await verifyFiles(whole, trust, { against: { name: 'x', note: foreign } }))).toEqual([
      'against-invalid',
    ]);
    expect(codes(await verifyFiles(await filesOf(leaves, stranger), trust))).toEqual(['checkpoint-unknown-log']);
  });

  it.each([0, 256, 299, 598])('finds leaf %i rewritten and all signed again with the log’s key', async (index) => {
    const other = await log.request(Date.now());
    const forged = leaves.map((leaf, at) => (at === index && index > 0 ? Buffer.from(other.jws) : leaf));
    if (index === 0) forged[0] = Buffer.from((await log.nextManifest(Date.now(), null)).jws);
    const rewritten = await filesOf([...forged, Buffer.from((await log.request(Date.now())).jws)]);
    const note = (await filesOf(leaves)).get('checkpoint') ?? Buffer.alloc(0);
    expect(codes(await verifyFiles(rewritten, trust, { against: { name: 'old', note } }))).toContain('log-forked');
    const { state } = await verifyFiles(await filesOf(leaves), trust);
    expect(codes(await verifyFiles(rewritten, trust, { state }))).toContain('log-forked');
    expect(codes(await verifyFiles(rewritten, trust, { state, fromStart: true }))).toContain('log-forked');
    expect(codes(await verifyFiles(rewritten, trust, { state, treeOnly: true }))).toContain('log-forked');
  });

  it('falls back to the full tile where a partial one is gone, and only to an exact one', async () => {
    const files = await filesOf(leaves.slice(0, 300));
    const later = await filesOf(leaves);
    for (const path of [...files.keys()].filter((name) => name.includes('001.p/'))) files.delete(path);
    for (const path of ['tile/0/001', 'tile/entries/001']) files.set(path, later.get(path) ?? Buffer.alloc(0));
    expect((await verifyFiles(files, trust)).report).toMatchObject({ verified: true, filesBeyond: 2 });
    files.set('tile/entries/001', Buffer.concat([files.get('tile/entries/001') ?? Buffer.alloc(0), Buffer.of(0)]));
    expect(codes(await verifyFiles(files, trust))).toContain('bundle-length');
  });

  it('rejects where the source cannot be read, and calls nothing a finding then', async () => {
    const failing = { read: () => Promise.reject(new TypeError('cut off')) };
    await expect(verifyFiles(new Map(), trust, { source: failing })).rejects.toThrow('cut off');
    expect(codes(await verifyFiles(new Map(), trust))).toEqual(['checkpoint-missing']);
    expect(codes(await verifyFiles(await filesOf(leaves), Buffer.from('{}')))).toEqual(['trust-invalid']);
  });
});
