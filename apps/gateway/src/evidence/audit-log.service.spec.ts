import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { memberOf, newExchangeId, toBase64, type SubsystemId } from '#kernel';
import { generateSigningKey, jwkSigner, publicJwk, signStatement, type FailedPayload, type Statement } from '#signing';
import { publicDigest } from '#snapshot';
import { buildWorld, type World } from '#testing';
import {
  checkpointText,
  ed25519Seed,
  encodeBundle,
  encodeTlogProof,
  GrowingTree,
  leafHash,
  noteSigner,
  parseVkey,
  signNote,
} from '#tlog';
import { AuditLogService } from './audit-log.service.js';

const ORIGIN = 'audit.test.example/TEST/0/2026h2';
const OWNER = 'TEST/GOV/1001/population' as SubsystemId;
const BUNDLE = '/log/0/2026h2/tile/entries/000.p/3';
const registryKey = generateSigningKey();
const logSeed = ed25519Seed(Buffer.alloc(32, 7));
const logSigner = noteSigner(ORIGIN, logSeed.publicKey, logSeed.sign);
/** What the audit service answers for a path without its query; 404 for any other. */
let answers: Record<string, string | Buffer | number>;
/** Targets that were asked for, in order. */
let asked: string[];
let world: World;
let log: AuditLogService;

/** The token of the last question. */
let shown: string | undefined;
const server = createServer((incoming, response) => {
  asked.push(incoming.url ?? '');
  shown = incoming.headers.authorization;
  const answer = answers[(incoming.url ?? '').split('?')[0] ?? ''] ?? 404;
  if (typeof answer === 'number') response.statusCode = answer;
  response.end(typeof answer === 'number' ? 'no' : answer);
});

beforeAll(async () => {
  world = await buildWorld();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  [answers, asked] = [{}, []];
  log = reader(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(() => log.close());

function reader(url: string, token?: string): AuditLogService {
  const key = parseVkey(logSigner.vkey);
  const registryKeys = [{ kid: registryKey.kid, jwk: publicJwk(registryKey) }];
  return new AuditLogService({ url, logs: key.ok ? [key.value] : [], registryKeys, timeoutMs: 2_000, token });
}

describe('a snapshot', () => {
  const snapshotPath = () => `/v1/snapshots/${world.view.digestHex}`;

  it('is believed, and kept, only if it has the digest that was asked for', async () => {
    answers = { [snapshotPath()]: Buffer.concat([world.bytes, Buffer.from(' ')]) };
    const entry = () => log.memberEntry(world.view.digestHex, memberOf(OWNER));
    await expect(entry()).rejects.toMatchObject({ code: 'log-answer-invalid' });
    answers = { [snapshotPath()]: world.bytes };
    expect(await entry()).toMatchObject({ id: 'TEST/GOV/1001' });
    answers = {};
    expect(await entry()).toMatchObject({ id: 'TEST/GOV/1001' });
  });

  it('tells who runs the audit instance, and no other', async () => {
    answers = { [snapshotPath()]: world.bytes };
    const operators = await log.auditOperators(world.view.digestHex);
    expect(operators.map(({ instance, entry }) => [instance, entry.id])).toEqual([['TEST/audit1', 'TEST/GOV/1009']]);
  });
});

describe('a governing manifest', () => {
  async function manifest(key = registryKey, digests = world.digests): Promise<string> {
    const doc = publicDigest(world.digests);
    const { jws } = await signStatement(
      { v: 1, t: 'registry.manifest', id: newExchangeId(), ts: 1, n: 1, until: 2, doc },
      jwkSigner(key),
    );
    return JSON.stringify({ log: ORIGIN, index: 0, statement: jws, digests });
  }

  it.each([
    ["a stranger's signature", () => manifest(generateSigningKey())],
    ['other digests than were signed', () => manifest(registryKey, world.digests.replace('GOV/1001', 'GOV/1002'))],
  ])('with %s is neither believed nor kept', async (_, forged) => {
    answers = { '/v1/manifests/governing': await forged() };
    await expect(log.governing({ log: ORIGIN, index: 7 })).rejects.toMatchObject({ code: 'log-answer-invalid' });
    answers = { '/v1/manifests/governing': await manifest() };
    expect(await log.governing({ log: ORIGIN, index: 7 })).toMatchObject({ index: 0, digests: world.digests });
    answers = {};
    expect(await log.governing({ log: ORIGIN, index: 7 })).toMatchObject({ index: 0 });
  });
});

describe('a leaf', () => {
  let statement: Statement<FailedPayload>;
  let bodies: Buffer[];
  let path: Buffer[];
  let note: string;

  beforeAll(async () => {
    statement = await failed();
    bodies = [Buffer.from('first'), Buffer.from(statement.jws), Buffer.from('last')];
    const tree = GrowingTree.empty().extend(bodies.map(leafHash));
    path = tree.path(1);
    note = await signNote(checkpointText(ORIGIN, 3, tree.root), [logSigner]);
  });
  const receiptPath = () => `/receipts/${statement.payload.id}`;
  const served = () => ({
    [receiptPath()]: encodeTlogProof({ index: 1, path, checkpoint: note }),
    [BUNDLE]: encodeBundle(bodies),
  });

  it('is found by its slot, with or without a signer, together with its proof', async () => {
    answers = served();
    const { id } = statement.payload;
    expect(await log.leafOf(id, 'b1')).toEqual({ statement, proof: { index: 1, size: 3, path, checkpoint: note } });
    expect(await log.leafOf(id, 'c1', 'TEST/GOV/1000/mygov')).toMatchObject({ statement });
    const queries = asked.filter((target) => target.startsWith('/receipts')).map((target) => target.split('?')[1]);
    expect(queries).toEqual(['slot=b1', 'slot=c1&signer=TEST%2FGOV%2F1000%2Fmygov']);
  });

  it('is asked for with the token that audit wants of its readers, if there is one', async () => {
    await log.placeOf(Buffer.alloc(32));
    expect(shown).toBeUndefined();
    const known = reader(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'opens-leaves');
    await known.placeOf(Buffer.alloc(32));
    expect(shown).toBe('Bearer opens-leaves');
    await known.close();
  });

  it('is absent where the log holds none', async () => {
    expect(await log.leafOf(statement.payload.id, 'b1')).toBeUndefined();
    expect(await log.placeOf(statement.leafHash)).toBeUndefined();
  });

  it.each<[string, () => Record<string, string | Buffer> | Promise<Record<string, string | Buffer>>]>([
    ['a bundle without it', () => ({ [BUNDLE]: encodeBundle(bodies.map(() => Buffer.from('other'))) })],
    ['another statement in its place', async () => ({ [BUNDLE]: bundleWith(await failed()) })],
    ['no bundle at all', () => ({ [BUNDLE]: 'no bundle' })],
    ['a checkpoint by a stranger', async () => ({ [receiptPath()]: await strangersProof() })],
    ['a receipt that is none', () => ({ [receiptPath()]: 'no proof' })],
  ])('is refused with %s', async (_, forged) => {
    answers = { ...served(), ...(await forged()) };
    await expect(log.leafOf(statement.payload.id, 'b1')).rejects.toMatchObject({ code: 'log-answer-invalid' });
  });

  it('is proven at its index under a given checkpoint, and nowhere else', async () => {
    answers = { '/proof/inclusion': JSON.stringify({ path: path.map(toBase64) }) };
    expect(await log.proveAt(statement.jws, 1, note)).toEqual({ index: 1, size: 3, path, checkpoint: note });
    expect(asked).toEqual([`/proof/inclusion?index=1&size=3&log=${encodeURIComponent(ORIGIN)}`]);
    await expect(log.proveAt(statement.jws, 0, note)).rejects.toMatchObject({ code: 'log-answer-invalid' });
    await expect(log.proveAt('other', 1, note)).rejects.toMatchObject({ code: 'log-answer-invalid' });
  });

  function bundleWith(other: Statement): Buffer {
    return encodeBundle([Buffer.from('first'), Buffer.from(other.jws), Buffer.from('last')]);
  }
  async function strangersProof(): Promise<string> {
    const { publicKey, sign } = ed25519Seed(Buffer.alloc(32, 8));
    const root = GrowingTree.empty().extend(bodies.map(leafHash)).root;
    const checkpoint = await signNote(checkpointText(ORIGIN, 3, root), [noteSigner(ORIGIN, publicKey, sign)]);
    return encodeTlogProof({ index: 1, path, checkpoint });
  }
});

describe('an audit service in trouble', () => {
  it('is told from one that holds nothing', async () => {
    answers = { '/leaf': 503 };
    await expect(log.placeOf(Buffer.alloc(32))).rejects.toMatchObject({ code: 'log-unreachable' });
    answers = { '/leaf': 'no json' };
    await expect(log.placeOf(Buffer.alloc(32))).rejects.toMatchObject({ code: 'log-answer-invalid' });
  });

  it('cannot fill the memory of who asks', async () => {
    answers = { '/leaf': Buffer.alloc(8 * 1024 * 1024 + 1, ' ') };
    await expect(log.placeOf(Buffer.alloc(32))).rejects.toMatchObject({ code: 'log-answer-invalid' });
  });
});

function failed(): Promise<Statement<FailedPayload>> {
  const parties = { from: 'TEST/GOV/1000/mygov' as SubsystemId, to: OWNER, svc: `${OWNER}/persons`, ep: 'GET /{pin}' };
  const prev = Buffer.alloc(32).toString('base64url');
  const said = { why: 'no-outcome', side: 'unknown' } as const;
  return signStatement(
    { v: 1, t: 'exchange.failed', id: newExchangeId(), ts: 1, ...parties, prev, ...said },
    jwkSigner(registryKey),
  );
}
