import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256, toHex } from '#kernel';
import { keyFileName, loadKeySet, silentLogger, type RunningApp } from '#platform';
import { jwkSigner, type PrivateJwk, type Statement } from '#signing';
import { eventually } from '#testing';
import type { NoteSigner } from '#tlog';
import { createAudit } from '../../apps/audit/src/audit.module.js';
import { parseLogKey } from '../../apps/audit/src/log-key.js';
import { runKerege } from '../../apps/cli/src/kerege.command.js';
import type { LogVerifyOptions } from '../../apps/cli/src/verify-log/index.js';
import { amendWorld, freshKey, withSigningKeys } from '../audit/amended-world.js';
import { AuditNetwork, CONSUMER } from '../audit/audit-network.js';
import { layLog } from '../load/verify/lay-log.js';
import { freshLogKey, verifyFiles, type LogFiles } from './log-in-memory.js';
import { mutations, tileMutations, type Mutation } from './tamper-table.js';

/** `audit-log.md` §3.9 for what lies in the export folder: a log that the real audit wrote, and every region of it. */
jest.setTimeout(600_000);

const EXCHANGES = 140;
const TOKEN = 'a-reader-of-the-spec';

let network: AuditNetwork;
let app: RunningApp;
let exportDir: string;
let logDir: string;
let trust: Buffer;
let logKey: NoteSigner;
/** The consumer's key before the second snapshot revoked it. */
let revoked: PrivateJwk;
/** Its key of now. */
let current: PrivateJwk;
/** Index of the manifest that revoked the other. */
let revokedAt: number;
let whole: LogFiles;

async function filesIn(folder: string): Promise<LogFiles> {
  const files: LogFiles = new Map();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(file.slice(folder.length + 1), await readFile(file));
  }
  return files;
}

async function exportedSize(): Promise<number> {
  const note = await readFile(join(logDir, 'checkpoint'), 'utf8').catch(() => '');
  return Number(note.split('\n')[1] ?? -1);
}

async function writeLog(): Promise<void> {
  const first = await network.requested();
  await network.stampAndWait(first);
  // A second story about the same exchange: refused, and a conflict is stated.
  await network.stamp([await network.requested({ id: first.payload.id, ep: 'POST /claims' })]);
  for (let half = 0; half < 2; half += 1) {
    const statements: Statement[] = [];
    for (let n = 0; n < EXCHANGES / 2; n += 1) {
      const requested = await network.requested({}, jwkSigner(current));
      statements.push(requested, await network.answered(requested));
    }
    await network.stamp(statements);
    await eventually(() => network.receiptOf(statements.at(-1)?.leafHash ?? Buffer.alloc(0)), { timeoutMs: 30_000 });
    if (half === 0) await revoke();
  }
}

async function revoke(): Promise<void> {
  const { key, published } = freshKey();
  const next = await amendWorld(network.world, 2, withSigningKeys(CONSUMER, [published]));
  const manifest = await network.enact(next);
  revokedAt = Number(network.receiptOf(manifest.leafHash)?.leaf.index);
  current = key;
}

async function bodies(): Promise<Buffer[]> {
  return (await network.leaves()).map(({ body }) => body);
}

/** The log as its operator can write it anew: other leaves, every tile and the checkpoint by the log's own key. */
async function relaid(leaves: readonly Buffer[]): Promise<LogFiles> {
  const files: LogFiles = new Map([...whole].filter(([path]) => /^(snapshots|digests)\//u.test(path)));
  await layLog(leaves, logKey, (path, bytes) => void files.set(path, bytes));
  return files;
}

const codesOf = async (files: LogFiles, options: Partial<LogVerifyOptions> = {}) =>
  (await verifyFiles(files, trust, options)).report.findings.map(({ code }) => code);

beforeAll(async () => {
  network = await AuditNetwork.create();
  exportDir = await mkdtemp(join(tmpdir(), 'kerege-exported-'));
  logDir = join(exportDir, 'log/0/2026h2');
  revoked = current = network.world.keysOf(CONSUMER).sign;
  app = await network.startInForce({ exportDir });
  await writeLog();
  await eventually(async () => (await exportedSize()) === (await network.head()).size, { timeoutMs: 30_000 });
  const config = network.config();
  trust = await readFile(config.trustFile);
  const parsed = parseLogKey(config.origin, await loadKeySet(join(config.keysDir, keyFileName('TEST/audit1.log'))));
  if (parsed === undefined) throw new TypeError('no log key');
  logKey = parsed.signer;
  whole = await filesIn(logDir);
});
afterAll(async () => {
  await network.close();
  await rm(exportDir, { recursive: true, force: true });
});

/** Runs every mutation, prints mutation × detector × result, and returns those that nobody noticed. */
async function table(title: string, all: Iterable<Mutation>, options: Partial<LogVerifyOptions>): Promise<string[]> {
  const rows = new Map<string, number>();
  const missed: string[] = [];
  let count = 0;
  for (const { what, files } of all) {
    count += 1;
    const [code] = await codesOf(files, options);
    if (code === undefined) missed.push(what);
    const row = `${what.padEnd(58)} | verify-log: ${(code ?? '-').padEnd(22)} | ${code === undefined ? 'MISSED' : 'caught'}`;
    rows.set(row, (rows.get(row) ?? 0) + 1);
  }
  const lines = [...rows].map(([row, times]) => `${row} | ${times}`);
  process.stdout.write(`\n${title}\n${lines.join('\n')}\n${count} mutations, ${missed.length} missed\n`);
  expect(count).toBeGreaterThan(20);
  return missed;
}

describe('the exported log of a real audit', () => {
  it('verifies as it is, and what is odd in it is told', async () => {
    const { report } = await verifyFiles(whole, trust);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({
      verified: true,
      size: 2 * EXCHANGES + 4,
      signatures: 2 * EXCHANGES + 2,
      snapshots: 2,
      filesBeyond: 0,
      conflicts: { count: 1 },
      // The one whose consumer told two stories.
      requestsWithoutSequel: { count: 1, first: [1] },
      sequelsWithoutRequest: { count: 0 },
    });
  });

  it('hides no change of any region', async () => {
    // Partial files of an earlier checkpoint, as they lie there until the full ones do.
    const files: LogFiles = new Map(whole);
    const [tile, bundle] = ['tile/0/001.p/28', 'tile/entries/001.p/28'].map(
      (path) => whole.get(path) ?? Buffer.alloc(0),
    );
    files.set('tile/0/001.p/1', (tile ?? Buffer.alloc(0)).subarray(0, 32));
    files.set('tile/entries/001.p/1', (bundle ?? Buffer.alloc(0)).subarray(0, 2 + (bundle?.readUInt16BE(0) ?? 0)));
    expect(await codesOf(files)).toEqual([]);
    const all = function* () {
      for (const make of mutations) yield* make(files);
    };
    expect(await table('a log of 284 leaves, written by audit', all(), {})).toEqual([]);
  });

  it('hides no change in any level of tiles', async () => {
    const files: LogFiles = new Map();
    const leaves = Array.from({ length: 70_000 }, (_, at) => Buffer.from(`leaf-${at}`));
    await layLog(leaves, logKey, (path, bytes) => void files.set(path, bytes));
    expect(await codesOf(files, { treeOnly: true })).toEqual([]);
    expect(await table('70,000 leaves, tree only', tileMutations(files), { treeOnly: true })).toEqual([]);
  });
});

describe('an attacker with the log’s key', () => {
  it('and a member’s revoked key back-dates a statement: caught by the validity rule', async () => {
    const before = await bodies();
    const backDated = await network.requested({ ts: Date.now() - 3_600_000 }, jwkSigner(revoked));
    const leaf = Buffer.from(backDated.jws);
    expect(await codesOf(await relaid(before))).toEqual([]);
    expect(await codesOf(await relaid([...before, leaf]))).toEqual(['statement-signer']);
    // Where the key was still in force the rule has nothing to say; there the old checkpoint has.
    const slipped = await relaid([...before.slice(0, revokedAt), leaf, ...before.slice(revokedAt)]);
    expect(await codesOf(slipped)).toEqual([]);
    const note = whole.get('checkpoint') ?? Buffer.alloc(0);
    expect(await codesOf(slipped, { against: { name: 'old', note } })).toContain('log-forked');
  });

  it.each(['rewrites', 'drops', 'reorders', 'inserts'])('%s an old leaf and signs everything again', async (how) => {
    const before = await bodies();
    const leaves = [...before];
    const extra = async () => Buffer.from((await network.requested({}, jwkSigner(current))).jws);
    const other = await extra();
    if (how === 'rewrites') leaves[200] = other;
    if (how === 'drops') leaves.splice(200, 2, other, await extra());
    if (how === 'reorders') [leaves[200], leaves[201]] = [leaves[201] as Buffer, leaves[200] as Buffer];
    if (how === 'inserts') leaves.splice(200, 0, other);
    const files = await relaid(leaves);
    const note = whole.get('checkpoint') ?? Buffer.alloc(0);
    const { state } = await verifyFiles(whole, trust);
    expect(await codesOf(files, { against: { name: 'old', note } })).toContain('log-forked');
    expect(await codesOf(files, { state })).toContain('log-forked');
    expect(await codesOf(files, { state, fromStart: true })).toContain('log-forked');
  });

  it('rolls the log back: caught by an old checkpoint and by the state', async () => {
    const files = await relaid((await bodies()).slice(0, -1));
    const note = whole.get('checkpoint') ?? Buffer.alloc(0);
    const { state } = await verifyFiles(whole, trust);
    expect(await codesOf(files, { against: { name: 'old', note } })).toEqual(['log-behind']);
    expect(await codesOf(files, { state })).toEqual(['log-behind']);
  });

  it('is not believed where the key is another’s', async () => {
    const files: LogFiles = new Map(whole);
    await layLog(await bodies(), freshLogKey(network.config().origin), (path, bytes) => void files.set(path, bytes));
    expect(await codesOf(files)).toEqual(['checkpoint-unknown-log']);
  });
});

describe('kerege verify-log', () => {
  let out: string;
  let told: string;
  const run = (...args: string[]) => {
    out = told = '';
    return runKerege(['verify-log', ...args, '--trust', network.config().trustFile], {
      out: (text) => void (out += text),
      tell: (line) => void (told += `${line}\n`),
      paint: (_colour, text) => text,
    });
  };

  it('reads the folder, goes on from its state, and compares with the live service', async () => {
    const state = join(exportDir, 'state.json');
    expect(await run(logDir, '--json', '--state', state)).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ verified: true, size: 284, resumedFrom: 0 });
    const against = `${app.url}/log/0/2026h2/checkpoint`;
    expect(await run(logDir, '--state', state, '--against', against)).toBe(0);
    expect(told).toContain('goes on from the checkpoint of 284 leaves');
    expect(told).toContain(`continues the tree of 284 leaves: ${against}`);
    expect(told).toContain('1 requests without a sequel: leaves 1');
  });

  it('reads the live service, and a static web server alike', async () => {
    expect(await run(`${app.url}/log/0/2026h2/`, '--json')).toBe(0);
    const live = JSON.parse(out);
    const server = await serveFolder(logDir);
    const address = server.address();
    expect(await run(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ root: live.root, size: 284, signatures: live.signatures });
    await new Promise((resolve) => server.close(resolve));
  });

  it('needs a token where leaves are gated, and none for the tree’s own files', async () => {
    const readerTokens = [toHex(sha256(TOKEN))];
    // Stands by, and reads for whoever has a token.
    const gated = await createAudit(network.config({ readerTokens }), { bus: network.bus, logger: silentLogger() });
    const url = `${gated.url}/log/0/2026h2/`;
    const tokenFile = join(exportDir, 'token');
    await writeFile(tokenFile, `${TOKEN}\n`);
    expect(await run(url)).toBe(3);
    expect(told).toContain('401');
    expect(await run(url, '--token-file', tokenFile, '--json')).toBe(0);
    const status = async (path: string, authorization?: string) =>
      (await fetch(gated.url + path, authorization === undefined ? {} : { headers: { authorization } })).status;
    const [leaf] = await network.leaves();
    for (const path of ['/log/0/2026h2/checkpoint', '/log/0/2026h2/tile/0/000', '/log/0/2026h2/tile/1/000.p/1'])
      expect([path, await status(path)]).toEqual([path, 200]);
    for (const path of ['/log/0/2026h2/tile/entries/000', `/leaf?hash=${leaf?.leaf_hash.toString('hex') ?? ''}`]) {
      expect([path, await status(path)]).toEqual([path, 401]);
      expect([path, await status(path, 'Bearer wrong')]).toEqual([path, 401]);
      expect([path, await status(path, `Bearer ${TOKEN}`)]).toEqual([path, 200]);
    }
    expect(await status('/receipts/0198a7b0-0000-7000-8000-000000000009')).toBe(401);
    expect(await status('/log/0/2026h2/tile/%65ntries/000')).not.toBe(200);
    await gated.close();
  });

  it.each([
    ['a tampered copy', 1, 'NOT VERIFIED'],
    ['a state that is none', 1, 'state-unreadable'],
    ['nobody there', 3, 'server-unreachable'],
    ['a state that cannot be written', 3, 'state-unwritten'],
    ['a wrong number of threads', 2, 'must be a number'],
  ])('ends with an exit code for %s', async (what, code, words) => {
    const copy = await mkdtemp(join(tmpdir(), 'kerege-copy-'));
    await writeFile(join(copy, 'checkpoint'), whole.get('checkpoint') ?? '');
    await writeFile(join(copy, 'state'), '{}');
    const args: Record<string, string[]> = {
      'a tampered copy': [copy],
      'a state that is none': [logDir, '--state', join(copy, 'state')],
      'a state that cannot be written': [logDir, '--state', join(copy, 'none/state')],
      'nobody there': ['http://127.0.0.1:1/'],
      'a wrong number of threads': [logDir, '--threads', '0'],
    };
    expect(await run(...(args[what] ?? []))).toBe(code);
    expect(told).toContain(words);
    await rm(copy, { recursive: true });
  });
});

async function serveFolder(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    readFile(join(folder, request.url ?? '')).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
