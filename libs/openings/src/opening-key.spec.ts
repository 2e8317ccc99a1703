import { beforeAll, describe, expect, it } from '@jest/globals';
import type { InstanceId } from '#kernel';
import { generateSealingKey, generateSigningKey, jwkSigner, signDocument, type PrivateJwk } from '#signing';
import { buildWorld, type World } from '#testing';
import { readOpeningKey, signOpeningKey, type OpeningKey } from './index.js';

const FEEDBACK = 'TEST/feedback1' as InstanceId;
const HOUR = 3_600_000;
const NOW = Date.parse('2030-01-01T12:00:00Z');
const sealing = generateSealingKey();
const KEY: OpeningKey = { instance: FEEDBACK, kid: sealing.kid, jwk: sealing, fromMs: NOW - HOUR, untilMs: NOW + HOUR };
let world: World;

beforeAll(async () => {
  world = await buildWorld({
    definition: (text) => `${text}  - { id: feedback1, kind: feedback, runBy: GOV/1009 }\n`,
  });
});

const announce = (changes: Partial<OpeningKey> = {}, key: PrivateJwk = world.keysOf(FEEDBACK).sign) =>
  signOpeningKey({ ...KEY, ...changes }, jwkSigner(key));
const reasonOf = async (jws: Promise<string> | string) => {
  const read = readOpeningKey(await jws, world.view, NOW);
  return read.ok ? 'accepted' : read.reason;
};

describe('the announcement of an opening key', () => {
  it('is believed when the feedback instance of the snapshot has signed it; no private half is in it', async () => {
    const jws = await announce();
    const { kty, crv, x } = sealing;
    expect(readOpeningKey(jws, world.view, NOW)).toEqual({
      ok: true,
      value: { ...KEY, jwk: { kty, crv, x }, signedBy: world.keysOf(FEEDBACK).sign.kid },
    });
    expect(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()).not.toContain(sealing.d);
  });

  it('is foreign when anybody else has signed it, or feedback for another instance', async () => {
    expect(await reasonOf(announce({}, generateSigningKey()))).toBe('opening-key-foreign');
    for (const stranger of ['TEST/gw1', 'TEST/registry1', 'TEST/GOV/1000/mygov'])
      expect(await reasonOf(announce({}, world.keysOf(stranger).sign))).toBe('opening-key-foreign');
    expect(await reasonOf(announce({ instance: 'TEST/gw1' as InstanceId }))).toBe('opening-key-foreign');
    const jws = await announce();
    const forged = await announce({ untilMs: NOW + 2 * HOUR });
    expect(await reasonOf([jws.split('.')[0], forged.split('.')[1], jws.split('.')[2]].join('.'))).toBe(
      'opening-key-foreign',
    );
  });

  it('is not believed outside its time', async () => {
    expect(await reasonOf(announce({ untilMs: NOW }))).toBe('opening-key-expired');
    expect(await reasonOf(announce({ fromMs: NOW + HOUR / 2 }))).toBe('opening-key-early');
    expect(await reasonOf(announce({ fromMs: NOW + 60_000 }))).toBe('accepted');
  });

  it('is malformed when it is no such document, or names its key wrongly', async () => {
    const signer = jwkSigner(world.keysOf(FEEDBACK).sign);
    expect(await reasonOf(announce({ kid: generateSealingKey().kid }))).toBe('opening-key-malformed');
    expect(await reasonOf(announce({ jwk: { ...sealing, crv: 'Ed25519' } }))).toBe('opening-key-malformed');
    expect(await reasonOf(signDocument('kerege-key+jwt', { v: 1 }, signer))).toBe('opening-key-malformed');
    expect(await reasonOf(signDocument('kerege-opening-key+jwt', { v: 1 }, signer))).toBe('opening-key-malformed');
    for (const text of ['', 'a.b.c', `${await announce()}.`, 'x'.repeat(5000)])
      expect(await reasonOf(text)).toBe('opening-key-malformed');
  });
});
