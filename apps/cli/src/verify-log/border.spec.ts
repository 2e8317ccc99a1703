import { beforeAll, describe, expect, it } from '@jest/globals';
import { newExchangeId, sha256, toBase64Url } from '#kernel';
import { signStatement, statementLeafHash, type StatementPayload } from '#signing';
import { freshLogKey, sourceOf, verifyFiles, type LogFiles } from '../../../../test/conformance/log-in-memory.js';
import { layLog, layWorld, trustOf } from '../../../../test/load/verify/lay-log.js';
import { SignedLog } from '../../../../test/load/verify/signed-log.js';
import { decodeState, encodeState } from './index.js';

const [old, young, other] = ['2026h2', '2027h1', '2027h1-2'].map((window) =>
  freshLogKey(`audit.test.example/TEST/0/${window}`),
) as [ReturnType<typeof freshLogKey>, ReturnType<typeof freshLogKey>, ReturnType<typeof freshLogKey>];
let log: SignedLog;
let trust: Buffer;
let before: LogFiles;
let goesOn: Buffer;

const sign = async (payload: Record<string, unknown>, by = 'TEST/audit1') =>
  Buffer.from(
    (
      await signStatement(
        { v: 1, id: newExchangeId(), ts: Date.now(), ...payload } as unknown as StatementPayload,
        log.signerOf(by),
      )
    ).jws,
  );
const closedAt = (n: number, ref = young.vkey) => sign({ t: 'log.closed', n, ref });
const request = async () => Buffer.from((await log.request(Date.now())).jws);
const filesOf = async (bodies: readonly Buffer[], by: typeof old): Promise<LogFiles> => {
  const files: LogFiles = new Map();
  const put = (path: string, bytes: Buffer) => void files.set(path, bytes);
  await layWorld(log.world, put);
  await layLog(bodies, by, put);
  return files;
};
/** `log.opened` of the successor of what these files are. */
const openedOn = (files: LogFiles, closing: Buffer, n: number, changes: Record<string, unknown> = {}) => {
  const note = files.get('checkpoint')?.toString() ?? '';
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  const prev = toBase64Url(statementLeafHash(closing.toString()));
  return sign({ t: 'log.opened', n, doc: `h0:${toBase64Url(sha256(text))}`, prev, ref: old.vkey, ...changes });
};
const trusting = (...keys: readonly (typeof old)[]) => {
  const parsed = JSON.parse(trustOf(log.world, old.vkey).toString()) as object;
  return Buffer.from(JSON.stringify({ ...parsed, logs: keys.map(({ vkey }) => vkey) }));
};
const codes = (verdict: Awaited<ReturnType<typeof verifyFiles>>) => verdict.report.findings.map(({ code }) => code);
const follow = (files: LogFiles, on = before) =>
  verifyFiles(files, trust, { before: { name: 'old', source: sourceOf(on) } });

let closing: Buffer;
const oldLeaves: Buffer[] = [];
beforeAll(async () => {
  log = await SignedLog.create();
  trust = trusting(old, young, other);
  goesOn = Buffer.from((await log.nextManifest(Date.now(), null)).jws);
  oldLeaves.push(goesOn, await request(), await request());
  // One that names the manifest before it, as every manifest but the first does.
  goesOn = Buffer.from((await log.nextManifest(Date.now())).jws);
  closing = await closedAt(5);
  oldLeaves.push(goesOn, closing);
  before = await filesOf(oldLeaves, old);
});

describe('a window and the one that follows it (audit-log.md §3.7)', () => {
  it('are each verified, and that the one follows the other', async () => {
    const first = await verifyFiles(before, trust);
    expect(first.report).toMatchObject({ verified: true, findings: [], followedBy: young.name, follows: '' });
    const files = await filesOf([await openedOn(before, closing, 5), goesOn, await request()], young);
    const { report, state } = await follow(files);
    expect(report).toMatchObject({ findings: [], verified: true, follows: old.name, signatures: 2 });
    expect(report.continues).toEqual([{ name: 'old', size: 5 }]);
    if (state === undefined) throw new TypeError('not verified');
    const { document, tables } = encodeState(state);
    const again = decodeState(Buffer.from(document), tables);
    const resumed = await verifyFiles(files, trust, {
      state: again,
      before: { name: 'old', source: sourceOf(before) },
    });
    expect(resumed.report).toMatchObject({ findings: [], verified: true });
  });

  it.each([
    ['another size', () => openedOn(before, closing, 4)],
    ['another checkpoint', () => openedOn(before, closing, 5, { doc: `h0:${toBase64Url(sha256('x'))}` })],
    ['another last leaf', () => openedOn(before, closing, 5, { prev: toBase64Url(sha256('x')) })],
    ['another log', () => openedOn(before, closing, 5, { ref: other.vkey })],
    ['another key of the log', () => openedOn(before, closing, 5, { ref: freshLogKey(old.name).vkey })],
  ])('do not follow, if the second names %s', async (_what, opened) => {
    const files = await filesOf([await opened(), goesOn], young);
    expect(codes(await follow(files))).toEqual(['predecessor']);
  });

  it('do not follow, if the first names another successor, or is not closed', async () => {
    for (const last of [await closedAt(5, other.vkey), await closedAt(6), await request()]) {
      const files = await filesOf([...oldLeaves.slice(0, 4), last], old);
      const next = await filesOf([await openedOn(files, last, 5), goesOn], young);
      expect(codes(await follow(next, files))).toEqual(['predecessor']);
    }
    expect(codes(await follow(before))).toEqual(['predecessor']);
    expect(codes(await follow(await filesOf([await openedOn(before, closing, 5), goesOn], young), new Map()))).toEqual([
      'predecessor',
    ]);
  });

  it('let nothing stand behind the last leaf, also not later', async () => {
    const longer = await filesOf([...oldLeaves, await request()], old);
    expect(codes(await verifyFiles(longer, trust))).toEqual(['log-closed']);
    const { state } = await verifyFiles(before, trust);
    expect(codes(await verifyFiles(longer, trust, { state }))).toEqual(['log-closed']);
  });

  it('are opened by their first leaf and a manifest, and closed with their own size', async () => {
    const opened = await openedOn(before, closing, 5);
    expect(codes(await verifyFiles(await filesOf([opened], young), trust))).toEqual(['first-leaf']);
    expect(codes(await verifyFiles(await filesOf([opened, await request()], young), trust))).toContain('first-leaf');
    expect(codes(await verifyFiles(await filesOf([goesOn], young), trust))).toContain('manifest-chain');
    expect(codes(await verifyFiles(await filesOf([...oldLeaves.slice(0, 4), opened], old), trust))).toEqual(['border']);
    expect(codes(await verifyFiles(await filesOf([...oldLeaves.slice(0, 4), await closedAt(6)], old), trust))).toEqual([
      'border',
    ]);
  });

  it('are stated by audit and nobody else', async () => {
    const forged = await sign({ t: 'log.closed', n: 5, ref: young.vkey }, 'TEST/GOV/1000/mygov');
    const files = await filesOf([...oldLeaves.slice(0, 4), forged], old);
    expect(codes(await verifyFiles(files, trust))).toEqual(['statement-signer']);
    const stranger = await openedOn(before, closing, 5);
    const broken = Buffer.from(stranger.toString().replace(/.{20}$/u, 'A'.repeat(20)));
    expect(codes(await verifyFiles(await filesOf([broken, goesOn], young), trust))).toContain('statement-signature');
  });
});
