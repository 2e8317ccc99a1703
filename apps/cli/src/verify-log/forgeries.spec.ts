import { beforeAll, describe, expect, it } from '@jest/globals';
import { sha256, toBase64Url } from '#kernel';
import { generateSigningKey, jwkSigner, publicJwk, signStatement, type PrivateJwk, type Statement } from '#signing';
import { publicDigest } from '#snapshot';
import { amendWorld, freshKey, publishedKey, withSigningKeys } from '../../../../test/audit/amended-world.js';
import { forge as forgeStatement } from '../../../../test/audit/audit-network.js';
import { freshLogKey, verifyFiles, type LogFiles } from '../../../../test/conformance/log-in-memory.js';
import { layLog, layWorld, trustOf } from '../../../../test/load/verify/lay-log.js';
import { SignedLog } from '../../../../test/load/verify/signed-log.js';

/** What only a log's operator could write: leaves that intake would have refused, under a tree that is sound. */
const CONSUMER = 'TEST/GOV/1000/mygov';
const PROVIDER = 'TEST/GOV/1001/population';
const signer = freshLogKey();
const NOW = Date.UTC(2026, 10, 1);
let log: SignedLog;
let files: LogFiles;
const put = (path: string, bytes: Buffer) => void files.set(path, bytes);
const leafOf = (statement: Statement | Buffer) => (Buffer.isBuffer(statement) ? statement : Buffer.from(statement.jws));

/** Any fields, whatever the table says. */
const forge = (fields: object, key: PrivateJwk, kid?: string) => forgeStatement(fields, key, kid);

/** The documents beside the log stay; partial files of another log would be found. */
async function lay(statements: readonly (Statement | Buffer)[]): Promise<void> {
  for (const path of [...files.keys()]) if (path.startsWith('tile/')) files.delete(path);
  await layLog(statements.map(leafOf), signer, put);
}

async function codesOf(...statements: (Statement | Buffer)[]): Promise<string[]> {
  await lay(statements);
  const { report } = await verifyFiles(files, trustOf(log.world, signer.vkey));
  return report.findings.map(({ code, where }) => `${code} ${where}`);
}

beforeAll(async () => {
  log = await SignedLog.create();
});

describe('a log of false statements', () => {
  let manifest: Statement;
  let request: Statement;
  beforeAll(async () => {
    files = new Map();
    await layWorld(log.world, put);
    manifest = await log.nextManifest(NOW, null);
    request = await log.request(NOW);
  });

  it('is told by each of them', async () => {
    const stranger = generateSigningKey();
    const answer = await log.answer(request, NOW);
    const { payload } = request;
    const own = log.world.keysOf(CONSUMER).sign;
    expect(await codesOf(manifest, request, answer)).toEqual([]);
    expect(await codesOf(request, answer)).toEqual(['first-leaf leaf 0']);
    expect(await codesOf(manifest, await log.request(NOW, jwkSigner(stranger)))).toEqual(['statement-signer leaf 1']);
    expect(await codesOf(manifest, await log.request(NOW, log.signerOf(PROVIDER)))).toEqual([
      'statement-signer leaf 1',
    ]);
    expect(await codesOf(manifest, await log.answer(request, NOW, log.signerOf(CONSUMER)))).toEqual([
      'statement-signer leaf 1',
    ]);
    expect(await codesOf(manifest, await forge(payload, stranger, own.kid))).toEqual(['statement-signature leaf 1']);
    expect(await codesOf(manifest, request, request)).toEqual(['slot-taken leaf 2']);
    const second = await forge({ ...payload, ep: 'POST /claims' }, own);
    expect(await codesOf(manifest, request, second)).toEqual(['slot-taken leaf 2']);
    expect(await codesOf(manifest, await forge({ ...payload, why: 'x' }, own))).toEqual(['statement-malformed leaf 1']);
    expect(await codesOf(manifest, await forge({ ...payload, t: 'exchange.dreamt' }, own))).toEqual([
      'statement-type leaf 1',
    ]);
    expect(await codesOf(manifest, Buffer.from('not a statement'))).toEqual(['statement-malformed leaf 1']);
    expect(await codesOf(manifest, Buffer.alloc(9_000, 0x2e))).toEqual(['statement-malformed leaf 1']);
  });

  it('or by its manifests', async () => {
    const registry = log.world.keysOf('TEST/registry1').sign;
    const { payload } = manifest;
    const after = (changes: object) =>
      forge({ ...payload, id: request.payload.id, prev: toBase64Url(manifest.leafHash), ...changes }, registry);
    expect(await codesOf(manifest, await after({}))).toEqual([]);
    expect(await codesOf(manifest, await after({ prev: toBase64Url(sha256('x')) }))).toEqual(['manifest-chain leaf 1']);
    expect(await codesOf(manifest, await after({ n: 0 }))).toEqual(['manifest-number leaf 1']);
    expect(await codesOf(manifest, await after({ doc: publicDigest('x') }))).toEqual(['manifest-number leaf 1']);
    expect(await codesOf(manifest, await after({ n: 2 }))).toEqual(['digests-missing leaf 1']);
    const stranger = await forge(payload, generateSigningKey());
    expect(await codesOf(stranger)).toEqual(['manifest-signature leaf 0']);
    const fake = generateSigningKey();
    expect(await codesOf(await forge(payload, fake, registry.kid))).toEqual(['manifest-signature leaf 0']);
    expect(publicJwk(fake).x).not.toBe(publicJwk(registry).x);
  });

  it('or by conflicts that accuse nobody', async () => {
    const audit = log.signerOf('TEST/audit1');
    const second = 'the statement that came second';
    const id = sha256(second).subarray(0, 16);
    id[6] = ((id[6] ?? 0) & 0x0f) | 0x80;
    id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
    const uuid = id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/u, '$1-$2-$3-$4-');
    const conflict = (doc: string, by = audit) =>
      signStatement({ v: 1, t: 'exchange.conflict', id: uuid, ts: NOW, ref: request.payload.id, doc }, by);
    expect(await codesOf(manifest, request, await conflict(publicDigest(second)))).toEqual([]);
    expect(await codesOf(manifest, request, await conflict(publicDigest('x')))).toEqual(['conflict-false leaf 2']);
    expect(await codesOf(manifest, await conflict(publicDigest(second), log.signerOf(CONSUMER)))).toEqual([
      'statement-signer leaf 1',
    ]);
  });

  it('tells what follows what, in either order, and what follows nothing', async () => {
    const other = await log.request(NOW);
    const answers = [await log.answer(request, NOW), await log.answer(other, NOW)] as const;
    await lay([manifest, answers[0], request, answers[1]]);
    const { report } = await verifyFiles(files, trustOf(log.world, signer.vkey));
    expect(report).toMatchObject({ verified: true, sequelsWithoutRequest: { count: 1, first: [3] } });
    expect(report.requestsWithoutSequel.count).toBe(0);
  });
});

describe('keys by the law of their index', () => {
  it('count from the manifest that brings them to the one that takes them away, whatever time is claimed', async () => {
    files = new Map();
    const world = log.world;
    await layWorld(world, put);
    const { key, published } = freshKey();
    const expired = freshKey({ until: '2026-01-01T00:00:00Z' });
    const first = await log.nextManifest(NOW, null);
    log.world = await amendWorld(world, 2, withSigningKeys(CONSUMER, [published, expired.published]));
    await layWorld(log.world, put);
    const second = await log.nextManifest(NOW + 1_000, first);
    const old = jwkSigner(world.keysOf(CONSUMER).sign);
    const requests = await Promise.all([
      log.request(NOW, jwkSigner(key)),
      log.request(NOW, old),
      log.request(NOW - 9_000, old),
      log.request(NOW + 2_000, jwkSigner(key)),
      log.request(NOW, jwkSigner(expired.key)),
    ]);
    const [early, good, backDated, fresh, stale] = requests;
    expect(await codesOf(first, early, good, second, backDated, fresh, stale)).toEqual([
      'statement-signer leaf 1',
      'statement-signer leaf 4',
      'statement-signer leaf 6',
    ]);
    expect(publishedKey(key).kid).toBe(key.kid);
  });
});
