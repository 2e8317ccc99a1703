import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  documentKid,
  generateSealingKey,
  generateSigningKey,
  jwkSigner,
  keyFileName,
  KeyRing,
  signDocument,
  thumbprint,
  verifyDocument,
  type PrivateJwk,
} from './index.js';

const id = 'DEMO/GOV/1001/population';
const file = (...keys: object[]) => JSON.stringify({ keys });

describe('the key ring', () => {
  const first = generateSigningKey();
  const second = generateSigningKey();
  const sealing = generateSealingKey();
  const ring = KeyRing.parse([
    [id, file(first, second, sealing, { kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') })],
  ]);

  it('signs with the newest key, or the newest that the snapshot knows', () => {
    expect(ring.signer(id).kid).toBe(second.kid);
    expect(ring.signer(id, new Set([first.kid])).kid).toBe(first.kid);
    expect(() => ring.signer(id, new Set())).toThrow(expect.objectContaining({ code: 'key-missing' }));
    expect(() => ring.signer('DEMO/GOV/1/x')).toThrow(expect.objectContaining({ code: 'key-missing' }));
  });

  it('finds sealing keys by id and shows public halves only', () => {
    expect(ring.unsealKey(id, sealing.kid)?.d).toBe(sealing.d);
    expect(ring.unsealKey(id, first.kid)).toBeUndefined();
    expect(JSON.stringify(ring.publicKeys(id))).not.toContain(sealing.d);
    expect(ring.secret(id)).toEqual(Buffer.alloc(32, 1));
    expect(keyFileName(id)).toBe('DEMO.GOV.1001.population.jwk');
  });

  it.each([
    ['no JSON', 'x'],
    ['no key', file()],
    ['a foreign kid', file({ ...first, kid: second.kid })],
    ['halves of two keys', file({ ...first, d: second.d })],
  ])('refuses a file with %s without quoting it', (_what, text) => {
    expect(() => KeyRing.parse([[id, text]])).toThrow(expect.objectContaining({ code: 'key-unusable' }));
  });

  it('knows the thumbprint of RFC 8037 appendix A.3', () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    expect(thumbprint(jwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });
});

describe('member documents', () => {
  it('verify by their own key, type and algorithm only, also by P-256', async () => {
    const exported = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
    const { x = '', y = '', d = '' } = exported;
    const parts = { kty: 'EC', crv: 'P-256', x, y };
    const p256: PrivateJwk = { ...parts, d, kid: thumbprint(parts), use: 'sig' };
    for (const jwk of [p256, generateSigningKey()]) {
      const jws = await signDocument('kerege-member+jwt', { v: 1, member: 'Ünïcode' }, jwkSigner(jwk));
      expect(verifyDocument('kerege-member+jwt', jws, jwk)).toEqual({ ok: true, value: { v: 1, member: 'Ünïcode' } });
      expect(documentKid('kerege-member+jwt', jws)).toBe(jwk.kid);
      expect(verifyDocument('kerege-key+jwt', jws, jwk).ok).toBe(false);
      expect(verifyDocument('kerege-member+jwt', jws, generateSigningKey()).ok).toBe(false);
    }
  });
});
