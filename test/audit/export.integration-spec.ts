import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256, toHex } from '#kernel';
import { AppMetrics, silentLogger } from '#platform';
import { digestList, type MemberEntry } from '#snapshot';
import { eventually } from '#testing';
import { partialWidth, tilePath, tileWidth, type NoteSigner } from '#tlog';
import { ExportDirectory, nodeFiles, type FileCalls } from '../../apps/audit/src/export/export-directory.store.js';
import { exportMetrics } from '../../apps/audit/src/export/export-metrics.service.js';
import { ExportStore } from '../../apps/audit/src/export/export.store.js';
import { Exporter } from '../../apps/audit/src/export/exporter.service.js';
import { freshLogKey, verifyFiles, type LogFiles } from '../conformance/log-in-memory.js';
import { noteKey } from '../conformance/tlog-known-answers.js';
import { serveLog, vectorSigner, type Served } from '../conformance/tlog-served.js';
import { WrittenLog } from '../conformance/tlog-written-log.js';

/** The exported folder (`audit-log.md` §3.6), from tables that are written as the sequencer writes them. */
jest.setTimeout(120_000);

const leaves = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => Buffer.from(`leaf-${from + at}`));
const trust = Buffer.from(
  JSON.stringify({
    v: 1,
    logs: [vectorSigner.vkey],
    registry: [{ kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32, 9).toString('base64url') }],
  }),
);

let served: Served;
let log: WrittenLog;
let folder: string;
let isOwner: boolean;
let exporter: Exporter;

function exporterOf(calls: Partial<FileCalls> = {}, signer: NoteSigner = vectorSigner): Exporter {
  return new Exporter({
    store: new ExportStore(served.database, 1),
    directory: new ExportDirectory(folder, { ...nodeFiles, ...calls }),
    key: noteKey(signer.vkey),
    isOwner: () => isOwner,
    logger: silentLogger(),
    metrics: exportMetrics.on(new AppMetrics('audit')),
  });
}

async function exported(): Promise<LogFiles> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: LogFiles = new Map();
  for (const entry of names)
    if (entry.isFile()) {
      const file = join(entry.parentPath, entry.name);
      files.set(file.slice(folder.length + 1), await readFile(file));
    }
  return files;
}

async function growTo(size: number): Promise<void> {
  await log.append(leaves(log.tree.size, size));
}

const refusal = (code: string) => expect.objectContaining({ code });
const verdict = async () => (await verifyFiles(await exported(), trust, { treeOnly: true })).report;

beforeEach(async () => {
  served = await serveLog(1);
  log = await WrittenLog.create(served.database, 1, vectorSigner);
  folder = await mkdtemp(join(tmpdir(), 'kerege-export-'));
  isOwner = true;
  exporter = exporterOf();
});
afterEach(async () => {
  await exporter.stop();
  await served.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the exported log', () => {
  it('is at every size what the service serves, and verifies from the files alone', async () => {
    for (const size of [0, 8, 255, 256, 257, 600, 70_000]) {
      await growTo(size);
      await exporter.pass();
      served.clock.advance(1_001);
      const files = await exported();
      expect(await verdict()).toMatchObject({ verified: true, size, filesBeyond: 0 });
      for (const kind of [0, 1, 2, 'entries'] as const) {
        const level = kind === 'entries' ? 0 : kind;
        const index = Math.floor(size / 256 ** (level + 1));
        const width = partialWidth(size, level);
        const paths = [
          ...(width > 0 ? [tilePath({ level: kind, index, width })] : []),
          ...(index > 0 ? [tilePath({ level: kind, index: index - 1, width: 256 })] : []),
        ];
        for (const path of ['checkpoint', ...paths]) {
          const answer = await served.get(`/log/0/2026h2/${path}`);
          expect([path, files.get(path)?.equals(answer.body)]).toEqual([path, true]);
        }
        if (size > 0)
          expect(files.has(tilePath({ level: kind, index, width: tileWidth(size, kind, index) || 256 }))).toBe(
            width > 0,
          );
      }
    }
  });

  it('writes full files once, keeps partials of each checkpoint until the full one is there, and then drops them', async () => {
    await growTo(300);
    await exporter.pass();
    const first = await stat(join(folder, 'tile/entries/000'));
    await growTo(400);
    await exporter.pass();
    expect([...(await exported()).keys()].filter((path) => path.startsWith('tile/0/001')).sort()).toEqual([
      'tile/0/001.p/144',
      'tile/0/001.p/44',
    ]);
    await growTo(512);
    await exporter.pass();
    expect([...(await exported()).keys()].filter((path) => path.includes('001'))).toHaveLength(2);
    expect((await stat(join(folder, 'tile/entries/000'))).ino).toBe(first.ino);
    expect(await verdict()).toMatchObject({ verified: true, size: 512 });
    expect((await exported()).has('tile/1/000.p/1')).toBe(true);
  });

  it('goes on after a restart, also where files of no checkpoint were left, wrong ones included', async () => {
    await growTo(300);
    await exporter.pass();
    await growTo(700);
    await writeFile(join(folder, 'tile/0/001'), 'left by a crash');
    await writeFile(join(folder, '.tmp/left'), 'half a file');
    await exporterOf().pass();
    expect(await verdict()).toMatchObject({ verified: true, size: 700, findings: [] });
    expect((await exported()).has('.tmp/left')).toBe(false);
  });

  it('ends early with its process: no checkpoint of what is half written, and the next goes on from there', async () => {
    await growTo(10_000);
    let writes = 0;
    let ending: Promise<void> | undefined;
    const ended: Exporter = exporterOf({
      write: async (file, bytes) => {
        writes += 1;
        ending ??= ended.stop();
        await nodeFiles.write(file, bytes);
      },
    });
    ended.start();
    await eventually(() => ending !== undefined, { timeoutMs: 30_000 });
    await ending;
    const [files, before] = [await exported(), writes];
    // What it had begun is whole: the full tiles and bundles of one step, of 39.
    expect([files.has('checkpoint'), [...files.keys()].filter((path) => path.includes('entries')).length]).toEqual([
      false,
      16,
    ]);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(writes).toBe(before);
    await exporter.pass();
    expect(await verdict()).toMatchObject({ verified: true, size: 10_000, findings: [] });
  });

  it('ends after the tiles that it had begun: what is whole gets its checkpoint', async () => {
    await growTo(300);
    await exporter.pass();
    await growTo(900);
    const ended: Exporter = exporterOf({
      write: async (file, bytes) => {
        void ended.stop();
        await nodeFiles.write(file, bytes);
      },
    });
    await ended.pass();
    expect(await verdict()).toMatchObject({ verified: true, size: 900 });
  });

  it('is written by the owner of the log only', async () => {
    isOwner = false;
    await growTo(10);
    await exporter.pass();
    expect(await exported()).toEqual(new Map());
    isOwner = true;
    await exporter.pass();
    expect(await verdict()).toMatchObject({ size: 10 });
    const overtaken = exporterOf({
      write: async (file, bytes) => {
        isOwner = false;
        await nodeFiles.write(file, bytes);
      },
    });
    await growTo(300);
    await overtaken.pass();
    expect(await verdict()).toMatchObject({ verified: true, size: 10 });
  });

  it('has each snapshot that a manifest names, and its digest list', async () => {
    const bytes = Buffer.from(JSON.stringify({ number: 7, members: [] }));
    const digests = digestList(bytes, [] as MemberEntry[]);
    await growTo(5);
    const parameters = [sha256(bytes), gzipSync(bytes), digests];
    await served.database.query(
      'INSERT INTO snapshot (digest, number, body) VALUES ($1, 7, $2)',
      parameters.slice(0, 2),
    );
    await served.database.query(
      `INSERT INTO manifest (log_id, idx, number, digest, digests, statement) VALUES (1, 3, 7, $1, $2, 'x'), (1, 4, 7, $1, $2, 'x')`,
      [parameters[0], digests],
    );
    await exporter.pass();
    const files = await exported();
    const name = `snapshots/${toHex(sha256(bytes))}`;
    expect(files.get(name)?.equals(bytes)).toBe(true);
    expect(files.get('digests/7')?.toString()).toBe(digests);
    for (const path of [name, 'digests/7']) {
      const answer = await served.get(`/log/0/2026h2/${path}`);
      expect([path, answer.status, answer.body.equals(files.get(path) ?? Buffer.alloc(0))]).toEqual([path, 200, true]);
    }
    for (const path of ['digests/8', 'digests/07', 'digests/x', `snapshots/${'0'.repeat(64)}`])
      expect([path, (await served.get(`/log/0/2026h2/${path}`)).status]).not.toEqual([path, 200]);
  });
});

describe('an export that fails', () => {
  const full = Object.assign(new TypeError('no space left on device'), { code: 'ENOSPC' });
  const broken = Object.assign(new TypeError('input/output error'), { code: 'EIO' });

  /** Every call number of one outside step fails in turn; what stands then must verify, and the next pass must end. */
  async function failingEach(
    name: keyof FileCalls,
    how: 'failed' | 'worked',
    cause: Error,
    code: string,
  ): Promise<number> {
    let failures = 0;
    for (let turn = 0; ; turn += 1) {
      await rm(folder, { recursive: true, force: true });
      await rebuilt(turn);
      let calls = 0;
      const fail = async (work: () => Promise<void>) => {
        if (calls++ !== turn) return work();
        if (how === 'worked') await work();
        throw cause;
      };
      const faulty = exporterOf({
        write: (file, bytes) =>
          name === 'write' ? fail(() => nodeFiles.write(file, bytes)) : nodeFiles.write(file, bytes),
        rename: (from, to) => (name === 'rename' ? fail(() => nodeFiles.rename(from, to)) : nodeFiles.rename(from, to)),
        syncFolder: (at) => (name === 'syncFolder' ? fail(() => nodeFiles.syncFolder(at)) : nodeFiles.syncFolder(at)),
      });
      const outcome = await faulty.pass().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (calls <= turn) return failures;
      failures += 1;
      expect(outcome).toEqual(refusal(code));
      const left = await verdict();
      expect([turn, left.verified, left.findings]).toEqual([turn, true, []]);
      expect([300, 600]).toContain(left.size);
      expect(await readdir(join(folder, '.tmp'))).toEqual([]);
      await faulty.pass();
      expect(await verdict()).toMatchObject({ verified: true, size: 600 });
    }
  }

  /** A folder as it was exported at 300 leaves, with the log at 600. */
  const early: LogFiles = new Map();
  async function rebuilt(turn: number): Promise<void> {
    if (turn === 0) {
      await growTo(300);
      await exporterOf().pass();
      for (const [path, bytes] of await exported()) early.set(path, bytes);
      await growTo(600);
      return;
    }
    const directory = new ExportDirectory(folder);
    await directory.prepare();
    for (const [path, bytes] of early) await directory.replace(path, bytes);
  }

  it.each([
    ['write', 'failed', full, 'export-disk-full'],
    ['write', 'worked', full, 'export-disk-full'],
    ['rename', 'failed', broken, 'export-failed'],
    ['rename', 'worked', broken, 'export-failed'],
    ['syncFolder', 'failed', broken, 'export-failed'],
    ['syncFolder', 'worked', broken, 'export-failed'],
  ] as const)('leaves no wrong file and recovers: %s %s', async (name, how, cause, code) => {
    early.clear();
    expect(await failingEach(name, how, cause, code)).toBeGreaterThan(3);
  });

  it('says so for as long as it lasts, and is quiet again', async () => {
    let isFull = true;
    exporter = exporterOf({ write: (file, bytes) => (isFull ? Promise.reject(full) : nodeFiles.write(file, bytes)) });
    await growTo(20);
    exporter.start();
    await eventually(() => exporter.reading().reason === 'export-disk-full', { timeoutMs: 10_000 });
    isFull = false;
    await eventually(() => exporter.reading().details?.['size'] === 20, { timeoutMs: 10_000 });
    expect(exporter.reading().state).toBe('ok');
  });

  it.each([
    [
      'of another log',
      'export-foreign',
      async () => (await WrittenLog.create(served.database, 2, freshLogKey())).note(),
    ],
    ['that is no note', 'export-foreign', () => Promise.resolve('checkpoint')],
  ])('writes nothing beside a checkpoint %s', async (_what, code, note) => {
    await growTo(20);
    await exporter.pass();
    await writeFile(join(folder, 'checkpoint'), await note());
    const before = await exported();
    await growTo(30);
    await expect(exporterOf().pass()).rejects.toEqual(refusal(code));
    expect(await exported()).toEqual(before);
  });

  it('does not follow a database that lost leaves or tells another story', async () => {
    await growTo(20);
    await exporter.pass();
    const note = await readFile(join(folder, 'checkpoint'), 'utf8');
    await served.close();
    served = await serveLog(1);
    log = await WrittenLog.create(served.database, 1, vectorSigner);
    await growTo(19);
    await expect(exporterOf().pass()).rejects.toEqual(refusal('export-ahead'));
    await log.append([Buffer.from('another story')]);
    await growTo(40);
    await expect(exporterOf().pass()).rejects.toEqual(refusal('export-forked'));
    expect(await readFile(join(folder, 'checkpoint'), 'utf8')).toBe(note);
  });

  it.each([
    ['a leaf is altered', `UPDATE log_leaf_default SET body = 'x' WHERE idx = 290`],
    ['a leaf is gone', 'DELETE FROM log_leaf_default WHERE idx = 290'],
    ['the note is of another size', `UPDATE log_head SET size = 299`],
  ])('publishes no checkpoint when %s', async (_what, sql) => {
    await growTo(280);
    await exporter.pass();
    await growTo(300);
    await served.database.transaction(async (queries) => {
      await queries.query('SET LOCAL session_replication_role = replica');
      await queries.query(sql);
    });
    await expect(exporter.pass()).rejects.toEqual(refusal('export-damaged'));
    await expect(exporterOf().pass()).rejects.toEqual(refusal('export-damaged'));
    expect((await verdict()).size).toBe(280);
  });
});
