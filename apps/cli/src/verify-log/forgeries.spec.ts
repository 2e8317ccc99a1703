import { beforeAll, describe, expect, it } from '@jest/globals';
import { newExchangeId, sha256, toBase64Url } from '#kernel';
import {
  generateSigningKey,
  jwkSigner,
  publicJwk,
  signStatement,
  statementLeafHash,
  type PrivateJwk,
  type Statement,
} from '#signing';
import { publicDigest } from '#snapshot';
import { buildWorld } from '#testing';
import { amendWorld, freshKey, publishedKey, withSigningKeys } from '../../../../test/audit/amended-world.js';
import { forge as forgeStatement } from '../../../../test/audit/audit-network.js';
import { freshLogKey, verifyFiles, type LogFiles } from '../../../../test/conformance/log-in-memory.js';
import { layLog, layWorld, trustOf } from '../../../../test/load/verify/lay-log.js';
import { SignedLog } from '../../../../test/load/verify/signed-log.js';
import { decodeState, encodeState } from './index.js';

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

describe('changes of the registry', () => {
  const change = (snap: number, n: number, more: object = {}, by = 'TEST/registry1') =>
    forge(
      {
        ...{ v: 1, t: 'registry.changed', id: newExchangeId(), ts: NOW, snap, n, ref: 'service' },
        ...{ user: [`c1:${toBase64Url(sha256('a'))}`, `c1:${toBase64Url(sha256('b'))}`] },
        ...{ doc: `h1:${toBase64Url(sha256('c'))}`, ...more },
      },
      log.world.keysOf(by).sign,
    );

  it('are the registry’s to state, and say how many decided', async () => {
    files = new Map();
    await layWorld(log.world, put);
    const manifest = await log.nextManifest(NOW, null);
    const one = [`c1:${toBase64Url(sha256('a'))}`];
    expect(await codesOf(manifest, await change(1, 1), await change(1, 2))).toEqual([]);
    expect(await codesOf(manifest, await change(1, 1, { t: 'registry.suspended', user: one }))).toEqual([]);
    expect(await codesOf(manifest, await change(1, 1, { user: one }))).toEqual(['statement-malformed leaf 1']);
    expect(await codesOf(manifest, await change(1, 3))).toEqual(['statement-malformed leaf 1']);
    expect(await codesOf(manifest, await change(1, 1, {}, CONSUMER))).toEqual(['statement-signer leaf 1']);
  });

  it('announce every snapshot once there are officers, and none may come by itself', async () => {
    const world = log.world;
    files = new Map();
    await layWorld(world, put);
    const first = await log.nextManifest(NOW, null);
    log.world = await amendWorld(world, 2, (document) => document);
    await layWorld(log.world, put);
    const second = await log.nextManifest(NOW, first);
    expect(await codesOf(first, second)).toEqual([]);
    expect(await codesOf(first, await change(1, 2), second)).toEqual([]);
    expect(await codesOf(first, await change(1, 1), second)).toEqual(['change-unannounced leaf 2']);
    expect(await codesOf(first, await change(1, 1), await change(2, 3))).toEqual(['change-unannounced leaf 2']);
    log.world = world;
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

describe('the steps of a case', () => {
  const FEEDBACK = 'TEST/feedback1';
  const OTHER = 'TEST/GOV/1009/operator';
  const DOC = `h1:${toBase64Url(sha256('doc'))}`;
  const case1 = newExchangeId();
  let manifest: Statement;
  /** By that signer; each by default what would be in order. */
  const step = (by: string, fields: object) => {
    const base = { v: 1, ts: NOW, id: case1, from: CONSUMER, to: PROVIDER };
    return forge({ ...base, ...fields }, log.world.keysOf(by).sign);
  };
  const leafHashOf = (leaf: Buffer) => toBase64Url(statementLeafHash(leaf.toString('latin1')));
  const submitted = (fields: object = {}) =>
    step(CONSUMER, {
      ...{ t: 'correction.submitted', seq: 1, was: 'DRAFT', now: 'SUBMITTED', subj: [], doc: DOC },
      ...fields,
    });
  const routed = (before: Buffer, fields: object = {}) =>
    step(FEEDBACK, {
      ...{ t: 'correction.routed', seq: 2, was: 'SUBMITTED', now: 'ROUTED', prev: leafHashOf(before) },
      ...fields,
    });
  const received = (before: Buffer, fields: object = {}, by = PROVIDER) =>
    step(by, {
      ...{ t: 'correction.received', seq: 3, was: 'ROUTED', now: 'RECEIVED', prev: leafHashOf(before), doc: DOC },
      ...fields,
    });

  beforeAll(async () => {
    const definition = (text: string) => `${text}  - { id: feedback1, kind: feedback, runBy: GOV/1009 }\n`;
    log.world = await buildWorld({ definition });
    files = new Map();
    await layWorld(log.world, put);
    manifest = await log.nextManifest(NOW, null);
  });

  it('stand one behind the other, and pass from one owner to the next by feedback alone', async () => {
    const first = await submitted();
    const second = await routed(first);
    const moved = await routed(first, { to: OTHER });
    expect(await codesOf(manifest, first, second, await received(second))).toEqual([]);
    expect(await codesOf(manifest, first, moved, await received(moved, { to: OTHER }, OTHER))).toEqual([]);
    // Another has received what was routed to the provider.
    expect(await codesOf(manifest, first, second, await received(second, { to: OTHER }, OTHER))).toEqual([
      'case-chain leaf 3',
    ]);
    expect(await codesOf(manifest, first, second, await received(first))).toEqual(['case-chain leaf 3']);
    expect(await codesOf(manifest, first, await received(first))).toEqual(['case-chain leaf 2']);
    expect(await codesOf(manifest, second)).toEqual(['case-chain leaf 1']);
    expect(await codesOf(manifest, second, first)).toEqual(['case-chain leaf 1']);
    const ofAnother = await submitted({ id: newExchangeId() });
    expect(await codesOf(manifest, first, ofAnother, await routed(ofAnother))).toEqual(['case-chain leaf 3']);
    expect(await codesOf(manifest, first, second, moved)).toEqual(['slot-taken leaf 3']);
  });

  it('are followed over a state that was kept', async () => {
    const first = await submitted();
    const second = await routed(first);
    await lay([manifest, first, second]);
    const trust = trustOf(log.world, signer.vkey);
    const { state } = await verifyFiles(files, trust);
    if (state === undefined) throw new TypeError('not verified');
    const { document, tables } = encodeState(state);
    const kept = decodeState(Buffer.from(document), tables);
    for (const [before, findings] of [
      [second, []],
      [first, [{ code: 'case-chain', where: 'leaf 3' }]],
    ] as const) {
      await lay([manifest, first, second, await received(before)]);
      expect((await verifyFiles(files, trust, { state: kept })).report).toMatchObject({ resumedFrom: 3, findings });
    }
  });

  it('may begin in the window before, and go on in order', async () => {
    const elsewhere = await routed(await submitted());
    const third = await received(elsewhere);
    const opened = await forge(
      {
        ...{ v: 1, t: 'log.opened', id: newExchangeId(), ts: NOW, n: 9, doc: publicDigest('x') },
        ...{ prev: toBase64Url(sha256('x')), ref: freshLogKey('audit.test.example/TEST/0/before').vkey },
      },
      log.world.keysOf('TEST/audit1').sign,
    );
    const started = { t: 'correction.review-started', seq: 4, was: 'RECEIVED', now: 'IN_REVIEW' };
    expect(await codesOf(opened, manifest, third)).toEqual([]);
    const good = await step(PROVIDER, { ...started, prev: leafHashOf(third) });
    expect(await codesOf(opened, manifest, third, good)).toEqual([]);
    const astray = await step(PROVIDER, { ...started, prev: leafHashOf(elsewhere) });
    expect(await codesOf(opened, manifest, third, astray)).toEqual(['case-chain leaf 3']);
  });

  it.each<[string, object]>([
    ['a first step with another number', { seq: 2 }],
    ['a public digest', { doc: publicDigest('x') }],
    ['a state that no case has', { now: 'EXPIRED' }],
    ['a state before that no case has', { was: 'EXPIRED' }],
    ['what a recipient did', { now: 'APPLIED' }],
  ])('are not with %s', async (_, fields) => {
    expect(await codesOf(manifest, await submitted(fields))).toEqual(['statement-malformed leaf 1']);
  });

  it('give a reason of theirs, and a recipient one only if it refuses', async () => {
    const first = await submitted();
    const decided = (why: string) =>
      received(first, { t: 'correction.decided', seq: 2, why, was: 'IN_REVIEW', now: 'REJECTED' });
    expect(await codesOf(manifest, first, await decided('data-correct'))).toEqual([]);
    expect(await codesOf(manifest, first, await decided('appeal'))).toEqual(['statement-malformed leaf 2']);
    const acked = (fields: object) =>
      step(CONSUMER, { t: 'correction.recipient-acked', id: newExchangeId(), doc: DOC, ...fields });
    expect(await codesOf(manifest, await acked({ now: 'APPLIED' }))).toEqual([]);
    expect(await codesOf(manifest, await acked({ now: 'REFUSED', why: 'law-forbids' }))).toEqual([]);
    for (const wrong of [{ now: 'REFUSED' }, { now: 'APPLIED', why: 'law-forbids' }, { now: 'CLOSED' }])
      expect(await codesOf(manifest, await acked(wrong))).toEqual(['statement-malformed leaf 1']);
  });
});
