import { expect, it } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import { generateP256Key, publicJwk } from './jwk.js';
import { isLowS, withLowS } from './p256.js';
import { jwkSigner } from './signer.js';
import { verifyEd25519, verifySignature } from './verify-signature.js';

it("agrees with OpenSSL's signatures, and is false for whatever else it is given", () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const message = Buffer.from('checkpoint');
  const signature = sign(null, message, privateKey);
  expect(verifyEd25519(raw, message, signature)).toBe(true);
  expect(verifyEd25519(raw, Buffer.from('another'), signature)).toBe(false);
  expect(verifyEd25519(raw, message, signature.subarray(1))).toBe(false);
  expect(verifyEd25519(raw.subarray(1), message, signature)).toBe(false);
});

const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

/** The other signature that is as good, which anybody can make of the first. */
function otherSpelling(signature: Uint8Array): Buffer {
  const s = ORDER - BigInt(`0x${Buffer.from(signature).toString('hex').slice(64)}`);
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
}

it('makes and takes one spelling of an ES256 signature', async () => {
  const key = generateP256Key();
  const header = { kid: key.kid, alg: 'ES256' as const };
  const signer = jwkSigner(key);
  for (let n = 0; n < 20; n += 1) {
    const data = Buffer.from(`statement ${n}`);
    const signature = await signer.sign(data);
    const other = otherSpelling(signature);
    expect([isLowS(signature), isLowS(other), withLowS(other)]).toEqual([true, false, Buffer.from(signature)]);
    expect(verifySignature(publicJwk(key), header, data, signature)).toBe(true);
    expect(verifySignature(publicJwk(key), header, data, other)).toBe(false);
  }
});
