import { createHmac, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { answerAd, generateSealingKey, openRecord, openSession, requestAd, sealRecord, startSession } from './index.js';

const recipient = 'DEMO/GOV/1001/population';
const privateJwk = generateSealingKey();
const start = () => startSession({ recipient, kid: privateJwk.kid, publicJwk: privateJwk });

describe('a sealing session', () => {
  it('gives both sides the same two keys, and two sessions none in common', async () => {
    const session = await start();
    const opened = await openSession({ recipient, kid: privateJwk.kid, enc: session.enc, privateJwk });
    expect(opened).toEqual({ requestKey: session.requestKey, answerKey: session.answerKey });
    expect(session.requestKey).not.toEqual(session.answerKey);
    expect((await start()).requestKey).not.toEqual(session.requestKey);
  });

  it('is bound to recipient and key id', async () => {
    const { enc, requestKey } = await start();
    const other = await openSession({ recipient: `${recipient}2`, kid: privateJwk.kid, enc, privateJwk });
    expect(other?.requestKey).not.toEqual(requestKey);
  });

  it('refuses what is no encapsulated key', async () => {
    for (const enc of [Buffer.alloc(0), Buffer.alloc(31), Buffer.alloc(32), Buffer.alloc(33)]) {
      expect(await openSession({ recipient, kid: privateJwk.kid, enc, privateJwk })).toBeUndefined();
    }
  });

  it('is RFC 9180: the same secrets come from its formulas, written out with node:crypto', async () => {
    const session = await start();
    const info = Buffer.from(`kerege/seal/v1\0${recipient}\0${privateJwk.kid}`);
    expect(exportByHand(session.enc, info, 'kerege/request')).toEqual(session.requestKey);
    expect(exportByHand(session.enc, info, 'kerege/answer')).toEqual(session.answerKey);
  });
});

describe('a sealed record', () => {
  const key = Buffer.alloc(32, 7);
  const leaf = Buffer.alloc(32, 1);
  const id = Buffer.alloc(16, 2);
  const ad = requestAd(leaf, id, 1_790_000_000_000, 'reply.a');

  it('opens with its own key and associated data only', () => {
    const { nonce, ciphertext } = sealRecord(key, Buffer.from('data'), ad);
    expect(openRecord(key, nonce, ciphertext, ad)).toEqual(Buffer.from('data'));
    const others = [
      requestAd(leaf, id, 1_790_000_000_001, 'reply.a'),
      requestAd(leaf, id, 1_790_000_000_000, 'reply.b'),
      requestAd(Buffer.alloc(32, 9), id, 1_790_000_000_000, 'reply.a'),
      requestAd(leaf, Buffer.alloc(16, 9), 1_790_000_000_000, 'reply.a'),
      answerAd(leaf, id),
    ];
    for (const other of others) expect(openRecord(key, nonce, ciphertext, other)).toBeUndefined();
    expect(openRecord(Buffer.alloc(32, 8), nonce, ciphertext, ad)).toBeUndefined();
    expect(openRecord(key, nonce.subarray(1), ciphertext, ad)).toBeUndefined();
    expect(openRecord(key, nonce, ciphertext.subarray(0, 10), ad)).toBeUndefined();
  });

  it('may be empty', () => {
    const { nonce, ciphertext } = sealRecord(key, Buffer.alloc(0), ad);
    expect(openRecord(key, nonce, ciphertext, ad)).toEqual(Buffer.alloc(0));
  });
});

/** RFC 9180 §4.1, §5.1, §5.3 for DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, export-only, base mode. */
function exportByHand(enc: Buffer, info: Buffer, label: string): Buffer {
  const i2osp = (n: number) => Buffer.from([n >> 8, n & 0xff]);
  const extract = (suite: Buffer, salt: Buffer, name: string, ikm: Buffer) =>
    createHmac('sha256', salt).update('HPKE-v1').update(suite).update(name).update(ikm).digest();
  const expand = (suite: Buffer, prk: Buffer, name: string, data: Buffer) =>
    createHmac('sha256', prk)
      .update(i2osp(32))
      .update('HPKE-v1')
      .update(suite)
      .update(name)
      .update(data)
      .update(Buffer.from([1]))
      .digest();
  const kem = Buffer.concat([Buffer.from('KEM'), i2osp(0x0020)]);
  const suite = Buffer.concat([Buffer.from('HPKE'), i2osp(0x0020), i2osp(0x0001), i2osp(0xffff)]);
  const { kty, crv, x, d } = privateJwk;
  const privateKey = createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
  const publicKey = createPublicKey({ key: { kty, crv, x: enc.toString('base64url') }, format: 'jwk' });
  const dh = diffieHellman({ privateKey, publicKey });
  const none = Buffer.alloc(0);
  const kemContext = Buffer.concat([enc, Buffer.from(x, 'base64url')]);
  const shared = expand(kem, extract(kem, none, 'eae_prk', dh), 'shared_secret', kemContext);
  const context = Buffer.concat([
    Buffer.from([0]),
    extract(suite, none, 'psk_id_hash', none),
    extract(suite, none, 'info_hash', info),
  ]);
  const exporter = expand(suite, extract(suite, shared, 'secret', none), 'exp', context);
  return expand(suite, exporter, 'sec', Buffer.from(label));
}
