import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  decodeBundle,
  EMPTY_ROOT,
  GrowingTree,
  leafHash,
  openNote,
  partialWidth,
  tilePath,
  tileWidth,
  verifyConsistency,
  verifyInclusion,
  type TileAddress,
} from '#tlog';
import { sha256 } from '#kernel';
import { allPairsDigests, growingTo, leafHashes, noteKey } from './tlog-known-answers.js';
import { serveLog, vectorSigner, type Answer, type Served } from './tlog-served.js';
import { WrittenLog } from './tlog-written-log.js';

/** The log as outsiders get it, over HTTP, against `audit-log.md` §2 and the figures of §2.9, byte for byte. */
jest.setTimeout(120_000);

const PREFIX = '/log/0/2026h2/';
const NOT_CACHED = [null, 'no-store', 'no-cache'];
const leaf = (index: number): Buffer => Buffer.from(`leaf-${index}`);
const leaves = (from: number, to: number): Buffer[] => Array.from({ length: to - from }, (_, at) => leaf(from + at));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

let served: Served;
let log: WrittenLog;

/** Grows the one log to that size in batches of uneven lengths; a second later its checkpoint is served. */
async function growTo(size: number, batch: (left: number) => number = (left) => left): Promise<void> {
  while (log.tree.size < size) {
    const next = Math.min(size, log.tree.size + batch(size - log.tree.size));
    await log.append(leaves(log.tree.size, next));
  }
  served.clock.advance(1_001);
}

const file = (path: string): Promise<Answer> => served.get(PREFIX + path);
const tile = (address: TileAddress): Promise<Answer> => file(tilePath(address));

async function expectTile(address: TileAddress): Promise<Buffer> {
  const answer = await tile(address);
  expect([tilePath(address), answer.status]).toEqual([tilePath(address), 200]);
  expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  if (address.level !== 'entries') expect(answer.body).toHaveLength(address.width * 32);
  return answer.body;
}

async function expectAbsent(path: string): Promise<void> {
  const answer = await file(path);
  expect([path, answer.status]).toEqual([path, 404]);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(NOT_CACHED).toContain(answer.headers.get('cache-control'));
}

beforeAll(async () => {
  served = await serveLog(1);
  log = await WrittenLog.create(served.database, 1, vectorSigner);
});
afterAll(() => served.close());

describe('the served log, growing', () => {
  it('is empty at first', async () => {
    const { body, headers, status } = await file('checkpoint');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('cache-control')).toBe('public, max-age=1');
    const opened = openNote(body, [noteKey(vectorSigner.vkey)]);
    expect(opened.ok && [opened.value.size, opened.value.root]).toEqual([0, EMPTY_ROOT]);
    for (const path of ['tile/0/000', 'tile/0/000.p/1', 'tile/entries/000', 'tile/entries/000.p/1', 'tile/1/000.p/1'])
      await expectAbsent(path);
  });

  it('has the known checkpoint, tile and bundle at size 8', async () => {
    await growTo(8, () => 3);
    expect((await file('checkpoint')).body.toString()).toBe(
      'audit.example.gov/exchange/2026h2\n8\nymt7PmdKyGwQJ7Wch8Bk/DvCezEylMdfg70F/dE/Dc8=\n\n' +
        '\u2014 audit.example.gov/exchange/2026h2 ' +
        'r7rKEnwFkQRjOtKgVhOPVu+TyVRM/AhC024dLCrIScDHJH/SgHVaKCmiMefahXuQ/2Bj3uiJAPK8/H/BTGOdM0NVew4=\n',
    );
    const bundle = await expectTile({ level: 'entries', index: 0, width: 8 });
    expect(bundle).toHaveLength(64);
    expect(hex(sha256(bundle))).toBe('bae5ee3698c9fb213c80a265d52752c418dc75c6bf5a78543e563d9a030e6f41');
    expect(hex(sha256(await expectTile({ level: 0, index: 0, width: 8 })))).toBe(
      '5f83213c5cb1352957ff8ce0ba119b64e309ef3402c97ffe8c57a519d58e7174',
    );
    await expectAbsent('tile/0/000.p/9');
    await expectAbsent('tile/entries/000.p/9');
  });

  it('proves all pairs up to 64 over HTTP as Go does', async () => {
    await growTo(64, () => 7);
    const proof = async (path: string, name: 'path' | 'proof'): Promise<Buffer[]> => {
      const answer = await served.get(path);
      expect(answer.status).toBe(200);
      const list: string[] = JSON.parse(answer.body.toString())[name];
      return list.map((text) => Buffer.from(text, 'base64'));
    };
    const digests = await allPairsDigests({
      inclusion: (index, size) => proof(`/proof/inclusion?index=${index}&size=${size}`, 'path'),
      consistency: (from, to) => proof(`/proof/consistency?from=${from}&to=${to}`, 'proof'),
    });
    expect(digests).toEqual({
      inclusion: 'a03e79c45a94853e17fe892955d2d35f075cf5ebadc92c22c65dd3050d4867a8',
      consistency: 'ae51ed724a37f19d85e9ea55e573e3a0d21f0b9166c45a8957a8837fb7cf71d0',
    });
  });

  it('has a full tile and one entry above it at exactly 256', async () => {
    await growTo(255, () => 11);
    await expectAbsent('tile/0/000');
    await expectAbsent('tile/1/000.p/1');
    await growTo(256);
    const full = await expectTile({ level: 0, index: 0, width: 256 });
    expect(full).toEqual(Buffer.concat(leafHashes(0, 256)));
    expect(hex(await expectTile({ level: 1, index: 0, width: 1 }))).toBe(
      'f7ed5eb44be61908cdf66bb316813dc75442aa2a5b307177c06c728271356c91',
    );
    await expectAbsent('tile/0/001.p/1');
    await expectAbsent('tile/1/000');
  });

  it('has the known tiles at 600, every width exactly, and partials of what is full by now', async () => {
    await growTo(600, (left) => 1 + (left % 90));
    expect(hex(sha256(await expectTile({ level: 1, index: 0, width: 2 })))).toBe(
      'e5d0318b212ada6918c2e5bdffa4d599de3774c3bffcb56d306d7477efa59c2f',
    );
    expect(hex(sha256(await expectTile({ level: 'entries', index: 2, width: 88 })))).toBe(
      '22922aad39ac3fd019d9c14f0b2479d9b89c32a9ac72cd29a33e60523e841180',
    );
    for (const index of [0, 1, 2]) {
      for (let width = 1; width <= tileWidth(600, 0, index); width += 1) {
        const hashes = leafHashes(index * 256, index * 256 + width);
        expect(await expectTile({ level: 0, index, width })).toEqual(Buffer.concat(hashes));
        const entries = decodeBundle(await expectTile({ level: 'entries', index, width }), width);
        expect(entries).toEqual(leaves(index * 256, index * 256 + width));
      }
    }
    for (const path of ['tile/0/002.p/89', 'tile/entries/002.p/89', 'tile/0/002', 'tile/1/000.p/3', 'tile/2/000.p/1'])
      await expectAbsent(path);
  });

  it('shows a leaf at once to whoever asks beyond the checkpoint that it saw', async () => {
    const before = await file('checkpoint');
    await log.append([leaf(600)]);
    expect((await file('checkpoint')).body).toEqual(before.body);
    await expectTile({ level: 0, index: 2, width: 89 });
    served.clock.advance(1_001);
    expect((await file('checkpoint')).body.toString()).toBe(await log.note());
  });

  it('serves nothing beyond the signed head, even if rows lie there', async () => {
    const size = log.tree.size;
    const xid = Buffer.from('0198a7b0000070008000000000000009', 'hex');
    await log.insertLeaves(size, [leaf(size)], [{ xid, slot: 'c0', signer: 'DEMO/GOV/1/x' }]);
    await expectAbsent(`tile/0/002.p/${size - 512 + 1}`);
    await expectAbsent(`tile/entries/002.p/${size - 512 + 1}`);
    const hash = hex(leafHash(leaf(size)));
    expect((await served.get(`/leaf?hash=${hash}`)).status).toBe(404);
    expect((await served.get('/receipts/0198a7b0-0000-7000-8000-000000000009?slot=c0')).status).toBe(404);
    // What only the owner of the table can do: the trigger refuses everybody else.
    await served.database.query('ALTER TABLE log_leaf_default DISABLE TRIGGER USER');
    await served.database.query('DELETE FROM log_leaf_default WHERE log_id = 1 AND idx = $1', [size]);
  });

  it('answers 404 for every path that names nothing, and nothing else', async () => {
    const paths = [
      'tile/0/x000/000',
      'tile/0/0',
      'tile/00/000',
      'tile/64/000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/000.p/x',
      'tile/0/000/',
      'tile/0/000%2Ep/1',
      'tile/0/%30%30%30',
      'tile/0/x999/x999/x999/x999/x999/999',
      'tile/0/x009/x007/x199/x254/x740/991',
      'tile/63/x001/000',
      'tile/63/000.p/1',
      'tile/entries/x999/999.p/255',
      'tile/-1/000',
      'tile/',
      'tile',
      `tile/0/${'x000/'.repeat(400)}000`,
      'checkpoint/',
      'Checkpoint',
    ];
    for (const path of paths) await expectAbsent(path);
    for (const prefix of ['/log/1/2026h2/', '/log/0/2026h1/', '/log/00/2026h2/', '/log/0/'])
      expect([prefix, (await served.get(`${prefix}checkpoint`)).status]).toEqual([prefix, 404]);
  });

  it('lets an outsider rebuild 70,000 leaves from files alone', async () => {
    await growTo(70_000, () => 4_096);
    const { body } = await file('checkpoint');
    const opened = openNote(body, [noteKey(vectorSigner.vkey)]);
    if (!opened.ok) throw new TypeError(opened.reason);
    expect(opened.value.size).toBe(70_000);
    expect(hex(opened.value.root)).toBe('881c2f4c7c3b60c864d574aab91746a167220c520a2f833d86eee6dfefb9accb');
    expect([0, 1, 2].map((level) => partialWidth(70_000, level))).toEqual([112, 17, 1]);
    const hashes: Buffer[] = [];
    for (let index = 0; index <= 273; index += 1) {
      const width = tileWidth(70_000, 0, index);
      const entries = decodeBundle(await expectTile({ level: 'entries', index, width }), width);
      const own = (entries ?? []).map(leafHash);
      expect((await expectTile({ level: 0, index, width })).equals(Buffer.concat(own))).toBe(true);
      hashes.push(...own);
    }
    const rebuilt = GrowingTree.empty().extend(hashes);
    expect(rebuilt.root).toEqual(opened.value.root);
    const roots = (level: number): Buffer[] =>
      rebuilt.fullTiles.filter((full) => full.level === level).map((full) => full.root);
    expect(await expectTile({ level: 1, index: 0, width: 256 })).toEqual(Buffer.concat(roots(0).slice(0, 256)));
    expect(await expectTile({ level: 1, index: 1, width: 17 })).toEqual(Buffer.concat(roots(0).slice(256)));
    expect(await expectTile({ level: 2, index: 0, width: 1 })).toEqual(Buffer.concat(roots(1)));
    for (const path of ['tile/0/273.p/113', 'tile/0/273', 'tile/1/001.p/18', 'tile/2/000.p/2', 'tile/3/000.p/1'])
      await expectAbsent(path);
  });

  it('proves leaves and growth across all levels', async () => {
    const root = growingTo(70_000).root();
    for (const index of [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]) {
      const answer = await served.get(`/proof/inclusion?index=${index}&size=70000`);
      const path: string[] = JSON.parse(answer.body.toString()).path;
      const hashes = path.map((text) => Buffer.from(text, 'base64'));
      expect(verifyInclusion(leafHash(leaf(index)), index, 70_000, hashes, root)).toBe(true);
    }
    for (const from of [1, 256, 600, 65_536, 69_999]) {
      const answer = await served.get(`/proof/consistency?from=${from}&to=70000`);
      const list: string[] = JSON.parse(answer.body.toString()).proof;
      const proof = list.map((text) => Buffer.from(text, 'base64'));
      const head = { size: from, root: growingTo(from).root() };
      expect(verifyConsistency(head, { size: 70_000, root }, proof)).toBe(true);
    }
  });

  it('serves the same bytes for a log that was written in one batch', async () => {
    const once = await WrittenLog.create(served.database, 2, vectorSigner);
    await once.append(leaves(0, 70_000));
    const other = await served.alsoServe(2);
    const paths = ['checkpoint', 'tile/0/000', 'tile/0/272', 'tile/0/273.p/112', 'tile/1/000', 'tile/1/001.p/17'];
    for (const path of [...paths, 'tile/2/000.p/1', 'tile/entries/000', 'tile/entries/273.p/112'])
      expect((await other.get(PREFIX + path)).body.equals((await file(path)).body)).toBe(true);
  });
});
