import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { leafHash, openNote, parseTlogProof, verifyInclusion } from '#tlog';
import { sha256 } from '#kernel';
import { noteKey } from './tlog-known-answers.js';
import { serveLog, vectorSigner, type Served } from './tlog-served.js';
import { WrittenLog } from './tlog-written-log.js';

const EXCHANGE = '0198a7b0-0000-7000-8000-00000000000a';
const xid = Buffer.from(EXCHANGE.replaceAll('-', ''), 'hex');
const consumer = 'DEMO/GOV/1000/mygov';
const provider = 'DEMO/GOV/1001/population';
const bodies = ['manifest-1', 'requested', 'answered', 'manifest-2', 'impostor'].map((text) => Buffer.from(text));
const snapshot = Buffer.from('{"v":1}');
let served: Served;
let log: WrittenLog;

beforeAll(async () => {
  served = await serveLog(1);
  log = await WrittenLog.create(served.database, 1, vectorSigner);
  await log.append(bodies, [
    { xid: Buffer.alloc(16, 1), slot: '-', signer: 'DEMO/registry1' },
    { xid, slot: 'c0', signer: consumer },
    { xid, slot: 'p1', signer: provider },
    { xid: Buffer.alloc(16, 2), slot: '-', signer: 'DEMO/registry1' },
    { xid, slot: 'c0', signer: 'DEMO/COM/2001/clinic' },
  ]);
  const digest = sha256(snapshot);
  await served.database.query('INSERT INTO snapshot VALUES ($1, 1, $2)', [digest, gzipSync(snapshot)]);
  for (const [index, statement] of [
    [0, 'manifest-1'],
    [3, 'manifest-2'],
  ])
    await served.database.query(
      `INSERT INTO manifest (log_id, idx, number, digest, digests, statement) VALUES (1, $1, 1, $2, 'digests', $3)`,
      [index, digest, statement],
    );
});
afterAll(() => served.close());

async function json(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const { status, body } = await served.get(path);
  return { status, body: JSON.parse(body.toString()) };
}

describe('discovery', () => {
  it('lists exactly origin, vkey, url and state', async () => {
    const answer = await served.get('/.well-known/audit-logs.json');
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.body.toString()).toBe(
      `{"logs":[{"origin":"${vectorSigner.name}","vkey":"${vectorSigner.vkey}",` +
        '"url":"http://127.0.0.1:8100/log/0/2026h2/","state":"open"}]}',
    );
  });
});

describe('receipts', () => {
  it('are tlog-proofs that verify with the leaf alone', async () => {
    for (const [slot, index] of [
      ['c0', 1],
      ['p1', 2],
    ] as const) {
      const signer = slot === 'c0' ? consumer : provider;
      const answer = await served.get(`/receipts/${EXCHANGE}?slot=${slot}&signer=${encodeURIComponent(signer)}`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
      const proof = parseTlogProof(answer.body.toString());
      if (!proof.ok) throw new TypeError(proof.reason);
      const opened = openNote(proof.value.checkpoint, [noteKey(vectorSigner.vkey)]);
      if (!opened.ok) throw new TypeError(opened.reason);
      expect([proof.value.index, opened.value.size]).toEqual([index, 5]);
      const { size, root } = opened.value;
      expect(verifyInclusion(leafHash(bodies[index] as Buffer), index, size, proof.value.path, root)).toBe(true);
    }
  });

  it('need no slot where there is one leaf, and name the choice where there are several', async () => {
    expect((await served.get(`/receipts/${EXCHANGE}?slot=p1`)).status).toBe(200);
    const ambiguous = await json(`/receipts/${EXCHANGE}?slot=c0`);
    expect(ambiguous).toMatchObject({ status: 409, body: { code: 'receipt-ambiguous' } });
    expect(ambiguous.body['leaves']).toEqual([
      { index: 1, slot: 'c0', signer: consumer },
      { index: 4, slot: 'c0', signer: 'DEMO/COM/2001/clinic' },
    ]);
  });

  it('are refused for what is no id, no slot, or unknown', async () => {
    expect(await json('/receipts/nonsense?slot=c0')).toMatchObject({
      status: 400,
      body: { code: 'request-malformed' },
    });
    expect(await json(`/receipts/${EXCHANGE}?slot=x9`)).toMatchObject({ status: 400 });
    expect(await json(`/receipts/${EXCHANGE}?slot=c0&slot=p1`)).toMatchObject({ status: 400 });
    expect(await json(`/receipts/${EXCHANGE}?sloth=c0`)).toMatchObject({ status: 400 });
    expect(await json(`/receipts/${EXCHANGE}?slot=b1`)).toMatchObject({ status: 404, body: { code: 'leaf-unknown' } });
  });
});

describe('leaves and proofs', () => {
  it('finds a leaf by its hash', async () => {
    const hash = leafHash(bodies[2] as Buffer).toString('hex');
    expect(await json(`/leaf?hash=${hash}`)).toEqual({
      status: 200,
      body: { log: vectorSigner.name, index: 2, body: 'answered' },
    });
    expect(await json(`/leaf?hash=${'0'.repeat(64)}`)).toMatchObject({ status: 404, body: { code: 'leaf-unknown' } });
    expect(await json(`/leaf?hash=${hash.toUpperCase()}`)).toMatchObject({ status: 400 });
    expect(await json('/leaf')).toMatchObject({ status: 400, body: { code: 'request-malformed' } });
  });

  it.each([
    ['/proof/inclusion?index=5&size=5', 400, 'proof-range'],
    ['/proof/inclusion?index=0&size=0', 400, 'proof-range'],
    ['/proof/inclusion?index=0&size=6', 404, 'size-unknown'],
    ['/proof/inclusion?index=0&size=9999999999999999', 404, 'size-unknown'],
    ['/proof/inclusion?index=-1&size=5', 400, 'request-malformed'],
    ['/proof/inclusion?index=01&size=5', 400, 'request-malformed'],
    ['/proof/inclusion?index=1e0&size=5', 400, 'request-malformed'],
    ['/proof/inclusion?index=0', 400, 'request-malformed'],
    ['/proof/inclusion?index=0&index=1&size=5', 400, 'request-malformed'],
    ['/proof/consistency?from=3&to=2', 400, 'proof-range'],
    ['/proof/consistency?from=3&to=6', 404, 'size-unknown'],
    ['/proof/consistency?from=&to=5', 400, 'request-malformed'],
    ['/proof/consistency?from=1&to=5&more=1', 400, 'request-malformed'],
  ])('answers %s with %i %s', async (path, status, code) => {
    expect(await json(path)).toMatchObject({ status, body: { code, status } });
  });

  it('gives empty proofs where the definition has them', async () => {
    expect((await json('/proof/consistency?from=0&to=5')).body).toMatchObject({ from: 0, to: 5, proof: [] });
    expect((await json('/proof/consistency?from=5&to=5')).body).toMatchObject({ from: 5, to: 5, proof: [] });
    expect((await json('/proof/inclusion?index=0&size=1')).body).toMatchObject({ index: 0, size: 1, path: [] });
  });

  it('says that the log is damaged rather than prove with what is left', async () => {
    // What only the owner of the table can do: the trigger refuses everybody else.
    await served.database.query('ALTER TABLE log_leaf_default DISABLE TRIGGER USER');
    await served.database.query('DELETE FROM log_leaf_default WHERE log_id = 1 AND idx = 4');
    expect(await json('/proof/inclusion?index=0&size=5')).toMatchObject({
      status: 500,
      body: { code: 'proof-impossible' },
    });
    const [body] = bodies.slice(4);
    await log.insertLeaves(4, [body as Buffer], [{ xid, slot: 'c0', signer: 'DEMO/COM/2001/clinic' }]);
  });
});

describe('snapshots and manifests', () => {
  const path = `/v1/snapshots/${sha256(snapshot).toString('hex')}`;

  it('serves a snapshot by digest, compressed or plain', async () => {
    const zipped = await served.get(path, { 'accept-encoding': 'gzip' });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    // `fetch` has unpacked it.
    expect(zipped.body).toEqual(snapshot);
    const plain = await served.get(path, { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.body).toEqual(snapshot);
    const unwanted = await served.get(path, { 'accept-encoding': 'gzip;q=0, identity' });
    expect(unwanted.headers.get('content-encoding')).toBeNull();
    expect(unwanted.headers.get('content-type')).toContain('application/json');
  });

  it('refuses digests that are none or unknown', async () => {
    expect(await json('/v1/snapshots/abc')).toMatchObject({ status: 400 });
    expect(await json(`/v1/snapshots/${'0'.repeat(64)}`)).toMatchObject({ status: 404 });
  });

  it('names the last manifest strictly before an index', async () => {
    const governing = async (index: number): Promise<unknown> =>
      (await json(`/v1/manifests/governing?index=${index}`)).body;
    const first = { log: vectorSigner.name, index: 0, statement: 'manifest-1', digests: 'digests' };
    expect(await governing(1)).toEqual(first);
    expect(await governing(3)).toEqual(first);
    expect(await governing(4)).toEqual({ ...first, index: 3, statement: 'manifest-2' });
    expect(await governing(5)).toMatchObject({ index: 3 });
    expect(await governing(0)).toMatchObject({ status: 404, code: 'manifest-unknown' });
    expect(await governing(6)).toMatchObject({ status: 404, code: 'manifest-unknown' });
    expect(await json('/v1/manifests/governing?index=x')).toMatchObject({ status: 400 });
  });
});
